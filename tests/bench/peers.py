"""Other tools that get into a process, in an environment of their own that only the bench has."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time

from tests.bench.environment import NOTHING, environment
from tests.pythons import CHROOT_314

PACKAGES = ("hypno", "debugpy", "memray")

# Prints how long it took from the call to code that runs in the process, start-up left out.
WITH_HYPNO = """
import os, sys, time
from hypno import inject_py
pid, mark = int(sys.argv[1]), sys.argv[2]
start = time.perf_counter()
inject_py(pid, "open(%r, 'w').close()" % mark)
while not os.path.exists(mark):
    time.sleep(0.0005)
print((time.perf_counter() - start) * 1000)
"""


def python() -> str | None:
    """The interpreter of that environment; None if it cannot be made."""
    return environment("peers", PACKAGES)


def hypno(pid: int) -> float:
    """Milliseconds from hypno's call to code that runs in the process; NaN if it never did."""
    interpreter = python()
    if interpreter is None:
        return NOTHING
    with tempfile.TemporaryDirectory() as folder:
        command = [interpreter, "-c", WITH_HYPNO, str(pid), f"{folder}/mark"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            return NOTHING
        return float(done.stdout) if done.returncode == 0 else NOTHING


def debugpy(pid: int) -> float:
    """Milliseconds of the command that brings debugpy's server into the process."""
    interpreter = python()
    if interpreter is None:
        return NOTHING
    command = [interpreter, "-m", "debugpy", "--listen", "0", "--pid", str(pid)]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return NOTHING
    return (time.perf_counter() - start) * 1000 if done.returncode == 0 else NOTHING


def memray(pid: int) -> float:
    """Milliseconds of `memray attach`; NaN if it failed. The target's Python must have memray."""
    interpreter = python()
    if interpreter is None:
        return NOTHING
    with tempfile.TemporaryDirectory() as folder:
        command = [interpreter, "-m", "memray", "attach", "-o", f"{folder}/found", str(pid)]
        start = time.perf_counter()
        try:
            done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        except subprocess.TimeoutExpired:
            return NOTHING
        taken = (time.perf_counter() - start) * 1000
        detach = [interpreter, "-m", "memray", "detach", str(pid)]
        subprocess.run(detach, capture_output=True, timeout=30, check=False)
    return taken if done.returncode == 0 else NOTHING


def pdb(pid: int, patience: float = 5.0) -> float:
    """Milliseconds of 3.14's `python -m pdb -p` to its prompt; NaN if that does not come.

    In the chroot where that Python is, with a /proc of its own, which sys.remote_exec needs.
    """
    # It opens the target's interpreter by the name that we see, so that name is made there.
    inside = (
        'mkdir -p "$0$0" && mount --bind "$0" "$0$0" && mount -t proc none "$0/proc" && '
        'exec chroot "$0" python3.14 -m pdb -p "$1"'
    )
    command = ["unshare", "--mount", "sh", "-c", inside, str(CHROOT_314), str(pid)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said = b""
    try:
        while b"(Pdb)" not in said:
            left = patience - (time.perf_counter() - start)
            ready, _, _ = select.select([process.stdout], [], [], max(left, 0))
            part = os.read(process.stdout.fileno(), 65536) if ready else b""
            if not part:
                return NOTHING
            said += part
        taken = (time.perf_counter() - start) * 1000
        process.stdin.write(b"detach\n")
        process.stdin.close()
        process.wait(5)
        return taken
    except (subprocess.TimeoutExpired, BrokenPipeError):
        return NOTHING
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
