"""From a pid or a path to a session: which way, in which order, or why there is none."""

from __future__ import annotations

import os
import threading
import time

from modtui import __version__
from modtui.agent.errors import AgentError
from modtui.reach import bundle, finding, image, proc
from modtui.reach.apart import in_own_thread
from modtui.reach.checking import check_of
from modtui.reach.delivery import NO_THREAD, Parcel, Progress
from modtui.reach.errors import (
    ConnectionLost,
    NobodyListens,
    NoSuchProcess,
    OtherVersion,
    Traced,
    Unreachable,
    Unsupported,
)
from modtui.reach.mechanisms import Mechanism, able, mechanisms
from modtui.reach.session import Session, over_wire
from modtui.reach.wire import Wire

# Seconds for whoever traces it to be through: an inspector takes milliseconds, but the machine may
# be busy; a debugger is not waited for.
INSPECTOR_PATIENCE, TRACER_PATIENCE = 30.0, 3.0
WAYS = ("listening", "ptrace", "remote_exec")


def connect(
    target: str | int,
    *,
    via: str | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    any_version: bool = False,
) -> Session:
    """A session with the process of that pid, or with the agent that listens at that path.

    `via` forces one of WAYS; `progress` is told in words what is waited for; once `stop` is set,
    nothing is waited for any more, and what was asked of the target is taken back. `any_version` is
    for who only makes an agent leave. Raises Unreachable.
    """
    if via is not None and via not in WAYS:
        raise Unsupported(f"there is no way {via!r}", f"the ways are {', '.join(WAYS)}")
    if isinstance(target, str) and not target.isdecimal():
        return _at_path(target, any_version)
    pid = int(target)
    if pid == os.getpid():
        raise Unsupported(
            f"process {pid} is this very process", "use modtui.browse() to look at oneself"
        )
    if pid <= 0 or not proc.is_there(pid):
        raise proc.no_such(pid)
    stop = stop or threading.Event()
    return in_own_thread(
        lambda: _patiently(pid, via, progress, stop, any_version),
        stop,
        lambda session: session.close(),
    )


def _at_path(path: str, any_version: bool) -> Session:
    if not path.startswith("@") and not os.path.exists(path):
        raise NobodyListens(f"there is no socket {path}")
    wire = Wire(path)
    session = over_wire(wire, "listening")
    if session.hello["version"] != __version__ and not any_version:
        raise _other_version(session)
    process = proc.Proc(session.host_pid)
    session.way = _way_of(session)
    session.root = process.root()
    session.mechanism = able(process)
    return session


def _way_of(session: Session) -> str:
    arrival = session.hello["arrival"]
    return "run" if arrival == "run" else "listening"


def _patiently(
    pid: int, via: str | None, progress: Progress | None, stop: threading.Event, any_version: bool
) -> Session:
    """While another inspector traces it, wait."""
    started = time.monotonic()
    while True:
        try:
            return _by_pid(proc.Proc(pid), via, progress, stop, any_version)
        except Traced as refusal:
            patience = INSPECTOR_PATIENCE if _is_like_us(refusal.tracer) else TRACER_PATIENCE
            spent = time.monotonic() - started
            if spent > patience or stop.wait(0.02):
                raise
            if spent > 1 and progress is not None:
                progress(f"{refusal.reason}; giving up in {patience - spent:.0f} s")


