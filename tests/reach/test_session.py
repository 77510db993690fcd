"""Sessions: jobs on the main thread, several inspectors, several threads, ends of both sides."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from modtui.agent.errors import UnknownModule
from modtui.reach import ConnectionLost, Session, connect, following, in_process
from tests.pythons import PYTHONS, Python
from tests.targets import (
    CHECKOUT,
    PRELUDE,
    Target,
    eventually,
    program,
    target,
    threads_of,
    unharmed,
)

ANY = PYTHONS[-1] if not PYTHONS[-1].root else PYTHONS[0]

WITH_MODULE = (
    PRELUDE
    + """
import threading
sys.path.insert(0, {folder!r})
import tellme
WORK
"""
)
MODULE = "import _thread\nran_on = _thread.get_ident()\nvalue = {value}\n"


def _program(folder: Path, python: Python, work: str) -> str:
    inner = "/" + str(folder.relative_to(python.root)) if python.root else str(folder)
    return WITH_MODULE.replace("{folder!r}", repr(inner)).replace("WORK", work)


@pytest.fixture
def folder(python: Python, tmp_path: Path) -> Path:
    """A folder that the target sees too."""
    if not python.root:
        return tmp_path
    made = Path(python.root) / "tmp" / f"modtui-test-{os.getpid()}"
    made.mkdir(exist_ok=True)
    return made


WORKS = {
    "sleep": "import time\nrun(lambda: time.sleep(3600))",
    "busy": "def work():\n    while True: pass\nrun(work)",
    "lock": "import _thread\nlock = _thread.allocate_lock(); lock.acquire()\nrun(lock.acquire)",
}
ASK = """
def answer(*_):
    print(tellme.value, tellme.ran_on == threading.main_thread().ident, flush=True)
