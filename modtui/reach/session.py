"""One connection from an inspector to an agent, whatever way led to it."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast

from modtui.agent import shapes
from modtui.agent.errors import TYPES, AgentError, LooksOnly
from modtui.agent.rendezvous import remove
from modtui.reach.checking import check_of
from modtui.reach.errors import Cancelled, ConnectionLost, NoPermission, ReachError, Unreachable
from modtui.reach.following import Following
from modtui.reach.proc import LINUX, Proc, is_there
from modtui.reach.remote_calls import CallsLike, RemoteCalls
from modtui.reach.wire import Wire

if TYPE_CHECKING:
    from modtui.reach.delivery import Parcel, Progress

# What only changing calls need is imported by them: the first frame of the app waits for the rest.

Thread = Literal["main", "agent"]
MAIN_PATIENCE = 5.0  # seconds for the main thread to come and take a job
LEAVE_TIME = 15.0  # seconds for an agent to leave, beside busy threads on a busy machine
POLL = 0.02  # seconds of each wait for a job, during which other calls must wait


class Session:
    """A connection to an agent, as a context manager. Several threads of ours may use it."""

    calls: CallsLike
    target: shapes.Target
    way: str
    host_pid: int
    root: str

    def __init__(
        self,
        calls: CallsLike,
        way: str,
        host_pid: int,
        root: str = "",
        wire: Wire | None = None,
        mechanism: str = "",
        hello: shapes.Hello | None = None,
    ) -> None:
        self.calls = calls
        self.way = way
        self.host_pid = host_pid
        self.root = root
        self.mechanism = mechanism  # what brings jobs to the main thread
        self.hello = hello or calls.hello()
        self.target = self.hello["target"]
        if not self.target["started"]:  # where the target sees no /proc
            from modtui.reach import beginnings

            self.target["started"] = _started_at(host_pid)
            image = beginnings.image_started(host_pid)
            if image is not None:
                calls.told_start(image)
        self._wire = wire
        self._changing = threading.Lock()
        self._thread: int | None = None
        self._start = _started(host_pid)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def only_look(self) -> None:
        """From now on neither reload nor undo is possible through this session, and the agent
        refuses them on this connection as well. Nothing takes that back."""
        self._only_looks = True
        if self._wire is not None:
            self._wire.request("channel.look_only", {})

    @property
    def alive(self) -> bool:
        """Is the process still the one that we connected to, and the connection open?"""
        if self._wire is None:
            return True
        return (
            self._wire.open and self._start is not None and _started(self.host_pid) == self._start
        )

    def reload(
        self,
        names: list[str],
        *,
        patch: bool = False,
        dependents: bool = False,
        yes: bool = False,
        expect: dict[str, str] | None = None,
        thread: Thread = "main",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> shapes.Report:
        """Reload modules as one transaction; see `Calls.reload` for what it raises.

        On the main thread at its next safe point, or on the agent's if asked or if main does not
        get there in time: the report says which. Never both, and never later. Setting `cancel`
        while the main thread is waited for raises Cancelled, and it never runs; once it runs, it
        runs to its end.
        """
        arguments = {
            "names": names,
            "patch": patch,
            "dependents": dependents,
            "yes": yes,
            "expect": expect or {},
        }
        result, ran_on = self._change("reload", arguments, thread, progress, cancel)
        report = cast("shapes.Report", result)
        report["thread"] = ran_on
        return report

    def undo(self, *, thread: Thread = "main") -> shapes.UndoReport:
        """Take the last reload back; see `Calls.undo` for what it raises."""
        return cast("shapes.UndoReport", self._change("undo", {}, thread, None)[0])

    def _change(
        self,
        call: str,
        arguments: dict[str, Any],
        thread: Thread,
        progress: Progress | None,
        cancel: threading.Event | None = None,
    ) -> tuple[Any, Literal["main", "agent", "caller"]]:
        if self._only_looks:
            raise LooksOnly("this session only looks: nothing in the target is changed")
        if self._wire is None:
            return getattr(self.calls, call)(**arguments), "caller"
        if thread == "agent":
            return getattr(self.calls, call)(**arguments), "agent"
        with self._changing:
            token = self.calls.submit(call, arguments)
            cancel = cancel or threading.Event()
            begun = functools.partial(self._begun, token)
            with Following(begun, progress or (lambda text: None), cancel) as tell:
                try:
                    self._bring(token, tell, cancel)
                except BaseException:
                    with contextlib.suppress(ReachError):  # who has gone has lost it, too
                        self.calls.withdraw(token)
                    raise
                if self.calls.withdraw(token):
                    raise ConnectionLost("the job was withdrawn by somebody else")
                shape = {"reload": shapes.Report, "undo": shapes.UndoReport}[call]
                return _outcome(self._wait(token), shape), self._ran_on

    _ran_on: Literal["main", "agent"] = "main"
    _only_looks = False

    def _bring(self, token: str, progress: Progress, cancel: threading.Event) -> None:
        """Get the main thread to run the job, or else the agent's thread."""
        self._ran_on = "main"
        if self.mechanism:
            from modtui.reach.apart import in_own_thread
            from modtui.reach.mechanisms import named

            mechanism = named(self.mechanism)
            try:
                process, parcel = Proc(self.host_pid), self._parcel(token)
                inject = functools.partial(mechanism.inject, process, parcel)
                in_own_thread(lambda: inject(progress, MAIN_PATIENCE, cancel), cancel)
                self._wait(token)  # what main is running must stay until it is through
                free = functools.partial(mechanism.free, process, parcel)
                in_own_thread(lambda: free(self.agent_thread()), cancel)
                return
            except Unreachable as refusal:
                reason = refusal.reason
        elif self._pump(token, cancel):
            return
        else:
            reason = "nobody may trace this process"
        if cancel.is_set():
            raise Cancelled("cancelled while the main thread was waited for; nothing was changed")
        progress(f"on the agent's thread, because the main thread was not reached: {reason}")
        if self.calls.run_here(token)["state"] == "done":
            self._ran_on = "agent"

    def agent_thread(self) -> int:
        """A thread of the agent, as the target's pid namespace counts."""
        if self._thread is None and self._wire is not None:
            self._thread = _number(self._wire.request("channel.thread", {}))
        return self._thread or 0

    def _parcel(self, token: str) -> Parcel:
        from modtui.reach import bundle
        from modtui.reach.delivery import Parcel, job_text

        packages = (bundle.PACKAGE, "modtui.agent")
        return Parcel(lambda _: job_text(packages, token), b"", lambda: self._begun(token))

    def _begun(self, token: str) -> bool:
        return self.calls.wait(token, 0)["state"] != "waiting"

    def _pump(self, token: str, cancel: threading.Event) -> bool:
        wire = self._wire
        assert wire is not None
        try:
            wire.request("channel.pump", {"token": token})
        except AgentError:
            return False
        end = time.monotonic() + MAIN_PATIENCE / 2
        while time.monotonic() < end and not cancel.is_set():
            if self.calls.wait(token, POLL)["state"] != "waiting":
                return True
        return False

    def _wait(self, token: str) -> shapes.JobState:
        while True:
            state = self.calls.wait(token, POLL)
            if state["state"] == "done":
                return state
            if state["state"] == "withdrawn":
                raise ConnectionLost("the job was withdrawn by somebody else")
            time.sleep(0)  # somebody else's turn

    def detach(self) -> None:
        """Make the agent leave; when this returns nothing of ours is left in the target.

        Raises ConnectionLost if it does not within seconds.
        """
        wire = self._wire
        if wire is None:
            return
        threads = wire.request("detach", {})
        if not check_of(list[int])(threads):
            raise ConnectionLost("what answered to 'detach' is not an agent")
        end = time.monotonic() + LEAVE_TIME
        gone = wire.wait_for_end(LEAVE_TIME)
        process = Proc(self.host_pid)
        # It says that it has left, closes that connection, and then its last thread ends.
        while gone and any(process.outer_thread(thread) for thread in threads):
            gone = time.monotonic() < end
            time.sleep(0.001)
        if not gone:
            raise ConnectionLost(
                "the agent was told to leave, and is still busy with another inspector's call"
            )

    def close(self) -> None:
        """Close this connection. An injected agent that nobody needs any more leaves by itself."""
        if self._wire is None:
            return
        self._wire.close()
        if _started(self.host_pid) is None:  # killed, it could not take its socket away itself
            remove(self._wire.path)


