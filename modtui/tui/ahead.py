"""A session opened ahead: attaching begins before Textual is loaded, so that the two overlap."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from modtui.agent import shapes
    from modtui.tui.ports import Connect, Session

FIRST_PAGE = 250  # more than any screen is high, and on it at once


class Attempt:
    """One try to attach: what is waited for, in words, and the way to give it up."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._said = ""
        self._hear: Callable[[str], object] | None = None

    def tell(self, text: str) -> None:
        """What is waited for now."""
        self._said = text
        if self._hear is not None:
            self._hear(text)

    def heard_by(self, hear: Callable[[str], object]) -> None:
        """Who is told, of what was said last, too."""
        self._hear = hear
        if self._said:
            hear(self._said)


class Opened(NamedTuple):
    """A session with its first words: who the target is, and the first modules."""

    session: Session
    hello: shapes.Hello
    page: shapes.Page


def open_session(connect: Connect, attempt: Attempt, look_only: bool = False) -> Opened:
    """Connect and ask for what the first frame shows. Raises what the connection raises."""
    session = connect(attempt)
    if look_only:
        session.only_look()
    return Opened(session, session.calls.hello(), session.calls.list_modules(0, FIRST_PAGE))


class Ahead:
    """A connection that is being made already; asked again, it makes another one."""

    def __init__(self, connect: Connect, look_only: bool = False) -> None:
        self._connect = connect
        self._look_only = look_only
        self._attempt = Attempt()
        self._first: Future[Opened] | None = Future()
        threading.Thread(
            target=self._make, args=(self._first,), name="modtui-attach", daemon=True
        ).start()

    def _make(self, future: Future[Opened]) -> None:
        try:
            future.set_result(open_session(self._connect, self._attempt, self._look_only))
        except BaseException as error:  # it is raised where the session is asked for
            future.set_exception(error)

    def ready(self) -> Opened | None:
        """What was opened ahead, if it is there by now and nobody has had it; never waits."""
        first = self._first
        if first is None or not first.done() or first.exception() is not None:
            return None
        self._first = None
        return first.result()

    def attempt(self) -> Attempt:
        """The attempt that `open` waits for: the one that was made ahead, or a new one."""
        return Attempt() if self._first is None else self._attempt

    def open(self, attempt: Attempt) -> Opened:
        """The first time what was opened ahead, then a new session. Blocks; raises as `connect`."""
        first, self._first = self._first, None
        return first.result() if first else open_session(self._connect, attempt, self._look_only)

    def __call__(self, attempt: Attempt) -> Session:
        """As any `Connect`."""
        return self.open(attempt).session
