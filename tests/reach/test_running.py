"""`modtui run`: programs see what they would see without us, with the agent in from the start."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from modtui.reach import NoSuchProcess, Unsupported
from modtui.reach.arrival import is_passed_over
from modtui.reach.running import Running, interpreter, run
from tests.pythons import PYTHONS, Python
from tests.targets import eventually

NATIVE = [python for python in PYTHONS if not python.root]
ANY = NATIVE[-1]

SHOW = """
import json, os, sys
main = sys.modules["__main__"]
print("@@" + json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "file": globals().get("__file__"),
    "spec": getattr(globals().get("__spec__"), "name", None), "doc": __doc__,
    "pythonpath": os.environ.get("PYTHONPATH"), "environment": sorted(os.environ),
    "main": sorted(vars(main)), "hooks": [str(h).partition(" at ")[0] for h in sys.path_hooks],
    "meta": [getattr(f, "__name__", str(type(f))) for f in sys.meta_path],
    "flags": str(sys.flags), "prefix": sys.prefix, "executable": sys.executable,
    "site": sorted(n for n in sys.modules if "custom" in n),
    "orig": getattr(sys, "orig_argv", None),
    "importers": sorted(sys.path_importer_cache),
}))
"""


def _told(output: bytes) -> dict[str, object]:
    line = next(line for line in output.decode().splitlines() if line.startswith("@@"))
    told: dict[str, object] = json.loads(line[2:])
    return told


def _both(
    python: Python, argv: list[str], cwd: Path, **environment: str
) -> tuple[dict[str, object], dict[str, object]]:
    """What the program tells when python runs it, and when we do."""
    variables = {**os.environ, "COLUMNS": "80", "LINES": "24", **environment}
    plain = subprocess.run(
        [*python.command, *argv],
        stdout=subprocess.PIPE,
        cwd=cwd,
        env=variables,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    running = run(argv, python=python.command[0], cwd=str(cwd), environment=variables)
    assert running.wait() == 0, running.output
    return _told(plain.stdout), _told(running.output)


@pytest.fixture(params=NATIVE, ids=str)
def native(request: pytest.FixtureRequest) -> Python:
    """Each Python that can be started here."""
    python: Python = request.param
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A script, a module, a package, a directory and a zip to run."""
    (tmp_path / "script.py").write_text(SHOW)
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").touch()
    (tmp_path / "package/__main__.py").write_text(SHOW)
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory/__main__.py").write_text(SHOW)
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", SHOW)
    return tmp_path


@pytest.mark.parametrize(
    "argv",
    [
        ["script.py", "a", "--b"],
        ["-m", "package", "x"],
        ["-m", "script"],
        ["directory", "y"],
        ["app.pyz"],
        ["-c", SHOW, "arg"],
    ],
    ids=["script", "package", "module", "directory", "zip", "code"],
)
def test_programs_see_what_they_see_without_us(
    native: Python, project: Path, argv: list[str]
) -> None:
    plain, ours = _both(native, argv, project)
    assert ours == plain


def test_pythonpath_and_a_sitecustomize_of_the_users(native: Python, project: Path) -> None:
    other = project / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import builtins\nbuiltins.customized = __file__\n")
    (project / "script.py").write_text(SHOW + "print(customized)\n")
    plain, ours = _both(native, ["script.py"], project, PYTHONPATH=f"{other}:/nowhere")
    assert ours == plain
    assert ours["pythonpath"] == f"{other}:/nowhere"
    assert "sitecustomize" in ours["site"]  # type: ignore[operator]


def test_tracebacks_and_exit_codes(native: Python, project: Path) -> None:
    (project / "bad.py").write_text("def f():\n    1 / 0\nf()\n")
    plain = subprocess.run(
        [*native.command, "bad.py"], capture_output=True, cwd=project, check=False
    )
    environment = {**os.environ, "NO_COLOR": "1"}  # it has a terminal with us
    running = run(["bad.py"], python=native.command[0], cwd=str(project), environment=environment)
    assert running.wait() == plain.returncode == 1
    assert running.output.replace(b"\r\n", b"\n") == plain.stderr


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(7)", 7),
        ("import os; os._exit(300 % 256)", 44),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import sys; sys.exit('no')", 1),
    ],
)
def test_how_it_ended(code: str, expected: int) -> None:
    assert run(["-c", code], python=ANY.command[0]).wait() == expected


