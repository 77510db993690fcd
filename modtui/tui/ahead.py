"""A session opened ahead: attaching begins before Textual is loaded, so that the two overlap."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, NamedTuple

from modtui.reach import handing
from modtui.reach.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from modtui.agent import shapes
    from modtui.tui.ports import Connect, Session

LOOK_SECONDS = 0.1  # between looks whether anybody still waits
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


def open_session(connect: Connect, attempt: Attempt) -> Opened:
    """Connect and ask for what the first frame shows. Raises what the connection raises."""
    session = connect(attempt)
    return Opened(session, session.calls.hello(), session.calls.list_modules(0, FIRST_PAGE))


class _InThread:
    """A session that a thread opens."""

    def __init__(self, work: Callable[[Attempt], Opened], attempt: Attempt) -> None:
        self._future: Future[Opened] = Future()
        self._attempt = attempt
        threading.Thread(target=self._make, args=(work,), name="modtui-attach", daemon=True).start()

    def _make(self, work: Callable[[Attempt], Opened]) -> None:
        try:
            self._future.set_result(work(self._attempt))
        except BaseException as error:  # it is raised where the session is asked for
            self._future.set_exception(error)

    def take(self, seconds: float) -> Opened | None:
        wait((self._future,), seconds)
        return self._future.result() if self._future.done() else None

    def give_up(self) -> None:
        """It heeds the attempt's stop."""


class _InChild:
    """A session that a process of its own opens: it does not take turns with us."""

    def __init__(self, work: Callable[[Attempt], Opened], attempt: Attempt) -> None:
        def errand(tell: Callable[[str], object]) -> tuple[Any, Any]:
            attempt.heard_by(tell)
            session, hello, page = work(attempt)
            return session, (hello, page)

        self._child = handing.Handing(errand)
        self._attempt = attempt

    def take(self, seconds: float) -> Opened | None:
        found = self._child.take(self._attempt.tell, seconds)
        return None if found is None else Opened(found[0], *found[1])

    def give_up(self) -> None:
        self._child.give_up()


class Ahead:
    """A connection that is being made already; asked again, it makes another one."""

    def __init__(self, connect: Connect, *, apart: bool = False) -> None:
        """Begin; `apart` in a process of its own where one can be had. Then we must have one
        thread."""
        self._connect = connect
        self._attempt = Attempt()
        self._problem: Exception | None = None
        self._first: _InThread | _InChild | None
        way = _InChild if apart and handing.POSSIBLE else _InThread
        self._first = way(self._open, self._attempt)

    def _open(self, attempt: Attempt) -> Opened:
        return open_session(self._connect, attempt)

    def ready(self) -> Opened | None:
        """What was opened ahead, if it is there by now and nobody has had it; never waits."""
        if self._first is None or self._problem is not None:
            return None
        try:
            opened = self._first.take(0)
        except Exception as problem:  # it is raised where the session is waited for
            self._problem = problem
            return None
        if opened is not None:
            self._first = None
        return opened

    def attempt(self) -> Attempt:
        """The attempt that `open` waits for: the one that was made ahead, or a new one."""
        return Attempt() if self._first is None else self._attempt

    def open(self, attempt: Attempt) -> Opened:
        """The first time what was opened ahead, then a new session. Blocks; raises as `connect`,
        and Cancelled once the attempt is stopped."""
        first, self._first = self._first, None
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem
        if first is None:
            return self._open(attempt)
        while not attempt.stop.is_set():
            opened = first.take(LOOK_SECONDS)
            if opened is not None:
                return opened
        first.give_up()
        raise Cancelled("attaching was cancelled")

    def __call__(self, attempt: Attempt) -> Session:
        """As any `Connect`."""
        return self.open(attempt).session
