"""What cannot be reached is refused in words, with what to do about it, and is not touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui.reach import (
    GaveUp,
    NobodyListens,
    NoPermission,
    NoSuchProcess,
    NotPython,
    Session,
    Unsupported,
    connect,
    connecting,
    proc,
)
from tests.pythons import PYENV, PYTHONS, Python
from tests.targets import (
    PRELUDE,
    Target,
    descriptors_of,
    eventually,
    program,
    state_of,
    target,
    unharmed,
)

CHECKOUT = Path(__file__).parents[2]
ANY = PYTHONS[-1] if not PYTHONS[-1].root else PYTHONS[0]


def test_no_such_process() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    for pid in (process.pid, 0, -5):
        with pytest.raises(NoSuchProcess, match=f"there is no process {pid}"):
            connect(pid)


def test_zombie() -> None:
    process = subprocess.Popen(["true"])
    assert eventually(lambda: state_of(process.pid) == "Z")
    with pytest.raises(NoSuchProcess, match="is a zombie"):
        connect(process.pid)
    process.wait()


def test_thread_of_a_process() -> None:
    with target(ANY, program("join")) as process:
        (thread,) = (n for n in os.listdir(f"/proc/{process.pid}/task") if int(n) != process.pid)
        with pytest.raises(NoSuchProcess, match=f"thread of process {process.pid}"):
            connect(int(thread))


def test_kernel_thread() -> None:
    if not Path("/proc/2/status").exists() or "kthreadd" not in Path("/proc/2/status").read_text():
        pytest.skip("no kernel threads are visible here")
    with pytest.raises(NotPython, match="thread of the kernel"):
        connect(2)


def test_not_python() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        assert eventually(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("sleep"))
        with pytest.raises(NotPython, match="does not run Python"):
            connect(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7"])
def test_older_than_38(version: str) -> None:
    found = sorted(PYENV.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here")
    source = "import sys, time; sys.stdout.write('ready\\n'); sys.stdout.flush(); time.sleep(60)"
    with target([str(found[-1])], source) as process:
        with pytest.raises(Unsupported, match=rf"runs Python {version}\..* 3\.8 is the oldest"):
            connect(process.pid)
        assert process.alive()


def test_stopped() -> None:
    with target(ANY, program("sleep")) as process:
        os.kill(process.pid, signal.SIGSTOP)
        assert eventually(lambda: state_of(process.pid) == "T")
        with pytest.raises(Unsupported, match="stopped by a signal") as refusal:
            connect(process.pid)
        assert f"kill -CONT {process.pid}" in refusal.value.remedy
        os.kill(process.pid, signal.SIGCONT)
        connect(process.pid).detach()
        unharmed(process.finish())


TRACER = """
import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
assert libc.ptrace(0x4206, int(sys.argv[1]), 0, 0) == 0
print("ready", flush=True)
time.sleep(60)
"""


# One of another interpreter than ours: who runs ours may be an inspector, and is waited for.
(DEBUGGER, *_), *_ = (python.command for python in PYTHONS if python.label in ("3.8", "3.12"))


@contextmanager
def traced(process: Target, python: str) -> Iterator[subprocess.Popen[bytes]]:
    """By a program of that interpreter."""
    command = [python, "-c", TRACER, str(process.pid)]
    tracer = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert tracer.stdout is not None
        assert tracer.stdout.readline() == b"ready\n"
        yield tracer
    finally:
        tracer.kill()
        tracer.communicate()


def test_already_traced() -> None:
    with target(ANY, program("sleep")) as process:
        with (
            traced(process, DEBUGGER) as tracer,
            pytest.raises(Unsupported, match=f"traced by process {tracer.pid} "),
        ):
            connect(process.pid)
        connect(process.pid).detach()
        unharmed(process.finish())


def test_another_inspector_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes on a busy machine; it is told from a debugger by its interpreter."""
    monkeypatch.setattr(connecting, "TRACER_PATIENCE", 0.0)
    with target(ANY, program("sleep")) as process:
        found: list[Session] = []
        with traced(process, sys.executable):
            waiting = threading.Thread(target=lambda: found.append(connect(process.pid)))
            waiting.start()
            time.sleep(0.3)
            assert not found
        waiting.join()
        found[0].detach()
        unharmed(process.finish())