def _ask(running: Running) -> None:
    running.write(b"hello\n")


def test_the_agent_is_there_from_the_start(native: Python, project: Path) -> None:
    (project / "late.py").write_text("value = 1\n")
    (project / "script.py").write_text("import late\nprint('got', input())\n")
    running = run(["script.py"], python=native.command[0], cwd=str(project))
    session = running.session
    assert session.way == "run"
    assert session.hello["arrival"] == "run"
    assert session.hello["capturing"]
    assert session.host_pid == running.pid
    assert eventually(
        lambda: "late" in [r["name"] for r in session.calls.list_modules()["modules"]]
    )
    baseline = session.calls.baseline("late")
    assert (baseline["source"], baseline["data"]) == ("captured", "value = 1\n")
    _ask(running)
    assert running.wait() == 0
    assert b"got hello" in running.output
    session.close()
    assert not os.path.exists(session.hello["sockets"][0])


@pytest.mark.parametrize("option", ["-I", "-S", "-E"])
def test_who_does_not_heed_us_is_reached_by_pid(option: str) -> None:
    code = "print(input(), sorted(n for n in __import__('sys').modules if 'modtui' in n))"
    running = run([option, "-c", code], python=ANY.command[0])
    assert running.session.way == "ptrace"
    running.session.detach()
    _ask(running)
    assert running.wait() == 0
    assert b"[]" in running.output


@pytest.mark.parametrize(
    ("words", "passed_over"),
    [
        ("-I x.py", True),
        ("-uE -m x", True),
        ("-W error -S x.py", True),
        ("-Werror -X dev -BSu x", True),
        ("--check-hash-based-pycs never -I x", True),
        ("x.py -I", False),
        ("-c code -S", False),
        ("-um x -E", False),
        ("-W -I x.py", False),
        ("-XI x.py", False),
        ("- -I", False),
        ("--version", False),
        ("-X", False),
    ],
)
def test_what_the_interpreter_is_told(words: str, passed_over: bool) -> None:
    assert is_passed_over(words.split()) is passed_over


def test_detach_leaves_nothing_in_it(native: Python) -> None:
    code = "import sys; input(); print('@@', [n for n in sys.modules if 'modtui' in n])"
    running = run(["-c", code], python=native.command[0])
    running.session.detach()
    assert len(os.listdir(f"/proc/{running.pid}/task")) == 1
    _ask(running)
    assert running.wait() == 0
    assert b"@@ []" in running.output


def test_children_run_without_us(native: Python) -> None:
    code = (
        "import subprocess, sys\n"
        "print('@@', subprocess.check_output([sys.executable, '-c',"
        " 'import sys; print([n for n in sys.modules if \"modtui\" in n])']))"
    )
    running = run(["-c", code], python=native.command[0])
    assert running.wait() == 0
    assert b"[]" in running.output


def test_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    running = run(["-c", "input()"], python=ANY.command[0])
    running.session.close()
    assert os.listdir(tmp_path) == []
    _ask(running)
    assert running.wait() == 0


def test_it_has_a_terminal_of_its_own() -> None:
    code = "import os, sys; print(os.isatty(0), os.get_terminal_size()); input()"
    running = run(["-c", code], python=ANY.command[0])
    running.resize(33, 77)
    assert eventually(lambda: b"True" in running.output)
    running.write(b"\x03")  # its terminal makes an interrupt of it
    assert running.wait() == 130
    assert b"KeyboardInterrupt" in running.output


def test_output_is_told_and_bounded() -> None:
    told: list[bytes] = []
    code = "for n in range(60000): print(n, 'x' * 40)"
    running = run(["-c", code], python=ANY.command[0], on_output=told.append)
    assert running.wait() == 0
    assert len(running.output) < 1_200_000
    assert b"59999 x" in running.output
    assert b"".join(told).startswith(b"0 xxx")


def test_a_program_that_ends_at_once() -> None:
    running = run(["/nowhere/at/all.py"], python=ANY.command[0])
    assert running.wait() == 2
    with pytest.raises(NoSuchProcess, match="ended at once, with exit code 2"):
        _ = running.session
    assert b"can't open file" in running.output


def test_which_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert interpreter() == sys.executable
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert interpreter() == str(tmp_path / "bin/python")
    assert interpreter("/bin/sh") == "/bin/sh"
    with pytest.raises(Unsupported, match="no interpreter /nowhere/python"):
        interpreter("/nowhere/python")


