"""The way into the app: what takes time begins at once, and what can wait is not loaded yet."""

from __future__ import annotations

import gc
import sys
import threading
from typing import TYPE_CHECKING, Any

from modtui.tui.ahead import Ahead

if TYPE_CHECKING:
    from modtui.source.store import Store
    from modtui.tui.application import ModtuiApp as ModtuiApp
    from modtui.tui.memory import Memory
    from modtui.tui.ports import Connect, Running, Session
    from modtui.tui.widgets.guide import Guide


class Late:
    """The user's store of texts, opened when it is first asked for: that takes 20 ms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store: Store | None = None

    def __call__(self) -> Store:
        from modtui.source.store import Store

        with self._lock:
            self._store = self._store or Store()
            return self._store


def run_app(
    connect: Connect | None = None,
    *,
    look_only: bool = False,
    running: Running | None = None,
    guide: Guide | None = None,
    guest: bool = False,
    apart: bool = False,
) -> int:
    """Run the app until it is left.

    Args:
        connect: opens the session; called at once, on a thread, with the attempt that it is. None
            begins with the picker.
        look_only: make changing the target impossible.
        running: the program that `modtui run` started; its output gets a pane.
        guide: leads a newcomer, as in the demo.
        guest: this process is somebody's program, whose garbage collector is left alone.
        apart: `connect` may be called in a child of ours first; we have one thread.

    Returns an exit code. What goes wrong with the target is told on the screen.
    """
    ahead = Ahead(connect, apart=apart) if connect is not None else None
    if guest:
        return _run(ahead, look_only=look_only, running=running, guide=guide)
    # Nothing that is loaded now is garbage; the app switches it on after the first frame.
    gc.disable()
    _draw_on_the_terminal()
    try:
        return _run(ahead, look_only=look_only, running=running, guide=guide, settle=settle_memory)
    finally:
        gc.enable()


def _run(ahead: Ahead | None, **options: Any) -> int:
    from modtui.tui import memory
    from modtui.tui.application import ModtuiApp

    before = memory.load()
    app = ModtuiApp(ahead, stores=Late(), memory=before, **options)
    try:
        return app.run() or 0
    finally:
        if app.reloading and app.threads.under_way:
            _say(f"{app.reloading} goes on being reloaded in the target, to its end")
        for session in app.sessions:
            _close(session)
        if app.config.remember and app.memory != before:
            _keep(app.memory)


def _keep(found: Memory) -> None:
    """Remember it for the next time; a disk that refuses is no reason to fail at the end."""
    from modtui.tui import memory

    try:
        memory.save(found)
    except OSError as error:
        _say(f"the layout could not be remembered: {error}")


def _say(text: str) -> None:
    from modtui.source.safe import safe_text

    print(f"modtui: {safe_text(text)}", file=sys.stderr)


YOUNG = 10_000  # new objects until a collection looks at them; Python's own number is 700


def settle_memory() -> None:
    """What the app is made of and shows lives on: no collection has to look at it again.

    A full one would be felt as a stutter of 20 ms and more, in the middle of typing; so there are
    fewer of them, too. Next to all that dies here dies without them.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    gc.enable()


def _draw_on_the_terminal() -> None:
    """Textual draws on stderr; with that in a file (`2>log`) the terminal would stay dark."""
    error, output = sys.__stderr__, sys.__stdout__
    if error is not None and output is not None and output.isatty() and not error.isatty():
        sys.__stderr__ = output  # type: ignore[misc]


def _close(session: Session) -> None:
    """Let the target go; one that has gone already needs nothing."""
    from modtui.reach.errors import ReachError

    try:
        session.close()
    except ReachError:
        return


def __getattr__(name: str) -> Any:
    if name == "ModtuiApp":
        from modtui.tui.application import ModtuiApp

        return ModtuiApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
