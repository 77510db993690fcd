"""Into a process by PEP 768, `sys.remote_exec` (CPython 3.14 and later).

Not for Linux's first choice: the script runs only when the main thread executes Python code again,
so a sleeping or blocked target is not reached. It is the way where tracing is refused or not there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from modtui.agent.bootstrap import STATUS_SIZE
from modtui.reach import image, proc
from modtui.reach.delivery import Parcel, Progress
from modtui.reach.errors import GaveUp, Unreachable, Unsupported

PATIENCE = 30.0
FIRST = (3, 14)
_CALL = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])"


class RemoteExec:
    """The mechanism of PEP 768, called by the target's own interpreter so that versions match."""

    name = "remote_exec"

    def can_reach(self, process: proc.Proc) -> Unreachable | None:
        """Why this process cannot be reached this way; None if it can. Nothing is touched."""
        if not proc.LINUX:
            return self._can_reach_elsewhere(process)
        try:
            proc.check_state(process)
            proc.check_traceable(process)
            found = image.find(process)
        except Unreachable as refusal:
            return refusal
        if found.minor is None or found.minor < FIRST:
            return Unsupported(
                f"process {process.pid} runs Python {found.version or '?'}, and sys.remote_exec "
                "is there since 3.14"
            )
        if process.root():
            return Unsupported(
                f"process {process.pid} has another root directory than we have, where its "
                "interpreter cannot be started for us"
            )
        if not os.access(process.exe, os.X_OK):
            return Unsupported(f"the interpreter of process {process.pid} cannot be started")
        return None

    def _can_reach_elsewhere(self, process: proc.Proc) -> Unreachable | None:
        """The same by the names of things, where the kernel tells no more."""
        try:
            executable, uid = process.exe, process.uid
        except Unreachable as refusal:
            return refusal
        if not os.path.basename(executable).lower().startswith("python"):
            return Unsupported(f"process {process.pid} ({executable}) does not look like Python")
        version = image.version_from_name(os.path.realpath(executable))
        if version is not None and (image.parse(version) or FIRST) < FIRST:
            return Unsupported(
                f"process {process.pid} runs Python {version}, and sys.remote_exec is there since "
                "3.14",
                "start it with `modtui run`, or call modtui.listen() in it",
            )
        if os.geteuid() not in (0, uid) or (sys.platform == "darwin" and os.geteuid() != 0):
            return Unsupported(
                f"process {process.pid} cannot be entered without more rights", "use sudo"
            )
        return None

    def inject(
        self,
        process: proc.Proc,
        parcel: Parcel,
        progress: Progress | None = None,
        patience: float = PATIENCE,
        cancelled: threading.Event | None = None,
    ) -> None:
        """Have the target run the parcel's text when it is next in Python code.

        Raises GaveUp when it does not get there in `patience` seconds; the script's file is gone
        then, so it never runs.
        """
        folder = Path(
            tempfile.mkdtemp(prefix="modtui-", dir="/tmp" if os.name == "posix" else None)
        )
        try:
            script = self._write(folder, process, parcel)
            self._ask(process, script)
            self._await(process, parcel, progress, patience, cancelled or threading.Event())
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def free(self, process: proc.Proc, parcel: Parcel, inner_thread: int) -> None:
        """Nothing was taken in the target."""

    def take_back(self, process: proc.Proc, parcel: Parcel) -> None:
        """Nothing was taken in the target."""

    def _write(self, folder: Path, process: proc.Proc, parcel: Parcel) -> Path:
        """The files, in a folder that only becomes the target's when all is in it.

        Its user could put a link there else, and have us write, or give away, what it leads to.
        """
        expression = "0"
        if parcel.payload:
            path = folder / "agent"
            data = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            parcel.descriptor = data
            _fill(data, bytes(STATUS_SIZE) + parcel.payload, process.uid)
            expression = f"(__import__('posix').open({str(path)!r}, {os.O_RDWR | os.O_CLOEXEC}),)"
        script = folder / "script.py"
        text = os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _fill(text, parcel.text(expression).rstrip(b"\0"), process.uid)
        finally:
            os.close(text)
        if process.uid != os.geteuid():
            os.chown(folder, process.uid, -1)
        return script

    def _ask(self, process: proc.Proc, script: Path) -> None:
        command = [process.exe, "-I", "-S", "-c", _CALL, str(process.pid), str(script)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=20, check=False, **_as(process)
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            if process.ended():
                raise proc.has_ended(process.pid) from None
            raise Unsupported(
                f"the interpreter of process {process.pid} did not run: {error}"
            ) from None
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise Unsupported(
                f"sys.remote_exec was refused for process {process.pid}: {lines[-1]}",
                "it was started with -X disable-remote-debug, or you may not debug it"
                + (" (on macOS this needs sudo)" if sys.platform == "darwin" else ""),
            )

    def _await(
        self,
        process: proc.Proc,
        parcel: Parcel,
        progress: Progress | None,
        patience: float,
        cancelled: threading.Event,
    ) -> None:
        started = time.monotonic()
        while not parcel.arrived():
            if process.ended():
                raise proc.has_ended(process.pid)
            spent = time.monotonic() - started
            if spent > patience or cancelled.is_set():
                raise GaveUp(
                    f"process {process.pid} did not get to us in {spent:.0f} s: it executes no "
                    "Python code in its main thread; the request was withdrawn"
                )
            if spent > 1 and progress is not None:
                progress(f"waiting for Python code; giving up in {patience - spent:.0f} s")
            time.sleep(0.005)


def _fill(descriptor: int, data: bytes, uid: int) -> None:
    os.pwrite(descriptor, data, 0)
    if uid != os.geteuid():
        os.fchown(descriptor, uid, -1)


def _as(process: proc.Proc) -> dict[str, Any]:
    """How its interpreter is run: as the user whose program it is, never as root for another."""
    if process.uid == os.geteuid() or not proc.LINUX:
        return {}
    group = int(process.status["Gid"].split()[1])
    return {"user": process.uid, "group": group, "extra_groups": [], "env": {"LC_ALL": "C"}}
