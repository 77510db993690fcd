"""Inspectors and targets that are killed at any moment."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from modtui.reach import ReachError, connect
from tests.e2e.server import EDITED, NEW, OLD, PRICING, Server, running_server
from tests.pythons import Python
from tests.soak.tally import Tally
from tests.targets import eventually, threads_of

ROOT = Path(__file__).parents[2]
DOING = ("attach", "list", "reload", "undo")

PATCHED = {
    "gevent": "from gevent import monkey\nmonkey.patch_all()\n",
    "eventlet": "import warnings\nwarnings.simplefilter('ignore')\n"
    "import eventlet\neventlet.monkey_patch()\n",
}

INSPECTOR = """
import os, sys
from modtui.reach import ReachError, connect
from modtui.agent.errors import AgentError
def doing(what):
    os.write(1, what.encode() + b"\\n")
pid, wanted = int(sys.argv[1]), sys.argv[2]
while True:
    doing("attach")
    with connect(pid) as session:
        if wanted != "attach":
            doing("list")
            session.calls.list_modules()
        for what, act in (("reload", lambda: session.reload(["till.pricing"], patch=True)),
                          ("undo", session.undo)):
            if wanted in ("reload", "undo"):
                doing(what)
                try:
                    act()
                except AgentError:
                    pass
