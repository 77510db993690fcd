"""What happens to a target just while somebody attaches: signals, exec, other inspectors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modtui.reach import ReachError, connect
from tests.pythons import PYTHONS, Python
from tests.targets import PRELUDE, eventually, program, target, threads_of, unharmed

CHECKOUT = Path(__file__).parents[2]
NATIVE = [python for python in PYTHONS if not python.root]

# Queued signals are never merged, and each one that the interpreter's handler saw is one byte.
COUNTING = (
    PRELUDE
    + """
import time
reader, writer = os.pipe()
os.set_blocking(writer, False)
signal.signal(signal.SIGRTMIN, lambda *_: None)
signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
def tell(*_):
    global counted
    counted = True
counted = 0
def work():
    while True:
        WAIT
def count():
    os.set_blocking(reader, False)
    got = 0
    while True:
        try:
            got += sum(byte == signal.SIGRTMIN for byte in os.read(reader, 65536))
        except BlockingIOError:
            return got
run(work, lambda: print(count(), flush=True) or True)
"""
)


@pytest.mark.parametrize("wait", ["time.sleep(3600)", "sum(range(1000))"], ids=["sleep", "busy"])
def test_signals_are_delivered_each_one(wait: str) -> None:
    """Signals that come at every moment of an attach are neither eaten nor doubled."""
    with target(NATIVE[-1], COUNTING.replace("WAIT", wait)) as process:
        stop = time.monotonic() + 1.5
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(process.pid)], stdout=subprocess.PIPE
        )
        while time.monotonic() < stop:
            connect(process.pid).detach()
        sender.terminate()
        assert sender.stdout is not None
        sent = int(sender.stdout.read())
        sender.wait()
        sender.stdout.close()
        assert sent > 50
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGUSR1)
        assert int(process.line()) == sent


SENDER = """
import os, signal, sys, time
sent, going = 0, True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
while going:
    os.kill(int(sys.argv[1]), signal.SIGRTMIN)
    sent += 1
    time.sleep(0.002)
print(sent)
"""

EXECS = """
import os, sys, time
rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 0
print("round", rounds, flush=True)
time.sleep(0.05 * rounds)
os.execv(sys.executable, [sys.executable, __file__, str(rounds + 1)])
"""


def test_a_target_that_becomes_another_program(tmp_path: Path) -> None:
    """It execs in the middle of attaches: each is in, or refused in words, and it goes on."""
    (tmp_path / "execs.py").write_text(EXECS)
    process = subprocess.Popen(
        [*NATIVE[-2].command, str(tmp_path / "execs.py")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    reached, words, said = 0, [], b""
    stop = time.monotonic() + 60  # it begins anew ever more slowly: sooner or later one is in
    try:
        while (not reached or said.count(b"\n") < 5) and time.monotonic() < stop:
            try:
                connect(process.pid).close()
                reached += 1
            except ReachError as refusal:
                words.append(refusal.reason)
            said += process.stdout.read() or b""
        assert process.poll() is None
        rounds = [int(line.split()[1]) for line in said.split(b"\n")[:-1]]
        assert len(rounds) >= 5
        assert rounds == list(range(len(rounds)))  # none was lost, none ran twice
        assert reached, words
        assert all(words)
    finally:
        process.kill()
        process.communicate()


ATTACH = """
import sys
from modtui.reach import ReachError, connect
reached = 0
for _ in range(4):
    try:
        session = connect(int(sys.argv[1]))
        session.calls.hello()
        reached += 1
        session.close()
    except ReachError as refusal:
        if "traced" not in refusal.reason:  # the others had it all the time
            print(refusal.reason)
print("reached", reached > 0)
"""


@pytest.mark.parametrize("state", ["sleep", "busy"])
def test_inspectors_in_several_processes(python: Python, state: str) -> None:
    if python.label not in ("3.8", "3.12", "3.14"):
        pytest.skip("three Pythons do")
    with target(python, program(state)) as process:
        others = [
            subprocess.Popen(
                [sys.executable, "-c", ATTACH, str(process.pid)],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        said = [other.communicate(timeout=60)[0] for other in others]
        assert said == ["reached True\n"] * 3
        assert eventually(lambda: threads_of(process.pid) == 1, 20)
        report = process.finish()
        assert "_modtui_agent" not in str(report["differs"])
        report["differs"].pop("descriptors", None)
        unharmed(report)
