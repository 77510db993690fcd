"""The Python processes of this machine, and for each whether and how it can be reached."""

from __future__ import annotations

import os
import sys
import time

from modtui.reach import finding, image, proc
from modtui.reach.errors import ReachError, Unreachable
from modtui.reach.mechanisms import mechanisms
from modtui.reach.process import Process


def processes() -> list[Process]:
    """Every Python process but this one, the youngest first. Nothing in them is touched."""
    if sys.platform != "linux":
        from modtui.reach.elsewhere import processes_elsewhere  # not needed here

        return processes_elsewhere()
    finding.sweep()
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            process = _look(proc.Proc(int(entry)), boot)
            if process is not None:
                found.append(process)
    return sorted(found, key=lambda process: (-process.started, process.pid))


def _look(process: proc.Proc, boot: float) -> Process | None:
    try:
        argv = tuple(
            part.decode("utf-8", "surrogateescape")
            for part in process.data("cmdline").split(b"\0")[:-1]
        )
        if not argv:  # a thread of the kernel, or a zombie
            return None
        python, executable = _python(process, argv)
        if executable is None:
            return None
        way, refusal = _way(process)
        return Process(
            pid=process.pid,
            uid=process.uid,
            user=proc.user_name(process.uid),
            python=python,
            executable=executable,
            argv=argv,
            cwd=_link(process, "cwd"),
            started=boot + process.start_ticks / os.sysconf("SC_CLK_TCK"),
            way=way,
            reason=refusal.reason if refusal else None,
            remedy=refusal.remedy or None if refusal else None,
        )
    except ReachError:
        return None  # it ended while we looked


def _link(process: proc.Proc, name: str) -> str:
    try:
        return os.readlink(f"{process.folder}/{name}")
    except OSError:
        return ""


def _python(process: proc.Proc, argv: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(version, executable) if it is Python as far as we may look, else (None, None)."""
    executable = _link(process, "exe")
    if not executable:  # somebody else's: only the names are public
        looks_so = any(_named(name) for name in (argv[0], process.name))
        return image.version_from_name(argv[0]), argv[0] if looks_so else None
    file = executable.removesuffix(" (deleted)")
    if not _named(file):
        try:
            library = any(proc.LIBPYTHON.search(mapping.file) for mapping in process.maps)
        except ReachError:
            return None, None
        if not library and not image.is_inside(f"{process.folder}/exe"):
            return None, None
    version = image.version_of(process)
    if version is None and not _named(file):
        return None, None
    return version or image.version_from_name(file), executable


def _named(path: str) -> bool:
    name = os.path.basename(path)
    return name.startswith(("python", "pypy")) or name in ("uwsgi", "ipython")


def _way(process: proc.Proc) -> tuple[str | None, Unreachable | None]:
    if finding.listens(process):
        return "listening", None
    first: Unreachable | None = None
    for mechanism in mechanisms():
        refusal = mechanism.can_reach(process)
        if refusal is None:
            return mechanism.name, None
        first = first or refusal
    return None, first