def _is_like_us(pid: int) -> bool:
    """Does that process run the same interpreter? Then it may well be an inspector, or is us."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", "/proc/self/exe")
    except OSError:
        return False


def _by_pid(
    process: proc.Proc,
    via: str | None,
    progress: Progress | None,
    stop: threading.Event,
    any_version: bool,
) -> Session:
    proc.check_state(process)
    if proc.LINUX:
        _ = process.start_ticks  # what tells it from a later process of that number
    if via in (None, "listening"):
        session = _existing(process, any_version)
        if session is not None:
            return session
        if via == "listening":
            raise NobodyListens(
                f"no agent listens in process {process.pid}",
                "call modtui.listen() in it, or start it with `modtui run`",
            )
    refusals = []
    for mechanism in mechanisms():
        if via not in (None, mechanism.name):
            continue
        refusal = mechanism.can_reach(process)
        if refusal is None:
            return _inject(process, mechanism, progress, stop)
        refusals.append(refusal)
    raise refusals[0]


def _existing(process: proc.Proc, any_version: bool) -> Session | None:
    """A session with the agent that is there already, if one of our version is (or of any)."""
    try:
        wire = finding.connect(process)
        if wire is None:
            return None
        session = over_wire(wire, "listening", process.root())
    except (ConnectionLost, NobodyListens):
        return None  # it is leaving, or its socket was inherited by a child
    if session.hello["version"] != __version__ and not any_version:
        _replace(session)
        return None
    session.way = "ptrace" if session.hello["arrival"] == "injected" else _way_of(session)
    session.mechanism = able(process)
    return session


def _replace(session: Session) -> None:
    """Make an agent of another version leave, if nobody needs it. Raises OtherVersion."""
    hello = session.hello
    inspectors = hello["threads"] - 2  # the thread that accepts, and ours
    if hello["arrival"] != "injected" or hello["journal"] or inspectors > 0:
        raise _other_version(session)
    session.detach()


def _other_version(session: Session) -> OtherVersion:
    session.close()
    pid = session.host_pid
    return OtherVersion(
        f"an agent of modtui {session.hello['version']} is in process {pid} and in use, and this "
        f"is modtui {__version__}",
        f"use that version, or make its agent leave: `modtui detach {pid}`",
    )


def _inject(
    process: proc.Proc,
    mechanism: Mechanism,
    progress: Progress | None,
    stop: threading.Event,
) -> Session:
    """Bring the agent. If another inspector's agent is there and leaves just now, try again."""
    for _ in range(3):
        try:
            return _inject_once(process, mechanism, progress, stop)
        except (NobodyListens, ConnectionLost):
            if process.ended():
                raise proc.has_ended(process.pid) from None
    return _inject_once(process, mechanism, progress, stop)


def _inject_once(
    process: proc.Proc,
    mechanism: Mechanism,
    progress: Progress | None,
    stop: threading.Event,
) -> Session:
    if proc.LINUX:
        build = image.find(process)
        try:
            interpreter, version = bundle.identify(build.path, _whose(process)), build.version
        except OSError:
            raise proc.no_such(process.pid) from None
        threads = int(process.status.get("Threads", "1"))
    else:
        interpreter, version, threads = bundle.identify(process.exe), None, 1
    payload = bundle.payload(__version__, interpreter, python=version, known=_known(process))
    parcel = Parcel.of(payload, threads, lambda: False)
    parcel.arrived = lambda: (
        parcel.status().startswith(("L", "E"))
        or (parcel.descriptor is None and finding.listens(process))
    )
    try:
        # Looked at anew: it may have become another program while we got ready.
        mechanism.inject(proc.Proc(process.pid), parcel, progress, cancelled=stop)
        status = _final_status(parcel)
        if status.startswith("E"):
            if not status.startswith(NO_THREAD):
                parcel.file = -1  # the agent's thread is about to close it itself
            mechanism.take_back(process, parcel)
            raise Unsupported(f"the agent could not start in process {process.pid}: {status[1:]}")
    finally:
        parcel.close()
    root = process.root()
    path, _, thread = status[1:].partition("\n")
    if path and not path.startswith("@"):
        path = root + path
    wire = Wire(path) if path else finding.connect(process)
    if wire is None:
        raise NobodyListens(f"the agent in process {process.pid} left at once")
    session = over_wire(wire, mechanism.name, root, mechanism.name)
    mechanism.free(process, parcel, int(thread) if thread else session.agent_thread())
    _keep_compiled(wire, interpreter)
    return session


def _known(process: proc.Proc) -> tuple[bytes, float]:
    """What the target would have to ask its /proc for, if it has one: each question there is a turn
    of the interpreter, for which the agent waits beside busy threads."""
    if not proc.LINUX or process.root():
        return b"", 0.0
    return process.data("cmdline"), process.started()


def _whose(process: proc.Proc) -> tuple[int, ...]:
    """Whom a process could harm as it is: its user, in its root; () if these are ours."""
    root = process.root()
    if process.uid == os.geteuid() and not root:
        return ()
    found = os.stat(f"{process.folder}/root/")
    return process.uid, found.st_dev, found.st_ino


def _final_status(parcel: Parcel) -> str:
    return parcel.status() if parcel.descriptor is not None else ""


def _keep_compiled(wire: Wire, interpreter: str) -> None:
    """Take what the target had to compile itself, for the next time."""
    if bundle.is_kept(interpreter):
        return
    try:
        answer = wire.request("channel.compiled", {})
    except AgentError:
        return
    if not check_of(dict[str, str])(answer):
        raise ConnectionLost("what answered to 'channel.compiled' is not an agent")
    try:
        codes = {name: bytes.fromhex(text) for name, text in answer.items()}
    except ValueError:
        return
    magic = codes.pop("", b"")
    if magic and codes:
        bundle.keep(interpreter, magic, codes)


__all__ = ["WAYS", "NoSuchProcess", "Unreachable", "connect"]