def _outcome(state: shapes.JobState, shape: Any) -> Any:
    error = state["error"]
    if error is not None:
        raise TYPES.get(error.get("type", ""), AgentError)(error.get("message", "no reason"))
    if not check_of(shape)(state["result"]):
        raise ConnectionLost("what came of the job is not what an agent would say")
    return state["result"]


def _number(answer: Any) -> int:
    if not check_of(int)(answer):
        raise ConnectionLost("what answered to 'channel.thread' is not an agent")
    return int(answer)


def _started_at(pid: int) -> float:
    ticks = _started(pid)
    if not ticks or not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def _started(pid: int) -> int | None:
    if not LINUX:
        return 0 if is_there(pid) else None
    try:
        process = Proc(pid)
        return None if process.state_now() in ("Z", "X") else process.start_ticks
    except (ReachError, OSError, IndexError):
        return None


def over_wire(
    wire: Wire, way: str, root: str = "", mechanism: str = "", hello: shapes.Hello | None = None
) -> Session:
    """A session on an open wire. Raises ConnectionLost and NobodyListens.

    `hello` is what the agent has answered to that, if it was asked already.
    """
    pid, _ = wire.peer()
    try:
        session = Session(RemoteCalls(wire), way, pid, root, wire, mechanism, hello)
    except AgentError as refusal:
        wire.close()
        raise NoPermission(str(refusal)) from None
    except BaseException:
        wire.close()
        raise
    wire.settle()
    if pid == 0:  # no SO_PEERCRED here
        session.host_pid = session.target["pid"]
    return session


def handed_over(session: Session) -> tuple[dict[str, Any], int]:
    """What another process of ours needs to go on with this session: data, and a descriptor."""
    wire = session._wire
    assert wire is not None
    names = ("way", "root", "mechanism", "hello", "_only_looks")
    return {name: getattr(session, name) for name in names} | {"path": wire.path}, wire.fileno()


def taken_over(data: dict[str, Any], descriptor: int) -> Session:
    """The session that `handed_over` described, on the same connection."""
    wire = Wire(data["path"], descriptor=descriptor)
    session = over_wire(wire, data["way"], data["root"], data["mechanism"], data["hello"])
    session._only_looks = data["_only_looks"]
    return session


def in_process() -> Session:
    """A session with this very process."""
    from modtui.agent.calls import Calls

    return Session(cast(CallsLike, Calls()), "in process", os.getpid())


Connector = Callable[[], Session]
