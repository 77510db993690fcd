"""One key after the other: what is typed ahead goes where its typist will be by then.

Textual hands a key to the widget that has the focus when it arrives, and lets it do its work later.
Of keys that arrive together, as they do over a slow line, all would go to the widget that the
first finds: after `/` the letters of a filter would be commands of the list.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.timer import Timer

ON_THE_HEELS = 0.25  # seconds; a key that comes later finds its predecessor answered
ROUNDS = 3  # the key up to the app, what it is answered with up to the app, and what that leads to
AT_MOST = 0.5  # seconds, should a widget go away with our question in its hands


class InTurn(App[int]):
    """An app that takes a key only when the one before has been answered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keys: deque[events.Key] = deque()
        self._last_key = float("-inf")
        self._turn = 0
        self._late: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Let keys that come on the heels of another wait for their turn."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._keys or event.time - self._last_key < ON_THE_HEELS:
                self._keys.append(event)
                if len(self._keys) == 1:
                    self._await_turn()
                return
            self._last_key = event.time
        await super().on_event(event)

    def _await_turn(self) -> None:
        self._turn += 1
        self._ask(ROUNDS, self._turn)
        self._late = self.set_timer(AT_MOST, partial(self._take, self._turn))

    def _ask(self, rounds: int, turn: int) -> None:
        """A question that goes behind all that is under way, from the focus up to the app."""
        if rounds:
            self._pass_on(self.focused or self.screen, rounds, turn)
        else:
            self.call_later(self._take, turn)

    def _pass_on(self, node: MessagePump | None, rounds: int, turn: int) -> None:
        if turn != self._turn:
            return
        if node is None or node is self:
            self.call_later(self._ask, rounds - 1, turn)
        elif not node.call_later(self._pass_on, node._parent, rounds, turn):
            self._pass_on(node._parent, rounds, turn)

    async def _take(self, turn: int) -> None:
        if turn != self._turn or not self._keys:
            return
        self._turn += 1
        if self._late is not None:
            self._late.stop()
        key = self._keys.popleft()
        self._last_key = key.time
        await super().on_event(key)
        if self._keys:
            self._await_turn()
