"""What the agent costs a target: when nobody asks, when the app is open, for a list; memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from modtui.reach import connect
from tests.bench.screen import importing, opened, read_until
from tests.bench.table import Row, medians
from tests.bench.targets import STATES, target

SECONDS = 5
MODULES = 3_000
TIMES = 5

# Says what its Python objects take, each time that it is asked.
TRACED = """
import gc, sys, tracemalloc
for line in sys.stdin:
    gc.collect()
    print(tracemalloc.get_traced_memory()[0], flush=True)
"""


def switches(pid: int, besides: int) -> int:
    """How often threads of a process other than one were put on a processor and taken off it."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if int(task.name) != besides:
            lines = (task / "status").read_text().splitlines()
            found += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return found


def used(pid: int) -> float:
    """The CPU time of all threads of a process, in milliseconds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def resident(pid: int) -> float:
    """The memory of its own that a process has, in MB."""
    size, shared = (int(word) for word in Path(f"/proc/{pid}/statm").read_text().split()[1:3])
    return (size - shared) * os.sysconf("SC_PAGE_SIZE") / 1e6


def rows() -> Iterator[Row]:
    """Wake-ups; CPU; memory."""
    with target(STATES["sleeping"]) as process, connect(process.pid) as session:
        session.calls.list_modules()
        time.sleep(0.5)
        before = switches(process.pid, process.pid)
        time.sleep(SECONDS)
        woken = switches(process.pid, process.pid) - before
        yield Row(f"wake-ups of the agent in {SECONDS} s that nobody asks", woken, (), 0, "")
    with tempfile.TemporaryDirectory() as folder, importing(MODULES, folder) as pid:
        yield from _open_app(pid, folder)
        yield from _listing(pid)
    yield from _memory()


def _open_app(pid: int, folder: str) -> Iterator[Row]:
    with opened(pid, folder) as terminal:
        read_until(terminal, b"", 15)  # until all texts are kept and all is proved
        before = used(pid)
        read_until(terminal, b"", SECONDS)
        share = (used(pid) - before) / SECONDS / 10
    yield Row(f"of one core, the app open on {MODULES:,} modules, nobody types", share, unit="%")


def _listing(pid: int) -> Iterator[Row]:
    with connect(pid) as session:
        session.calls.list_modules()

        def once() -> float:
            before = used(pid)
            session.calls.list_modules()
            return used(pid) - before

        (spent,) = medians(once, times=TIMES)
    yield Row(f"list {MODULES:,} modules, CPU in the target", spent)


def _memory() -> Iterator[Row]:
    command = (sys.executable, "-X", "tracemalloc")
    with target(TRACED, *command) as process:
        empty = _traced(process)
        session = connect(process.pid)
        session.calls.list_modules()
        there = _traced(process) - empty
        session.detach()
        left = _traced(process) - empty
    yield Row("Python objects of the agent in the target", there / 1e6, unit="MB")
    yield Row("of these, still there when it has left", left / 1e6, unit="MB")
    with target(STATES["sleeping"]) as process:
        time.sleep(0.2)
        before = resident(process.pid)
        with connect(process.pid) as session:
            session.calls.list_modules()
            yield Row("memory of the target's own, more", resident(process.pid) - before, unit="MB")


def _traced(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())
