"""Getting in: from the call to an agent that answers, and how long the target was held."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from modtui.reach import connect
from modtui.tui.ahead import FIRST_PAGE
from tests.bench import peers
from tests.bench.table import Row, medians, wall
from tests.bench.targets import BUSY_HEARTBEAT, HEARTBEAT, STATES, target
from tests.pythons import PYTHONS

TIMES = 9
BAR_ANSWER, BAR_PAUSE = 60.0, 5.0
COUNTS = (300, 3_000, 10_000)
LOADED = """
import sys, time, types
for n in range({count}):
    sys.modules["many.m%05d" % n] = types.ModuleType("many.m%05d" % n)
time.sleep(3600)
"""


def attach(pid: int) -> float:
    """Attach, be answered, leave; only the way in counts."""
    sessions = []
    taken = wall(lambda: sessions.append(connect(pid)))
    sessions[0].detach()
    return taken


def with_gdb(pid: int) -> float:
    """What debuggers' scripts do: hold everything, run a line of Python under the GIL."""
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder) / "here"
        python = f"open({str(mark)!r}, 'w').close()"
        command = ["gdb", "-p", str(pid), "-batch", "-nx", "-iex", "set debuginfod enabled off"]
        for line in (
            "call (int)PyGILState_Ensure()",
            f'call (int)PyRun_SimpleString("{python}")',
            "call (void)PyGILState_Release($1)",
        ):
            command += ["-ex", line]
        start = time.perf_counter()
        try:
            subprocess.run(command, capture_output=True, check=False, timeout=20)
        except subprocess.TimeoutExpired:
            return float("nan")  # it waits for a lock that a thread holds which it has stopped
        return (time.perf_counter() - start) * 1000 if mark.exists() else float("nan")


def as_command(pid: int) -> float:
    """`modtui list`: a command that starts, attaches, is answered, prints, and leaves."""
    command = [sys.executable, "-m", "modtui", "list", str(pid)]
    return wall(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))


PEERS = (*((with_gdb,) if shutil.which("gdb") else ()), peers.hypno)


def pause(process: subprocess.Popen[str], way: Callable[[int], object]) -> float:
    """The longest time that a thread of the target could not run meanwhile, in ms."""
    longest(process)
    way(process.pid)
    return longest(process)


def longest(process: subprocess.Popen[str]) -> float:
    """Ask the heartbeat for its longest gap since the last question."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def rows() -> Iterator[Row]:
    """Each state; first rows; whole commands; then what threads of the target felt."""
    if not shutil.which("gdb"):
        print("  gdb is not installed, so nothing that needs it is measured")
    warm_up()
    for state, code in STATES.items():
        ours, *others = medians(*(_on_its_own(way, code) for way in (attach, *PEERS)), times=TIMES)
        names = (way.__name__.removeprefix("with_") for way in PEERS)
        yield Row(f"attach, {state}", ours, tuple(zip(names, others, strict=True)), BAR_ANSWER)
    yield from first_rows()
    yield from commands()
    yield from on_newest()
    yield from pauses()


def _on_its_own(way: Callable[[int], float], code: str) -> Callable[[], float]:
    """A way in that gets a target for itself each time: some leave one in ruins. What has failed
    once in a state (it takes 20 s to) is not tried there again, and counts as failed."""
    failed = False

    def once() -> float:
        nonlocal failed
        if failed:
            return float("nan")
        with target(code) as process:
            time.sleep(0.1)
            taken = way(process.pid)
        failed = taken != taken
        return taken

    return once


def first_rows() -> Iterator[Row]:
    """From the call to the first modules of a census, beside a line of Python by way of gdb."""
    for count in COUNTS:
        with target(LOADED.format(count=count)) as process:
            attach(process.pid)
            ways = [listed, *((with_gdb,) if shutil.which("gdb") else ())]
            ours, *others = medians(*(partial(way, process.pid) for way in ways), times=TIMES)
        beside = tuple(("gdb", other) for other in others)
        yield Row(f"attach to first rows, {count:,} modules", ours, beside)


def listed(pid: int) -> float:
    """Attach and have what a screen shows first."""
    sessions = []

    def look() -> None:
        sessions.append(connect(pid))
        sessions[0].calls.list_modules(0, FIRST_PAGE)

    taken = wall(look)
    sessions[0].detach()
    return taken


def commands() -> Iterator[Row]:
    """Whole commands, start of the interpreter included: debugpy's, memray's and ours."""
    python = peers.python()
    for state in ("busy", "sleeping"):
        found = []
        for peer in (peers.debugpy, peers.memray) if python else ():
            taken = []
            for _ in range(3):  # debugpy never leaves: a process for each
                with target(STATES[state], str(python)) as process:
                    taken.append(peer(process.pid))
            found.append((peer.__name__, statistics.median(taken)))
        with target(STATES[state]) as process:
            (ours,) = medians(partial(as_command, process.pid), times=3)
        yield Row(f"a whole command, {state}", ours, tuple(found))


def on_newest() -> Iterator[Row]:
    """Python 3.14, where it has a way of its own: `python -m pdb -p`."""
    newest = next((python for python in PYTHONS if python.label == "3.14"), None)
    if newest is None or os.geteuid() != 0:
        print("  no Python 3.14 here, or no right to enter its root: pdb -p is not measured")
        return
    states = {name: STATES[name] for name in ("busy", "http.server", "sleeping")}
    for count in COUNTS[1:]:
        loaded = LOADED.format(count=count).replace("time.sleep(3600)", STATES["busy"])
        states[f"busy, {count:,} modules"] = loaded
    for state, code in states.items():
        with target(code, *newest.command) as process:
            attach(process.pid)
            ours, theirs = medians(
                partial(as_command, process.pid), partial(peers.pdb, process.pid), times=3
            )
        yield Row(f"a whole command on 3.14, {state}", ours, (("pdb -p", theirs),))


def pauses() -> Iterator[Row]:
    """What threads of the target felt: one that is mostly idle, and a main thread that never is."""
    kinds = (("a thread that wakes each 0.5 ms", HEARTBEAT), ("a busy main thread", BUSY_HEARTBEAT))
    for what, code in kinds:
        with target(code) as process:
            assert process.stdout is not None
            process.stdout.readline()
            attach(process.pid)
            quiet, ours, *others = medians(
                lambda process=process: idle(process),
                *(partial(pause, process, way) for way in (attach, *PEERS)),
                times=TIMES,
            )
        names = (way.__name__.removeprefix("with_") for way in PEERS)
        beside = (("no attach", quiet), *zip(names, others, strict=True))
        yield Row(f"longest pause of {what}", ours, beside, BAR_PAUSE)


def idle(process: subprocess.Popen[str]) -> float:
    """The same gap when nobody attaches."""
    longest(process)
    subprocess.run([sys.executable, "-c", ""], check=True)
    return longest(process)


def warm_up() -> None:
    """The agent's compiled code is kept for the next attach; that first one is not the usual."""
    with target(STATES["sleeping"]) as process:
        attach(process.pid)