UNPRIVILEGED = """
import sys
from modtui.reach import ReachError, connect
try:
    connect(int(sys.argv[1]))
except ReachError as error:
    print(type(error).__name__, "|", error.reason, "|", error.remedy)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_users_process(tmp_path: Path) -> None:
    with target(ANY, program("sleep")) as process:
        # The interpreter that runs the tests may live where nobody else can read.
        done = subprocess.run(
            [sys.executable, "-c", _as_user(65534) + UNPRIVILEGED, str(process.pid)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        )
        assert done.stdout.startswith("NoPermission | "), done
        assert "belongs to root" in done.stdout
        assert "sudo" in done.stdout
        unharmed(process.finish())


def _as_user(uid: int) -> str:
    return (
        "import modtui.reach.connecting, modtui.reach.remote_exec, pwd, os\n"
        f"os.setgroups([]); os.setgid({uid}); os.setuid({uid})\n"
    )


@pytest.mark.parametrize(
    ("scope", "capable", "same_user", "words", "remedy"),
    [
        (3, True, True, "ptrace_scope is 3", "modtui run"),
        (2, False, True, "ptrace_scope is 2", "sudo"),
        (1, False, True, "ptrace_scope is 1", "sysctl kernel.yama.ptrace_scope=0"),
        (0, False, True, "CAP_SYS_PTRACE", "--cap-add=SYS_PTRACE"),
        (0, False, False, "belongs to", "sudo"),
        (0, True, True, "even to root", "modtui run"),
    ],
)
def test_words_for_what_the_kernel_forbids(
    monkeypatch: pytest.MonkeyPatch,
    scope: int,
    capable: bool,
    same_user: bool,
    words: str,
    remedy: str,
) -> None:
    process = proc.Proc(os.getpid())
    monkeypatch.setattr(proc, "yama", lambda: scope)
    monkeypatch.setattr(proc, "capable", lambda: capable)
    if not same_user:
        monkeypatch.setattr(os, "geteuid", lambda: process.uid + 1)
    refusal = proc.not_allowed(process)
    assert isinstance(refusal, NoPermission)
    assert words in refusal.reason
    assert remedy in refusal.remedy


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(NobodyListens, match="there is no socket"):
        connect(str(tmp_path / "none.sock"))
    (tmp_path / "file.sock").touch()
    with pytest.raises(NobodyListens, match="nobody listens"):
        connect(str(tmp_path / "file.sock"))
    with target(ANY, program("sleep")) as process:
        with pytest.raises(NobodyListens, match="no agent listens in process"):
            connect(process.pid, via="listening")
        unharmed(process.finish())


def test_unknown_way() -> None:
    with pytest.raises(Unsupported, match="there is no way 'magic'"):
        connect(os.getppid(), via="magic")


def test_itself() -> None:
    with pytest.raises(Unsupported, match="this very process"):
        connect(os.getpid())


GIL_HOLDER = (
    PRELUDE
    + """
import ctypes, time
libc = ctypes.PyDLL(None)
def work():
    libc.usleep(3000000)
    time.sleep(3600)
real = picture
run(work)
"""
)


def test_gives_up_and_withdraws(python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long native call that holds the GIL: the request is taken back, and never runs later."""
    monkeypatch.setattr("modtui.reach.ptrace.PATIENCE", 0.3)
    monkeypatch.setattr("modtui.reach.ptrace.Ptrace.inject.__defaults__", (None, 0.3, None))
    with target(python, GIL_HOLDER) as process:
        with pytest.raises(GaveUp, match="the request was withdrawn"):
            connect(process.pid, via="ptrace")
        # It reaches its sleep, where it would run what is still queued at the next attach.
        monkeypatch.undo()
        session = connect(process.pid)
        assert session.hello["threads"] <= 3
        session.detach()
        report = process.finish()
        report["differs"].pop("descriptors", None)  # the payload that nobody came to close
        unharmed(report)


