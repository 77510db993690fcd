"""Targets that were started, built, rooted or owned in unusual ways."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modtui.reach import connect
from tests.pythons import PYTHONS, Python
from tests.targets import (
    PRELUDE,
    Target,
    eventually,
    maps_of,
    program,
    sockets_of,
    state_of,
    target,
    threads_of,
    unharmed,
)

ROOT = os.geteuid() == 0
CYCLES = int(os.environ.get("MODTUI_CYCLES", "100"))
NATIVE = [python for python in PYTHONS if not python.root]
SYSTEM = next((python for python in PYTHONS if python.label == "system"), None)
needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


def _visit(process: Target, times: int = 3, **more: str) -> None:
    for _ in range(times):
        session = connect(process.pid)
        assert session.way == "ptrace"
        assert session.calls.list_modules(0, 10)["total"] > 10
        session.detach()


@pytest.mark.parametrize("flags", [["-I"], ["-S"], ["-E"], ["-I", "-S"], ["-O"], ["-X", "dev"]])
def test_flags(python: Python, flags: list[str]) -> None:
    with target(python, program("sleep"), flags=flags, stderr=subprocess.DEVNULL) as process:
        _visit(process)
        unharmed(process.finish())


def test_virtual_environment(tmp_path: Path) -> None:
    made = tmp_path / "venv"
    subprocess.run([*NATIVE[-2].command, "-m", "venv", "--without-pip", str(made)], check=True)
    with target([str(made / "bin/python")], program("sleep")) as process:
        _visit(process)
        unharmed(process.finish())


@pytest.mark.skipif(SYSTEM is None, reason="no system Python")
def test_deleted_interpreter(tmp_path: Path) -> None:
    copy = tmp_path / "python3"
    shutil.copy(os.path.realpath("/usr/bin/python3"), copy)
    with target([str(copy)], program("sleep")) as process:
        copy.unlink()
        copy.write_text("another file of that name")
        _visit(process)
        unharmed(process.finish())


def test_zipped_application(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", program("sleep"))
    process = subprocess.Popen(
        [*NATIVE[0].command, str(tmp_path / "app.pyz")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        started = Target(process)
        started.wait_ready()
        _visit(started)
        unharmed(started.finish())
    finally:
        process.kill()
        process.communicate()


MULTIPROCESSING = """
import multiprocessing, os, sys, time
def work():
    print(os.getpid(), flush=True)
    while True:
        time.sleep(0.01)
if __name__ == "__main__":
    multiprocessing.get_context(sys.argv[1]).Process(target=work, daemon=True).start()
    time.sleep(3600)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_child(python: Python, tmp_path: Path, method: str) -> None:
    file = (Path(python.root) / "tmp" if python.root else tmp_path) / "spawning.py"
    file.write_text(MULTIPROCESSING)
    inner = f"/tmp/{file.name}" if python.root else str(file)
    process = subprocess.Popen([*python.command, inner, method], stdout=subprocess.PIPE)
    child = 0
    try:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        with connect(child) as session:
            assert session.target["pid"] == child
            session.detach()
        with connect(process.pid) as session:
            session.detach()
        assert state_of(child) in "SRD"
    finally:
        process.kill()
        process.wait()
        if child:
            os.kill(child, 9)