HANDED_OVER = """
import sys
from modtui.reach.running import run
running = run(sys.argv[1:], python=%r)
running.session.calls.hello()
while b"asking" not in running.output:
    pass
sys.exit(running.hand_over())
"""
ASKING = """
import os, signal, sys
print("asking", flush=True)
name = input("name? ")
print("hello", name, os.get_terminal_size(), flush=True)
signal.signal(signal.SIGWINCH, lambda *_: print("now", os.get_terminal_size(), flush=True))
try:
    signal.pause()
    signal.pause()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(33)
"""


def test_the_terminal_is_handed_over() -> None:
    """What was printed before is replayed; keys, sizes, interrupts and the exit code pass."""
    import fcntl
    import pty
    import select
    import struct
    import termios
    import time

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 70, 0, 0))
    before = termios.tcgetattr(slave)
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-c", HANDED_OVER % ANY.command[0], "-c", ASKING],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=Path(__file__).parents[2],
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    seen = b""

    def until(words: bytes) -> None:
        nonlocal seen
        end = time.monotonic() + 20
        while words not in seen:
            ready, _, _ = select.select([master], [], [], 0.1)
            if ready:
                seen += os.read(master, 65536)
            assert time.monotonic() < end, seen

    try:
        until(b"name? ")
        assert seen.count(b"asking") == 1
        os.write(master, b"ann\r")
        until(b"hello ann os.terminal_size(columns=70, lines=20)")
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
        until(b"now os.terminal_size(columns=90, lines=30)")
        os.write(master, b"\x03")  # the program's own terminal makes an interrupt of it
        until(b"interrupted")
        assert process.wait(20) == 33
        assert termios.tcgetattr(slave) == before
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


PUMPED = """
import sys, threading
sys.path.insert(0, {folder!r})
import tellme
print("ready", flush=True)
while True:
    if tellme.value == 2:
        print(tellme.ran_on == threading.main_thread().ident, flush=True)
        input()
"""


def test_main_runs_a_reload_where_nobody_may_trace(native: Python, tmp_path: Path) -> None:
    """The agent brings it there itself, by a pending call from inside."""
    module = "import _thread\nran_on = _thread.get_ident()\nvalue = {}\n"
    file = tmp_path / "tellme.py"
    file.write_text(module.format(1))
    os.utime(file, (1, 1))
    running = run(["-c", PUMPED.format(folder=str(tmp_path))], python=native.command[0])
    session = running.session
    assert eventually(lambda: b"ready" in running.output, 20)
    session.mechanism = ""  # as if the kernel did not let us trace
    file.write_text(module.format(2))
    report = session.reload(["tellme"])
    assert report["ok"], report
    assert report["thread"] == "main"
    assert eventually(lambda: b"True" in running.output)
    _ask(running)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == 137


def test_a_blocked_main_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """Where nobody may trace, a main thread that is blocked does not come: the agent's runs it."""
    (tmp_path / "lib.py").write_text("value = 1\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import lib; input(); print(lib.value)"
    )
    running = run(["-c", code], python=ANY.command[0])
    session = running.session
    assert eventually(lambda: "lib" in [r["name"] for r in session.calls.list_modules()["modules"]])
    session.mechanism = ""
    (tmp_path / "lib.py").write_text("value = 12345\n")
    said: list[str] = []
    report = session.reload(["lib"], progress=said.append)
    assert (report["ok"], report["thread"]) == (True, "agent")
    assert "nobody may trace this process" in said[0]
    _ask(running)  # main comes to the withdrawn call, which does nothing
    assert running.wait() == 0
    assert b"12345" in running.output
    session.close()


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps here")
def test_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on macOS: what /proc would say is asked of `ps` and of signals."""
    from modtui.reach import connect, proc, session

    monkeypatch.setattr(proc, "LINUX", False)
    monkeypatch.setattr(session, "LINUX", False)
    running = run(["-c", "input()"], python=ANY.command[0])
    with running.session as ours:
        assert ours.alive
        assert ours.calls.list_modules(0, 5)["total"] > 10
        with connect(running.pid) as other:
            assert other.target["pid"] == running.pid
        with connect(ours.hello["sockets"][0]) as other:
            assert other.alive
    _ask(running)
    assert running.wait() == 0
    assert not ours.alive
