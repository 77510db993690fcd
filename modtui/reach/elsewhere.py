"""The Python processes of a machine without /proc: macOS by `ps`, Windows by its own list."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import subprocess
import sys
import time

from modtui.reach.image import parse, version_from_name
from modtui.reach.process import Process

_ROW = re.compile(r"\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)")
_FIRST = (3, 14)
_REMEDY = "start it with `modtui run`, or call modtui.listen() in it"


def processes_elsewhere() -> list[Process]:
    """Every Python process but this one, as far as the platform's own tool tells."""
    if sys.platform == "win32":
        command = ["wmic", "process", "get", "ProcessId,ExecutablePath,CommandLine", "/format:csv"]
        return parse_windows(_output(command))
    command = ["ps", "-axww", "-o", "pid=,uid=,user=,etime=,command="]
    return parse_ps(_output(command), time.time(), os.getpid(), os.geteuid())


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    return done.stdout


def parse_ps(text: str, now: float, own_pid: int, own_uid: int) -> list[Process]:
    """What `ps -o pid,uid,user,etime,command` printed."""
    found = []
    for line in text.splitlines():
        match = _ROW.match(line)
        if match is None or int(match[1]) == own_pid:
            continue
        argv = _split(match[5])
        if not argv or not os.path.basename(argv[0]).lower().startswith("python"):
            continue
        python, uid = version_from_name(argv[0]), int(match[2])
        way, reason = _way(python, own_uid in (0, uid), own_uid == 0)
        found.append(
            Process(
                pid=int(match[1]),
                uid=uid,
                user=match[3],
                python=python,
                executable=argv[0],
                argv=argv,
                cwd="",
                started=now - elapsed(match[4]),
                way=way,
                reason=reason,
                remedy=None if way else _REMEDY,
            )
        )
    return sorted(found, key=lambda process: (-process.started, process.pid))


def _split(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


def elapsed(text: str) -> float:
    """Seconds of ps' [[dd-]hh:]mm:ss."""
    days, _, rest = text.rpartition("-")
    seconds = 0
    for part in rest.split(":"):
        seconds = seconds * 60 + int(part)
    return float(seconds + 86400 * int(days or 0))


def _way(python: str | None, own: bool, root: bool) -> tuple[str | None, str | None]:
    if not own:
        return None, "it belongs to another user"
    version = parse(python)
    if version is not None and version < _FIRST:
        return None, f"it runs Python {python}, and sys.remote_exec is there since 3.14"
    if sys.platform == "darwin" and not root:
        return None, "macOS lets only root into another process"
    return "remote_exec", None


def parse_windows(text: str) -> list[Process]:
    """What `wmic process get ... /format:csv` printed."""
    found = []
    for row in csv.DictReader(io.StringIO("\n".join(filter(str.strip, text.splitlines())))):
        executable = row.get("ExecutablePath") or ""
        pid = int(row.get("ProcessId") or 0)
        name = executable.rpartition("\\")[2].lower()
        if not name.startswith("python") or pid == os.getpid():
            continue
        found.append(
            Process(
                pid=pid,
                uid=-1,
                user="",
                python=None,
                executable=executable,
                argv=_split((row.get("CommandLine") or executable).replace("\\", "\\\\")),
                cwd="",
                started=0.0,
                way=None,
                reason="on Windows the agent has no local socket to listen on yet",
                remedy=None,
            )
        )
    return found