FORKS_LATER = (
    PRELUDE
    + """
import time
def fork(*_):
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        while True:
            time.sleep(0.01)
    globals()["child"] = child
child = 0
signal.signal(signal.SIGUSR2, fork)
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""
)


def test_fork_while_attached(python: Python) -> None:
    """The child has no agent of its parent's, and can be attached to on its own."""
    with target(python, FORKS_LATER, stderr=subprocess.DEVNULL) as process:
        with connect(process.pid) as session:
            os.kill(process.pid, 12)
            child = int(process.line())
            assert threads_of(child) == 1
            with connect(child) as inner:
                assert inner.target["pid"] == child
                assert inner.hello["sockets"] != session.hello["sockets"]
                assert session.calls.hello()["target"]["pid"] == process.pid
                inner.detach()
            session.detach()
        assert eventually(lambda: sockets_of(process.pid) == 0)
        # What the child inherited while it was forked is closed by its own agent.
        assert sockets_of(child) == 0
        os.kill(child, 9)


def test_a_target_that_closes_all_its_descriptors() -> None:
    source = FORKS_LATER.replace(
        "    child = os.fork()", "    os.closerange(3, 64)\n    child = os.fork()"
    )
    with target(NATIVE[-1], source, stderr=subprocess.DEVNULL) as process:
        first = connect(process.pid)
        os.kill(process.pid, 12)
        child = int(process.line())
        first.close()
        with connect(process.pid) as session:
            assert session.calls.hello()["target"]["pid"] == process.pid
        assert eventually(lambda: threads_of(process.pid) == 1)
        os.kill(child, 9)


GREENLETS = """
import _thread, builtins, signal, socket, sys, threading, time
real = _thread.start_new_thread
def start_new_thread(*arguments):
    raise SystemExit("the target's own idea of a thread was used")
for module, name in ((_thread, "start_new_thread"), (threading, "_start_new_thread"),
                     (threading, "_start_joinable_thread")):
    if hasattr(module, name):
        setattr(module, name, start_new_thread)
_thread.allocate_lock = lambda: 1 / 0
socket.setdefaulttimeout(0.05)
original = builtins.__import__
def __import__(name, *more, **others):
    assert not name.startswith(("_json", "_socket", "_modtui")), name
    return original(name, *more, **others)
builtins.__import__ = __import__
for module in "_socket", "_json":
    sys.modules.pop(module, None)
print("ready", flush=True)
while True:
    time.sleep(0.2)
"""


def test_a_target_with_replaced_threads_timeouts_and_imports(python: Python) -> None:
    with target(python, GREENLETS) as process, connect(process.pid) as session:
        time.sleep(0.2)  # longer than the default timeout that the target has set
        assert eventually(lambda: session.calls.hello()["threads"] == 2)
        assert session.calls.list_modules(0, 10)["modules"]
        session.detach()
        assert process.alive()


@needs_root
@pytest.mark.parametrize("native", NATIVE[:1] + ([SYSTEM] if SYSTEM else []), ids=str)
def test_another_user(native: Python) -> None:
    if native is not SYSTEM:
        pytest.skip("its interpreter is not where another user can read")
    with target(native, program("sleep"), user=65534, group=65534, extra_groups=[]) as process:
        session = connect(process.pid)
        path = session.hello["sockets"][0]
        assert os.stat(os.path.dirname(path)).st_uid == 65534
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        session.detach()
        assert not os.path.exists(os.path.dirname(path))
        unharmed(process.finish())


UNSHARED = {
    "mount": ["unshare", "--mount"],
    "network": ["unshare", "--net"],
    "user": ["unshare", "--user", "--map-root-user"],
    "private-tmp": ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /tmp && exec "$@"', "-"],
    "read-only": [
        *("unshare", "--mount", "sh", "-c"),
        'mount -t tmpfs -o ro none /tmp; mount -t tmpfs -o ro none /dev/shm; exec "$@"',
        "-",
    ],
    "nowhere": [
        *("unshare", "--mount", "sh", "-c"),
        'for d in /tmp /dev/shm /var/tmp; do mount -t tmpfs -o ro none $d; done; exec "$@"',
        "-",
    ],
}


@needs_root
@pytest.mark.parametrize("kind", UNSHARED)
def test_namespaces(kind: str) -> None:
    python = SYSTEM or NATIVE[0]
    with target([*UNSHARED[kind], *python.command], program("sleep")) as process:
        _visit(process)
        unharmed(process.finish())
        assert threads_of(process.pid) == 1 if process.alive() else True


@needs_root
def test_pid_namespace() -> None:
    python = SYSTEM or NATIVE[0]
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *python.command]
    with target(command, program("sleep")) as process:
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        inside = Target(process.process, int(child))
        with connect(inside.pid) as session:
            assert session.target["pid"] == 1
            assert session.host_pid == inside.pid
            assert session.hello["sockets"][0].endswith("/1.sock")
            session.detach()
        unharmed(inside.finish())