def test_an_interruption_withdraws() -> None:
    """ctrl-C while a command waits for the target: what was asked for never runs."""
    with target(ANY, GIL_HOLDER.replace("3000000", "20000000")) as process:
        before = descriptors_of(process.pid)
        words = [sys.executable, "-m", "modtui", "list", str(process.pid)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
            assert eventually(lambda: descriptors_of(process.pid) > before, 20)
            command.send_signal(signal.SIGINT)
            command.communicate()
            assert command.returncode == 130
        report = process.finish()
        report["differs"].pop("descriptors", None)  # the payload that nobody came to close
        unharmed(report)


# What forbids one system call: PR_SET_NO_NEW_PRIVS, then PR_SET_SECCOMP with a filter (seccomp(2)).
SECCOMP = """
import ctypes, struct
def forbid(number, action):
    code = struct.pack("<HBBI", 0x20, 0, 0, 0)  # load the number
    code += struct.pack("<HBBI", 0x15, 0, 1, number)  # is it that one?
    code += struct.pack("<HBBI", 0x06, 0, 0, action) + struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)
    area = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("<HxxxxxxQ", 4, ctypes.addressof(area))
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)
    assert libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0) == 0
"""
ERRNO_EPERM, KILL = 0x00050001, 0x80000000
x86_64_only = pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86-64")


@x86_64_only
def test_seccomp_around_us() -> None:
    """A container's filter that refuses ptrace to modtui itself."""
    code = SECCOMP + f"forbid(101, {ERRNO_EPERM})\n" + UNPRIVILEGED
    with target(ANY, program("sleep")) as process:
        done = subprocess.run(
            [sys.executable, "-c", code, str(process.pid)],
            capture_output=True,
            text=True,
            check=True,
            cwd=CHECKOUT,
        )
        assert done.stdout.startswith("NoPermission | the seccomp filter that modtui runs under")
        assert "seccomp=unconfined" in done.stdout
        unharmed(process.finish())


@x86_64_only
def test_seccomp_around_the_target(python: Python) -> None:
    """A filter that kills for memfd_create: no system call is made that a filter may not know."""
    code = program("sleep")
    code = code.replace("def descriptors", f"{SECCOMP}forbid(319, {KILL})\ndef descriptors", 1)
    with target(python, code) as process:
        for _ in range(2):
            session = connect(process.pid)
            assert session.calls.list_modules(0, 5)["total"] > 10
            session.detach()
        unharmed(process.finish())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_of_a_container_without_the_capability() -> None:
    drop = ["setpriv", "--inh-caps=-sys_ptrace", "--bounding-set=-sys_ptrace"]
    with target(ANY, program("sleep")) as process:
        done = subprocess.run(
            [*drop, sys.executable, "-c", UNPRIVILEGED, str(process.pid)],
            capture_output=True,
            text=True,
            check=True,
            cwd=CHECKOUT,
        )
        assert done.stdout.startswith("NoPermission | "), done
        assert "lacks CAP_SYS_PTRACE" in done.stdout
        assert "--cap-add=SYS_PTRACE" in done.stdout
        unharmed(process.finish())


def _command(pid: int) -> tuple[int, str, str]:
    """(exit code, output, errors) of the real command."""
    done = subprocess.run(
        [sys.executable, "-m", "modtui", "list", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_says_it_and_exits_with_3() -> None:
    with target(ANY, program("sleep")) as process:
        os.kill(process.pid, signal.SIGSTOP)
        assert eventually(lambda: state_of(process.pid) == "T")
        stopped = _command(process.pid)
        os.kill(process.pid, signal.SIGCONT)
        with traced(process, DEBUGGER) as tracer:
            already = _command(process.pid)
    ended = subprocess.Popen(["true"])
    assert eventually(lambda: state_of(ended.pid) == "Z")
    zombie = _command(ended.pid)
    ended.wait()
    other = subprocess.Popen(["sleep", "60"])
    assert eventually(lambda: os.readlink(f"/proc/{other.pid}/exe").endswith("sleep"))
    foreign = _command(other.pid)
    other.kill()
    other.wait()
    nobody = _command(other.pid)
    for (code, output, errors), words in (
        (stopped, ("is stopped by a signal", "kill -CONT")),
        (already, (f"already traced by process {tracer.pid} ", "detach that debugger")),
        (zombie, ("is a zombie until its parent",)),
        (foreign, ("(sleep) does not run Python",)),
        (nobody, (f"there is no process {other.pid}", "modtui ps")),
    ):
        assert (code, output) == (3, "")
        assert all(word in errors for word in words), errors


def test_the_countdown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modtui.reach.ptrace.Ptrace.inject.__defaults__", (None, 2.2, None))
    said: list[str] = []
    with target(ANY, GIL_HOLDER.replace("3000000", "5000000")) as process:
        with pytest.raises(GaveUp):
            connect(process.pid, via="ptrace", progress=said.append)
        assert any("giving up in 1 s" in words for words in said), said
        assert process.alive()