"""


def killed_inspectors(
    python: Python, folder: Path, count: int, seed: int, tally: Tally, first: str = ""
) -> None:
    """Kill inspectors in the middle of everything; the server answers, and the next one gets in."""
    chance = random.Random(seed)
    tally.counts.update({f"killed in {what}": 0 for what in DOING})
    with running_server(folder, python.command, first) as server:
        threads = threads_of(server.pid)
        server.edit()
        for number in range(count):
            wanted = DOING[number % len(DOING)]
            _kill_one(server, wanted, chance.random(), tally)
            answer = server.ask()
            tally.require(answer in (OLD, NEW), f"after {wanted} it answered {answer!r}")
            if number % 5 == 4:
                _visit_again(server, tally)
        _visit_again(server, tally)
        with connect(server.pid) as session:
            session.detach()
        tally.require(
            eventually(lambda: threads_of(server.pid) <= threads, 30),
            f"{threads_of(server.pid)} threads instead of {threads}",
        )


def greenlets(folder: Path, count: int, seed: int, tally: Tally) -> None:
    """The same with servers whose threads and sockets are gevent's or eventlet's."""
    for name, first in PATCHED.items():
        if importlib.util.find_spec(name) is None:
            tally.counts[f"{name} is not installed"] += 1
            continue
        here = folder / name
        here.mkdir()
        killed_inspectors(Python(name, (sys.executable,)), here, count, seed, tally, first)


def _kill_one(server: Server, wanted: str, fraction: float, tally: Tally) -> None:
    command = [sys.executable, "-c", INSPECTOR, str(server.pid), wanted]
    inspector = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, bufsize=0
    )
    assert inspector.stdout is not None
    assert inspector.stderr is not None
    line = b""
    while True:
        line = inspector.stdout.readline()
        if not line or line.decode().strip() == wanted:
            break
    if line:
        time.sleep(fraction * (0.06 if wanted == "attach" else 0.02))
    inspector.kill()
    errors = inspector.stderr.read().decode()
    inspector.wait()
    inspector.stdout.close()
    inspector.stderr.close()
    tally.counts[f"killed in {wanted}"] += bool(line)
    tally.require(line, f"the inspector ended by itself: {errors[-400:]}")


def _visit_again(server: Server, tally: Tally) -> None:
    try:
        with connect(server.pid) as session:
            session.calls.list_modules(0, 10)
        tally.counts["attached again"] += 1
    except ReachError as refusal:
        tally.problems.append(f"not attached again: {refusal.reason}")


COMMANDS = (
    ["list", "{pid}"],
    ["check", "{pid}", "--prove"],
    ["show", "{pid}", "till.pricing"],
    ["diff", "{pid}"],
    ["reload", "{pid}", "till.pricing", "--patch"],
    ["detach", "{pid}"],
)


def killed_targets(python: Python, folder: Path, count: int, seed: int, tally: Tally) -> None:
    """Kill targets in the middle of commands: exit code 3 with words, or done; no traceback."""
    chance = random.Random(seed)
    for number in range(count):
        here = folder / str(number)
        here.mkdir()
        verb = COMMANDS[number % len(COMMANDS)]
        with running_server(here, python.command) as server:
            server.edit()
            _kill_during(server, verb, chance.random() * 0.9, tally)


def _kill_during(server: Server, verb: list[str], delay: float, tally: Tally) -> None:
    command = [sys.executable, "-m", "modtui", *(part.format(pid=server.pid) for part in verb)]
    running = subprocess.Popen(
        [*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True
    )
    timer = threading.Timer(delay, os.kill, (server.pid, signal.SIGKILL))
    timer.start()
    try:
        out, errors = running.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        tally.problems.append(f"{verb} hangs when the target is killed after {delay:.3f} s")
        return
    finally:
        timer.join()
    tally.counts[f"exit {running.returncode}"] += 1
    tally.require("Traceback" not in errors, f"{verb}: {errors[-600:]}")
    tally.require(running.returncode in (0, 1, 3), f"{verb}: exit {running.returncode}: {errors}")
    if running.returncode == 3:
        tally.require("modtui: " in errors, f"{verb}: no words: {errors!r}")
        tally.require(not out, f"{verb}: half a document: {out[:100]!r}")


def ending_sessions(python: Python, folder: Path, count: int, seed: int, tally: Tally) -> None:
    """Kill targets under sessions that are asking: every call says so in words."""
    chance = random.Random(seed)
    for number in range(count):
        here = folder / str(number)
        here.mkdir()
        with running_server(here, python.command) as server:
            timer = threading.Timer(chance.random() * 0.25, os.kill, (server.pid, signal.SIGKILL))
            timer.start()
            try:
                with connect(server.pid) as session:
                    while True:
                        session.calls.list_modules()
                        session.reload(["till.pricing"])
            except ReachError as end:
                tally.counts[type(end).__name__] += 1
                tally.require(end.reason, "it ended without a word")
            finally:
                timer.join()


def interrupted(python: Python, folder: Path, count: int, seed: int, tally: Tally) -> None:
    """Ctrl-C at any moment of a command: no traceback, exit code 130 (or it was done already), and
    the server works on and can be attached to."""
    chance = random.Random(seed)
    verbs = [*COMMANDS[:-1], ["undo", "{pid}"]]
    with running_server(folder, python.command) as server:
        threads = threads_of(server.pid)
        server.edit()
        for number in range(count):
            verb = verbs[number % len(verbs)]
            _interrupt(server, verb, chance.random(), tally)
            answer = server.ask()
            tally.require(answer in (OLD, NEW), f"after {verb} it answered {answer!r}")
            if number % 5 == 4:
                _visit_again(server, tally)
        with connect(server.pid) as session:
            session.detach()
        tally.require(
            eventually(lambda: threads_of(server.pid) <= threads, 30),
            f"{threads_of(server.pid)} threads instead of {threads}",
        )


def _interrupt(server: Server, verb: list[str], delay: float, tally: Tally) -> None:
    command = [sys.executable, "-c", INTERRUPTED, *(part.format(pid=server.pid) for part in verb)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert running.stdout is not None
    running.stdout.readline()  # before that it is Python that is interrupted, and not we
    time.sleep(delay)
    running.send_signal(signal.SIGINT)
    try:
        _, errors = running.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        tally.problems.append(f"{verb} goes on after ctrl-C at {delay:.3f} s")
        return
    tally.counts[f"exit {running.returncode}"] += 1
    # 5: there was nothing to undo; -2: all was done, and Python itself was just ending.
    good = running.returncode in (0, 1, 5, 130, -signal.SIGINT)
    tally.require(good, f"{verb} at {delay:.3f} s: exit {running.returncode}: {errors[-400:]}")
    tally.require("Traceback" not in errors, f"{verb} at {delay:.3f} s: {errors[-900:]}")


INTERRUPTED = """
import sys
import modtui.cli
print("ready", flush=True)
sys.exit(modtui.cli.main(sys.argv[1:]))
"""


def two_at_once(python: Python, folder: Path, count: int, tally: Tally) -> None:
    """Two inspectors reload and undo the same module: each is served whole, or told to wait."""
    from modtui.agent.errors import AgentError

    with running_server(folder, python.command) as server:
        with connect(server.pid) as first, connect(server.pid) as second:
            saving = threading.Lock()  # there is one editor

            def insist(session: object, seed: int) -> None:
                chance = random.Random(seed)
                for _ in range(count):
                    try:
                        if chance.random() < 0.5:
                            with saving:
                                server.edit(chance.choice((PRICING, EDITED)))
                        if chance.random() < 0.7:
                            report = session.reload(["till.pricing"], patch=chance.random() < 0.5)  # type: ignore[attr-defined]
                            tally.counts["reloaded" if report["ok"] else "rolled back"] += 1
                        else:
                            session.undo()  # type: ignore[attr-defined]
                            tally.counts["undone"] += 1
                    except AgentError as refusal:
                        tally.counts[type(refusal).__name__] += 1
                    answer = server.ask()
                    tally.require(answer in (OLD, NEW), f"it answered {answer!r}")

            both = [
                threading.Thread(target=insist, args=(session, seed))
                for seed, session in enumerate((first, second))
            ]
            for one in both:
                one.start()
            for one in both:
                one.join()
            server.edit(EDITED)
            first.reload(["till.pricing"])
            tally.require(server.ask() == NEW, "the last reload was not the last")
            first.detach()
        tally.require(eventually(lambda: threads_of(server.pid) == 1), "threads are left")
