"""Other tools that get into a process, in an environment of their own that only the bench has."""

from __future__ import annotations

import subprocess
import tempfile
import time
import venv
from pathlib import Path

import platformdirs

PACKAGES = ("hypno", "debugpy")
FOLDER = Path(platformdirs.user_cache_dir("modtui-bench", appauthor=False)) / "peers"

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


def python() -> str:
    """The interpreter of that environment, which is made if it is not there."""
    found = FOLDER / "bin" / "python"
    if not (FOLDER / "complete").exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        subprocess.run([found, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (FOLDER / "complete").touch()
    return str(found)


def hypno(pid: int) -> float:
    """Milliseconds from hypno's call to code that runs in the process; NaN if it never did."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python(), "-c", WITH_HYPNO, str(pid), f"{folder}/mark"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            return float("nan")
        return float(done.stdout) if done.returncode == 0 else float("nan")


def debugpy(pid: int) -> float:
    """Milliseconds of the command that brings debugpy's server into the process."""
    command = [python(), "-m", "debugpy", "--listen", "0", "--pid", str(pid)]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return float("nan")
    return (time.perf_counter() - start) * 1000 if done.returncode == 0 else float("nan")
