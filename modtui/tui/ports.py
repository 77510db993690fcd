"""What the app needs from the rest of the house, as types; tests put recorded data there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Literal, Protocol

from modtui.tui.ahead import Attempt

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.source.store import Store


Thread = Literal["main", "agent"]


class Calls(Protocol):
    """The looking calls of `modtui.agent.calls.Calls`."""

    def hello(self) -> shapes.Hello: ...
    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page: ...
    def changes(self, generation: int) -> shapes.Changes: ...
    def freshness(self, names: list[str] | None = None) -> dict[str, shapes.Freshness]: ...
    def show(self, name: str) -> shapes.Detail: ...
    def source(self, name: str) -> shapes.Text: ...
    def baseline(self, name: str) -> shapes.BaselineText: ...
    def plan(
        self, names: list[str], patch: bool = False, dependents: bool = False
    ) -> shapes.Plan: ...
    def journal(self) -> list[shapes.JournalEntry]: ...
    def remember(self, texts: list[shapes.Remembered]) -> int: ...
    def live_code(self, name: str) -> shapes.LiveCode: ...


class Session(Protocol):
    """One connection to an agent (`modtui.reach.session.Session`)."""

    @property
    def calls(self) -> Calls: ...
    @property
    def target(self) -> shapes.Target: ...
    @property
    def way(self) -> str: ...
    @property
    def host_pid(self) -> int: ...
    @property
    def root(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    def reload(
        self,
        names: list[str],
        *,
        patch: bool = False,
        dependents: bool = False,
        yes: bool = False,
        expect: dict[str, str] | None = None,
        thread: Thread = "main",
        progress: Callable[[str], None] | None = None,
        cancel: Event | None = None,
    ) -> shapes.Report: ...
    def undo(self, *, thread: Thread = "main") -> shapes.UndoReport: ...
    def only_look(self) -> None: ...
    def detach(self) -> None: ...
    def close(self) -> None: ...


Connect = Callable[[Attempt], Session]
Stores = Callable[[], "Store"]  # opens the user's store of texts, when it is first needed


class Process(Protocol):
    """One Python process of this machine (`modtui.reach.process.Process`)."""

    @property
    def pid(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def python(self) -> str | None: ...
    @property
    def executable(self) -> str: ...
    @property
    def argv(self) -> tuple[str, ...]: ...
    @property
    def cwd(self) -> str | None: ...
    @property
    def started(self) -> float: ...
    @property
    def way(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def remedy(self) -> str | None: ...


class Running(Protocol):
    """A program that modtui started (`modtui.reach.running.Running`)."""

    @property
    def output(self) -> bytes: ...
    @property
    def exit_code(self) -> int | None: ...
    def write(self, data: bytes) -> None: ...


class Machine(Protocol):
    """The processes of this machine and the ways to them."""

    def processes(self) -> Sequence[Process]: ...
    def connect(self, pid: int, attempt: Attempt) -> Session: ...


class ThisMachine:
    """The real one, through `modtui.reach`."""

    def processes(self) -> Sequence[Process]:
        """The Python processes, those that cannot be reached included."""
        from modtui.reach.processes import processes

        return processes()

    def connect(self, pid: int, attempt: Attempt) -> Session:
        """Attach. Raises `modtui.reach.errors.ReachError`."""
        from modtui import reach

        return reach.connect(pid, progress=attempt.tell, stop=attempt.stop)
