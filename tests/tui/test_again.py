"""The target ends and is started again: the app finds the new process by its command line."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modtui.reach import connect
from modtui.reach.errors import Cancelled
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from tests.tui.driving import browser, until
from tests.tui.quiet import ENDLESS

SERVE = "import sys, time\nprint('up', flush=True)\nwhile True: time.sleep(0.05)\n"
# When told to, its main thread goes where nothing of ours can run, without holding the lock.
BUSY = """\
import hashlib, os, sys, time
print("up", flush=True)
while not os.path.exists(sys.argv[0] + ".go"): time.sleep(0.02)
open(sys.argv[0] + ".gone", "w").close()
hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
"""


@pytest.fixture(autouse=True)
def _proofs_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what the app finds out in the background about every module."""
    monkeypatch.setattr("tests.tui.quiet.ENDLESS", ENDLESS | {"keep"})


def start(folder: Path, code: str = SERVE) -> subprocess.Popen[bytes]:
    script = folder / "serve.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(script), "--quiet"], stdout=subprocess.PIPE, cwd=folder
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("back", [False, True])
async def test_attach_again_to_the_new_process(tmp_path: Path, back: bool) -> None:
    process = start(tmp_path)
    app = ModtuiApp(lambda attempt: connect(process.pid), config=Config(Path("config.toml")))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: browser(pilot).model.complete)
        old = process.pid
        end(process)
        await until(pilot, lambda: browser(pilot).lost)
        if back:
            process = start(tmp_path)
        try:
            await pilot.press("R")
            screen = browser(pilot)
            if back:
                await until(pilot, lambda: screen.header.state == "live" and screen.model.complete)
                assert screen.header.pid == process.pid != old
                assert "__main__" in screen.model.rows
            else:
                await until(pilot, lambda: screen.header.state == "lost")
                assert "__main__" in screen.model.rows, "what was read can still be read"
        finally:
            end(process)


def test_a_reload_that_waits_is_cancelled_in_a_real_process(tmp_path: Path) -> None:
    process = start(tmp_path, BUSY)
    try:
        with connect(process.pid) as session:
            (tmp_path / "serve.py.go").touch()
            while not (tmp_path / "serve.py.gone").exists():
                time.sleep(0.02)
            stop = threading.Event()
            threading.Timer(0.5, stop.set).start()
            with pytest.raises(Cancelled):
                session.reload(["hashlib"], yes=True, cancel=stop)
            assert session.calls.journal() == []
            report = session.reload(["hashlib"], thread="agent", yes=True)
            assert report["ok"], "what was cancelled leaves nothing in the way"
    finally:
        end(process)
