"""Attach, look, leave, again and again: nobody dies, nothing adds up, the work goes on."""

from __future__ import annotations

import os
from pathlib import Path

from modtui.reach import ReachError, connect
from tests.pythons import Python
from tests.soak.tally import Tally
from tests.targets import Target, eventually, program, target, threads_of

BUSY = ("busy", "allocating", "asyncio-busy", "timed-lock", "signals", "http")
WARM = 30  # visits until the target's allocator and garbage collector have settled
MOST_GROWTH = 4096  # kilobytes over a whole run; the trend is judged beside it


def resident(pid: int) -> int:
    """Memory of a process in kilobytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def descriptors(pid: int) -> int:
    """How many it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def visit(process: Target, number: int, tally: Tally) -> None:
    """One attach; each third only looks, each third asks to leave, each third just goes."""
    try:
        session = connect(process.pid)
    except ReachError as refusal:
        tally.counts["refused"] += 1
        tally.problems.append(f"visit {number}: {refusal.reason}")
        return
    tally.counts["attached"] += 1
    if number % 3 == 0:
        session.calls.list_modules(0, 50)
    if number % 3 == 1:
        session.detach()
    else:
        session.close()


def cycles(python: Python, state: str, count: int, tally: Tally) -> None:
    """`count` visits to one busy target."""
    with target(python, program(state)) as process:
        if state == "allocating":
            eventually(lambda: threads_of(process.pid) == 6, 30)  # it starts five of its own
        threads, files = threads_of(process.pid), descriptors(process.pid)
        for number in range(min(WARM, count)):
            visit(process, number, tally)
        memory = [resident(process.pid)]
        for number in range(max(count - WARM, 0)):
            visit(process, number, tally)
            if number % 50 == 49:
                memory.append(resident(process.pid))
            if not process.alive():
                break
        if not process.alive():
            tally.counts["deaths"] += 1
            tally.problems.append("the target has died")
            return
        tally.require(
            eventually(lambda: threads_of(process.pid) <= threads),
            f"{threads_of(process.pid)} threads instead of {threads}",
        )
        if state != "http":  # whoever asks a server opens some
            tally.require(
                eventually(lambda: descriptors(process.pid) <= files),
                f"{descriptors(process.pid)} descriptors instead of {files}",
            )
        memory.append(resident(process.pid))
        tally.facts[f"{state} kB"] = f"{memory[0]} → {memory[-1]}"
        if state != "allocating":  # there it is its own work that moves
            growth = memory[-1] - memory[len(memory) // 2]
            tally.require(growth < MOST_GROWTH, f"it has grown by {growth} kB: {memory}")
        report = process.finish()
        tally.require(report["error"] is None and report["works"], f"its work: {report}")
        tally.require(not report["differs"], f"its state: {report['differs']}")


def every_state(python: Python, count: int, tally: Tally) -> None:
    """`count` visits, spread over the busy states."""
    tally.counts.update(attached=0, refused=0, deaths=0)
    states = BUSY if count >= len(BUSY) * 10 else BUSY[:1]
    for state in states:
        cycles(python, state, -(-count // len(states)), tally)