@pytest.mark.parametrize("state", ["busy", "sleep"])
def test_many_cycles(python: Python, state: str) -> None:
    """Attach and detach again and again: nothing adds up."""
    if python not in (PYTHONS[0], PYTHONS[-1], PYTHONS[3]) and CYCLES <= 100:
        pytest.skip("three Pythons in the short form")
    with target(python, program(state)) as process:
        _visit(process, 50)  # until the target's own collections of garbage keep up
        maps, size = maps_of(process.pid), _resident(process.pid)
        for number in range(CYCLES // 2 if state == "busy" else CYCLES):
            session = connect(process.pid)
            if number % 2:
                session.detach()
            else:
                session.close()
        assert eventually(lambda: threads_of(process.pid) == 1)
        assert maps_of(process.pid) <= maps + 1
        assert _resident(process.pid) - size < 16 * 1024
        unharmed(process.finish())


def _resident(pid: int) -> int:
    """In kilobytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


KILLER = """
import os, signal, sys
from modtui.reach import connect, tracee
real, count, number, after = tracee._call, 0, int(sys.argv[2]), sys.argv[3] == "after"
def call(*arguments):
    global count
    count += 1
    if count == number and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*arguments)
    if count == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
tracee._call = call
connect(int(sys.argv[1]))
"""


@pytest.mark.parametrize("state", ["sleep", "busy"])
def test_the_inspector_is_killed_at_every_step(state: str) -> None:
    """At each of its requests to the kernel: the target goes on as if nothing had been."""
    with target(NATIVE[3], program(state)) as process:
        number, reached = 0, False
        while not reached:
            number += 1
            for when in ("before", "after"):
                done = subprocess.run(
                    [sys.executable, "-c", KILLER, str(process.pid), str(number), when],
                    check=False,
                    cwd=Path(__file__).parents[2],
                )
                assert process.alive(), (number, when)
                if done.returncode == 0:
                    reached = True
                    break
                assert done.returncode == -9
        assert number > 15
        _visit(process, 8)  # these also close what the killed ones left open
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())


def test_attach_while_it_starts(python: Python) -> None:
    """At any moment of the interpreter's start: reached, or refused in words, and unharmed."""
    from modtui.reach import ReachError

    words: list[str] = []
    for delay in range(0, 60, 6):
        with target(python, program("sleep"), ready=False) as process:
            time.sleep(delay / 1000)
            try:
                connect(process.pid).detach()
            except ReachError as refusal:
                words.append(refusal.reason)
            process.wait_ready()
            report = process.finish()
            assert report["error"] is None
            assert report["works"]
    assert all(words)


def test_attach_while_it_ends(python: Python) -> None:
    from modtui.reach import ReachError

    source = "import time; print('ready', flush=True); time.sleep(0.04); x = [[] for _ in range(9)]"
    words: list[str] = []
    for number in range(8):
        with target(python, source, ready=False) as process:
            assert process.line() == "ready"
            time.sleep(0.003 * number)
            try:
                session = connect(process.pid)
                session.close()
            except ReachError as refusal:
                words.append(refusal.reason)
            assert process.process.wait(60) == 0
    # Whichever was met first: the end, the interpreter's, or that of the agent that came too late.
    ends = ("ended", "ending", "shutdown", "left at once", "inali")
    assert all(any(end in reason for end in ends) for reason in words), words


def test_nothing_is_left_in_the_directories() -> None:
    with target(NATIVE[0], program("sleep")) as process:
        session = connect(process.pid)
        path = session.hello["sockets"][0]
        folder = os.path.dirname(path)
        assert socket.socket(socket.AF_UNIX).connect_ex(path) == 0
        session.detach()
        assert not os.path.exists(path)
        assert not os.path.exists(folder) or os.listdir(folder)
