"""Getting in: from the call to an agent that answers, and how long the target was held."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from modtui.reach import connect
from tests.bench import peers
from tests.bench.table import Row, medians, wall
from tests.bench.targets import HEARTBEAT, STATES, target

TIMES = 9
BAR_ANSWER, BAR_PAUSE = 60.0, 5.0


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
        taken = wall(lambda: subprocess.run(command, capture_output=True, check=False))
        return taken if mark.exists() else float("nan")


PEERS = (*((with_gdb,) if shutil.which("gdb") else ()), peers.hypno)


def pause(pid: int, process: subprocess.Popen[str]) -> float:
    """The longest time that a thread of the target could not run during an attach, in ms."""
    longest(process)
    attach(pid)
    return longest(process)


def longest(process: subprocess.Popen[str]) -> float:
    """Ask the heartbeat for its longest gap since the last question."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def rows() -> Iterator[Row]:
    """Each state; then what a thread of the target felt."""
    attach_to_warm_up()
    for state, code in STATES.items():
        with target(code) as process:
            pid = process.pid
            ours, *others = medians(*(partial(way, pid) for way in (attach, *PEERS)), times=TIMES)
            names = (way.__name__.removeprefix("with_") for way in PEERS)
            yield Row(f"attach, {state}", ours, tuple(zip(names, others, strict=True)), BAR_ANSWER)
        with target(code) as process:  # debugpy never leaves: a process for it alone
            yield Row(f"attach, {state}, by debugpy", peers.debugpy(process.pid))
    with target(HEARTBEAT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (quiet,) = medians(lambda: idle(process), times=TIMES)
        (felt,) = medians(lambda: pause(process.pid, process), times=TIMES)
        yield Row(
            "longest pause of a thread of the target", felt, (("no attach", quiet),), BAR_PAUSE
        )


def idle(process: subprocess.Popen[str]) -> float:
    """The same gap when nobody attaches."""
    longest(process)
    subprocess.run([sys.executable, "-c", ""], check=True)
    return longest(process)


def attach_to_warm_up() -> None:
    """The agent's compiled code is kept for the next attach; that first one is not the usual."""
    with target(STATES["sleeping"]) as process:
        attach(process.pid)
