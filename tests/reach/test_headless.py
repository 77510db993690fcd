"""`modtui run --headless`: in the program's place, for a shell and whoever else starts it."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modtui.reach.running import _take_terminal
from tests.pythons import PYTHONS
from tests.targets import CHECKOUT

NATIVE = [python for python in PYTHONS if not python.root]
ANY = NATIVE[-1]


def _headless(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "modtui", "run", "--headless", "--python", ANY.command[0]]
    return subprocess.Popen([*command, *argv], stdout=subprocess.PIPE, cwd=CHECKOUT, **options)


FORWARDED = [
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGTTIN),
    *(signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH),
]


@pytest.mark.parametrize("number", FORWARDED)
def test_headless_passes_signals_and_the_exit_code(number: int) -> None:
    code = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(42))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.01)\n"
    )
    process = _headless("-c", code, start_new_session=True)  # nor does it have a terminal
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.wait(60) == 42
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGABRT])
def test_headless_dies_as_the_program_does(number: int) -> None:
    """As a shell sees it, and whoever else waits for it."""
    code = f"import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), {number})"
    process = _headless("-c", code)
    process.communicate()
    assert process.returncode == -number


COUNTS = """
import os, signal
count = 0
def add(*_):
    global count
    count += 1
    print("interrupted", flush=True)
def tell(*_):
    print("times", count, flush=True)
    os._exit(0)
signal.signal(signal.SIGINT, add)
signal.signal(signal.SIGUSR1, tell)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_headless_in_a_terminal_is_interrupted_once() -> None:
    """Ctrl-C goes to all that runs in a terminal: we must not send it a second time."""
    master, slave = pty.openpty()
    process = _headless(
        "-c", COUNTS, stdin=slave, start_new_session=True, preexec_fn=_take_terminal
    )
    os.close(slave)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.write(master, b"\x03")
    assert process.stdout.readline() == b"interrupted\n"
    process.send_signal(signal.SIGUSR1)
    assert process.stdout.readline() == b"times 1\n"
    assert process.wait(60) == 0
    process.stdout.close()
    os.close(master)


BAD = """
def first(x):
    try:
        return second(x)
    except ZeroDivisionError as error:
        raise ValueError("no") from error
def second(x):
    return 1 / x
first(0)
"""
ENVIRONMENT = """
import os, subprocess, sys
print(sys.path, sorted(os.environ), flush=True)
subprocess.run([sys.executable, "-c", "import os, sys; print(sys.path, sorted(os.environ))"])
"""
PROGRAMS = {
    "input": ["-", "a", "b"],
    "answers": ["-c", "print(input('first? '), input())"],
    "traceback": ["bad.py"],
    "directory": ["app", "x"],
    "zip": ["app.pyz", "x"],
    "interrupt": ["-c", "raise KeyboardInterrupt"],
    "words": ["-c", "import sys; sys.exit('that was all')"],
    "warnings": ["-W", "error", "-c", "import warnings; warnings.warn('a')"],
    "options": ["-u", "-B", "-X", "dev", "-c", "import sys; print(sys.flags, sys._xoptions)"],
    "without site": ["-S", "env.py"],
    "without variables": ["-Bs", "-E", "env.py"],
    "isolated": ["-I", "-c", "import sys; print(sys.path, sys.argv)", "y"],
    "no file": ["nowhere.py"],
    "no module": ["-m", "nowhere"],
    "no main": ["-m", "package"],
}


def test_byte_for_byte_what_python_does(tmp_path: Path) -> None:
    for folder in ("app", "package"):
        (tmp_path / folder).mkdir()
    (tmp_path / "package/__init__.py").touch()
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "app/__main__.py").write_text("import sys, bad\nprint(sys.argv, sys.path[0])\n")
    (tmp_path / "env.py").write_text(ENVIRONMENT)
    (tmp_path / "app/bad.py").write_text(BAD)
    shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "app")
    (tmp_path / "app.zip").rename(tmp_path / "app.pyz")
    ours = [sys.executable, "-m", "modtui", "run", "--headless", "--python", sys.executable]
    for name, argv in PROGRAMS.items():
        plain, with_us = (
            subprocess.run(
                [*command, *argv],
                input=b"import sys; print(sys.argv, sys.path[0], __name__); sys.exit(5)\n2\n",
                capture_output=True,
                cwd=tmp_path,
                check=False,
            )
            for command in ([sys.executable], ours)
        )
        for which in ("returncode", "stdout", "stderr"):
            assert getattr(with_us, which) == getattr(plain, which), (name, which)
