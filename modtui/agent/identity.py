"""Who the target is, when it started, and what the agent itself has brought into it."""

from __future__ import annotations

import sys
import time

from . import raw
from .system import os, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import FrozenSet, Iterable, List, Optional, Tuple

    from . import shapes

SCHEMA = 1
PACKAGE = __name__.rpartition(".")[0]
ROOT = PACKAGE.partition(".")[0]
# A process that was forked and never called exec runs its parent's image (Linux, sched.h).
PF_FORKNOEXEC = 0x40

thread_count = 0  # the agent's threads in the target; the channel counts

_arrival = "in process"
_version = ""
_added = frozenset()  # type: FrozenSet[str]
_sockets = []  # type: List[str]
_argv = None  # type: Optional[List[str]]
_start = 0.0
_told = None  # type: Optional[float]


def told_start(seconds: float) -> None:
    """Be told when the process started, in seconds since the epoch, as the inspector sees it.

    It is a time before which nothing of this process' memory was loaded, and used where the process
    itself cannot know one.
    """
    global _told
    _told = seconds


def told_process(command_line: bytes, start: float) -> None:
    """Be told what /proc has to say of this process, to save the time of asking it: the command
    line as it is there, and when it started, in seconds since the epoch; empty and 0.0 if not."""
    global _argv, _start
    _argv, _start = _split(command_line) if command_line else _argv, start or _start


def arrived(arrival: str, version: str, added: Iterable[str], sockets: Iterable[str]) -> None:
    """Say how the agent came: one of shapes.Arrival, modtui's version, the sys.modules entries that
    only the agent's own import brought, and where it listens."""
    global _arrival, _version, _added, _sockets
    _arrival, _version = arrival, version
    _added, _sockets = frozenset(added), list(sockets)


def hello() -> shapes.Hello:
    """Who the target is, how the agent came, and what it added to the target."""
    baseline = raw.module(PACKAGE + ".baseline")  # not there before a call has needed it
    return {
        "schema": SCHEMA,
        "version": _version or _own_version(),
        "arrival": _arrival,  # type: ignore[typeddict-item]
        "capturing": baseline is not None and baseline.capturing(),
        "target": target(),
        "sockets": list(_sockets),
        "added": sorted(agent_modules()),
        "libraries": _libraries(),
        "threads": thread_count,
        "journal": undoable(),
    }


def target() -> shapes.Target:
    """The target process; `started` is 0.0 when it cannot be known."""
    return {
        "pid": os.getpid(),
        "python": python_version(),
        "implementation": sys.implementation.name,
        "executable": raw.exact_str(_sys("executable")) or "",
        "argv": _arguments(),
        "cwd": _cwd(),
        "started": started() or 0.0,
    }


def agent_modules() -> FrozenSet[str]:
    """The names in sys.modules that are there because of the agent."""
    prefix = ROOT + "."
    names = [key for key, _ in raw.items(raw.modules()) if type(key) is str]
    own = [name for name in names if name == ROOT or name.startswith(prefix)]
    return frozenset(own) | _brought().intersection(names)


class AgentNames:
    """Whether an entry of sys.modules is there because of the agent: `name in AgentNames()`."""

    __slots__ = ("_added", "_prefix")

    def __init__(self) -> None:
        self._added, self._prefix = _brought(), ROOT + "."

    def __contains__(self, name: str) -> bool:
        return name == ROOT or name.startswith(self._prefix) or name in self._added


def _brought() -> FrozenSet[str]:
    """What only the agent's own import has brought so far: some of it comes when it is needed."""
    listed = raw.get(raw.namespace(PACKAGE), "_added")
    return _added.union(listed) if type(listed) is list else _added


def _libraries() -> List[str]:
    """The files of the extension modules that only the agent's import has loaded.

    The interpreter never unloads such a file, so they are what stays mapped after the agent left.
    """
    files = [raw.get(raw.namespace(name), "__file__") for name in sorted(_brought())]
    return [file for file in map(raw.exact_str, files) if file is not None]


def started() -> Optional[float]:
    """When this process started, in seconds since the epoch; None where it cannot be known."""
    if _start:
        return _start
    ticks = _stat_fields("/proc/self/stat")
    return None if ticks is None else _epoch(ticks[2])


def image_started() -> Optional[float]:
    """A time, in seconds since the epoch, before which nothing of this process' memory was loaded.

    That is the start of the nearest ancestor, this process included, that called exec: what was
    forked since shares its modules. Adoption by an older process only makes the answer earlier.
    None where it cannot be known, and no inspector has told it.
    """
    return image_of("self")


def image_of(process: str) -> Optional[float]:
    """The same of another process, by its number ("self" for this one)."""
    path = "/proc/%s/stat" % process
    for _ in range(64):
        found = _stat_fields(path)
        if found is None:
            return _told
        parent, flags, start = found
        if not flags & PF_FORKNOEXEC:
            return _epoch(start)
        if parent <= 0:  # it lives outside of our pid namespace
            return _told
        path = "/proc/%d/stat" % parent
    return _told


def _stat_fields(path: str) -> Optional[Tuple[int, int, int]]:
    """(parent, flags, start in clock ticks) of a process; proc_pid_stat(5)."""
    try:
        data = read(path)
    except OSError:
        return None
    fields = data[data.rfind(b")") + 2 :].split()  # the name may hold blanks and parentheses
    try:
        return int(fields[1]), int(fields[6]), int(fields[19])
    except (IndexError, ValueError):
        return None


def _epoch(ticks: int) -> Optional[float]:
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        return None
    boot = time.time() - time.clock_gettime(clock)
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def _sys(name: str) -> object:
    return raw.get(raw.module_dict(sys), name)


def _arguments() -> List[str]:
    """The whole command line, the interpreter included, as the kernel keeps it."""
    global _argv
    if _argv is None:
        # sys.argv is the program's to change; orig_argv (3.10+) less so, the kernel's copy not.
        _argv = _kernel_arguments() or raw.exact_strs(_sys("argv"))
    return _argv


def _kernel_arguments() -> List[str]:
    try:
        return _split(read("/proc/self/cmdline"))
    except OSError:
        return []


def _split(data: bytes) -> List[str]:
    encoding = sys.getfilesystemencoding()
    return [part.decode(encoding, "surrogateescape") for part in data.rstrip(b"\0").split(b"\0")]


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def python_version() -> str:
    """The release of this interpreter: "3.12.1", "3.15.0a2"."""
    level, serial = sys.version_info[3], sys.version_info[4]
    short = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(level)
    release = "%d.%d.%d" % tuple(sys.version_info[:3])
    return release if short is None else "%s%s%d" % (release, short, serial)


def _own_version() -> str:
    namespace = raw.namespace(ROOT)
    return raw.exact_str(raw.get(namespace, "__version__")) or ""


def undoable() -> int:
    """How many entries of the journal could still be undone."""
    reloading = raw.module(PACKAGE + ".reloading")
    if reloading is None:
        return 0
    return sum(1 for entry in reloading.journal.entries() if entry["undoable"])