signal.signal(signal.SIGUSR2, answer)
"""


def _ask(process: Target) -> list[str]:
    os.kill(process.pid, signal.SIGUSR2)
    return process.line().split()


@pytest.mark.parametrize("state", WORKS)
def test_reload_and_undo_on_the_main_thread(python: Python, folder: Path, state: str) -> None:
    file = folder / "tellme.py"
    file.write_text(MODULE.format(value=1))
    os.utime(file, (1, 1))
    with target(python, _program(folder, python, ASK + WORKS[state])) as process:
        assert _ask(process) == ["1", "True"]
        file.write_text(MODULE.format(value=22))
        with connect(process.pid) as session:
            report = session.reload(["tellme"])
            assert report["ok"], report
            assert report["thread"] == "main"
            assert _ask(process) == ["22", "True"]
            assert session.undo()["modules"] == ["tellme"]
            assert _ask(process) == ["1", "True"]
            assert session.reload(["tellme"], thread="agent")["thread"] == "agent"
            assert _ask(process) == ["22", "False"]
            session.undo()
            with pytest.raises(UnknownModule):
                session.reload(["tellme_not"])
            session.detach()
        assert eventually(lambda: threads_of(process.pid) == 1)
        report = process.finish()
        assert report["error"] is None


def test_an_agent_with_a_journal_stays(tmp_path: Path) -> None:
    (tmp_path / "tellme.py").write_text(MODULE.format(value=1))
    with target(ANY, _program(tmp_path, ANY, ASK + WORKS["sleep"])) as process:
        with connect(process.pid) as session:
            assert session.reload(["tellme"])["ok"]
        with connect(process.pid) as session:
            assert session.hello["journal"] == 1
            session.undo()
        assert eventually(lambda: threads_of(process.pid) == 1)


# It says how far it is, waits until somebody opens the pipe, and fails.
FAILING = "value = 2\nopen({folder!r} + '/begun', 'w').close()\nopen({folder!r} + '/pipe')\n1 / 0\n"
RELOADING = """
import sys
from modtui.reach import connect
connect(int(sys.argv[1])).reload(["tellme"])
"""


@pytest.mark.parametrize("end", ["killed", "detached"])
def test_an_agent_stays_while_main_reloads(tmp_path: Path, end: str) -> None:
    """The inspector that wanted it is killed, or another one makes the agent leave: the reload ends
    as it must all the same, here with a rollback, and only then does the agent leave."""
    (tmp_path / "tellme.py").write_text(MODULE.format(value=1))
    os.mkfifo(tmp_path / "pipe")
    with target(ANY, _program(tmp_path, ANY, ASK + WORKS["sleep"])) as process:
        (tmp_path / "tellme.py").write_text(FAILING.format(folder=str(tmp_path)))
        command = [sys.executable, "-c", RELOADING, str(process.pid)]
        inspector = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=CHECKOUT)
        assert eventually((tmp_path / "begun").exists, 60)
        if end == "killed":
            inspector.kill()
            os.close(os.open(tmp_path / "pipe", os.O_WRONLY))
        else:
            other = connect(process.pid)
            leaving = threading.Thread(target=other.detach)
            leaving.start()
            assert eventually(lambda: not os.path.exists(other.hello["sockets"][0]), 60)
            os.close(os.open(tmp_path / "pipe", os.O_WRONLY))
            leaving.join()
        inspector.wait()
        assert eventually(lambda: threads_of(process.pid) == 1, 60)
        assert _ask(process) == ["1", "True"]
        assert "_modtui_agent" not in str(process.finish()["differs"])


def test_several_inspectors_share_one_agent(python: Python) -> None:
    with target(python, program("sleep")) as process:
        first = connect(process.pid)
        others = [connect(process.pid) for _ in range(5)]
        assert {s.hello["sockets"][0] for s in others} == set(first.hello["sockets"])
        first.close()
        for session in others:
            assert session.calls.hello()["target"]["pid"] == session.target["pid"]
        others[0].detach()
        for session in others[1:]:
            with pytest.raises(ConnectionLost):
                session.calls.hello()
            assert not session.alive
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())


@pytest.mark.parametrize("state", ["busy", "sleep", "join-busy"])
def test_attaches_at_once(python: Python, state: str) -> None:
    with target(python, program(state)) as process:
        before = threads_of(process.pid)
        found: list[Session] = []
        problems: list[BaseException] = []

        def attach() -> None:
            try:
                found.append(connect(process.pid))
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=attach) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # One at a time may trace; the others wait for it, and find the agent.
        assert not problems
        assert len(found) == 4
        assert len({session.hello["sockets"][0] for session in found}) == 1
        for session in found:
            session.close()
        assert eventually(lambda: threads_of(process.pid) == before)
        report = process.finish()
        report["differs"].pop("descriptors", None)
        unharmed(report)


def test_many_threads_of_ours_use_one_session() -> None:
    with target(ANY, program("sleep")) as process, connect(process.pid) as session:
        problems = []

        def ask() -> None:
            try:
                for _ in range(20):
                    assert session.calls.hello()["target"]["pid"] == process.pid
                    assert session.calls.list_modules(0, 5)["modules"]
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []


def test_the_target_is_killed() -> None:
    with target(ANY, program("sleep")) as process:
        session = connect(process.pid)
        path = session.hello["sockets"][0]
        assert session.alive
        process.process.kill()
        assert eventually(lambda: not session.alive)
        with pytest.raises(ConnectionLost, match=f"^process {process.pid} has ended$"):
            session.calls.hello()
        process.process.wait()
        assert eventually(lambda: not session.alive)
        session.close()
        assert not os.path.exists(path)


def test_the_target_ends_by_itself(python: Python) -> None:
    source = "print('ready', flush=True)\ninput()\nprint('end', flush=True)"
    with target(python, source) as process:
        session = connect(process.pid)
        path = session.root + session.hello["sockets"][0]
        assert os.path.exists(path)
        assert process.process.stdin is not None
        process.process.stdin.write(b"\n")
        process.process.stdin.flush()
        assert process.line() == "end"
        assert process.process.wait(10) == 0
        session.close()
        assert not os.path.exists(path)


CLIENT = """
import os, sys
from modtui.reach import connect
session = connect(int(sys.argv[1]))
session.calls.list_modules()
os.kill(os.getpid(), 9)
"""


def test_the_inspector_is_killed(python: Python) -> None:
    with target(python, program("sleep")) as process:
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, str(process.pid)],
                check=False,
                cwd=Path(__file__).parents[2],
            )
            assert done.returncode == -signal.SIGKILL
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())


def test_in_process() -> None:
    with in_process() as session:
        assert session.way == "in process"
        assert session.target["pid"] == session.host_pid == os.getpid()
        assert session.alive
        assert session.calls.list_modules(0, 3)["modules"]


BLOCKS = "import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)\nvalue = 2\n"


def test_a_reload_that_takes_long_says_that_it_runs(tmp_path: Path) -> None:
    gate, module = tmp_path / "gate", tmp_path / "tellme.py"
    module.write_text("value = 1\n")
    cancel = threading.Event()
    said: list[str] = []

    def follow(text: str) -> None:
        said.append(text)
        if text == following.RUNS:
            cancel.set()  # too late
        if text == following.RUNS_ON:
            gate.touch()

    with target(ANY, _program(tmp_path, ANY, WORKS["sleep"])) as process:
        with connect(process.pid) as session:
            module.write_text(BLOCKS.format(gate=str(gate)))
            report = session.reload(["tellme"], progress=follow, cancel=cancel)
            assert report["ok"]
            assert report["thread"] == "main"
        assert said[-2:] == [following.RUNS, following.RUNS_ON]
        assert process.finish()["error"] is None
