"""The way into the app: attaching begins before Textual is loaded, so that the two overlap."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modtui.tui.application import ModtuiApp as ModtuiApp
    from modtui.tui.ports import Connect, Running, Session
    from modtui.tui.widgets.guide import Guide


class Ahead:
    """A connection that is being made already; asked again, it makes another one."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._first: Future[Session] | None = Future()
        threading.Thread(
            target=self._make, args=(self._first,), name="modtui-attach", daemon=True
        ).start()

    def _make(self, future: Future[Session]) -> None:
        try:
            future.set_result(self._connect())
        except BaseException as error:  # it is raised where the session is asked for
            future.set_exception(error)

    def __call__(self) -> Session:
        first, self._first = self._first, None
        return first.result() if first is not None else self._connect()


def run_app(
    connect: Connect | None = None,
    *,
    look_only: bool = False,
    running: Running | None = None,
    guide: Guide | None = None,
) -> int:
    """Run the app until it is left.

    Args:
        connect: opens the session; called on a thread, at once. None begins with the picker.
        look_only: make changing the target impossible.
        running: the program that `modtui run` started; its output gets a pane.
        guide: leads a newcomer, as in the demo.

    Returns an exit code. What goes wrong with the target is told on the screen.
    """
    ahead = Ahead(connect) if connect is not None else None
    from modtui.source.store import Store
    from modtui.tui.application import ModtuiApp

    app = ModtuiApp(ahead, look_only=look_only, running=running, guide=guide, store=Store())
    try:
        return app.run() or 0
    finally:
        for session in app.sessions:
            _close(session)


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
