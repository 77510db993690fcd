"""modtui demo: a small live program, edited while it runs, and a guide through it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modtui.reach.session import Session
    from modtui.tui.ahead import Attempt

PROGRAM = Path(__file__).parent / "shop"
START_SECONDS = 20.0


class DemoFailed(Exception):
    """The little program did not start; the message says what it printed."""


class Shop:
    """The running program: where its files are, and what it answers."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], port: int) -> None:
        self.folder = folder
        self.pid = process.pid
        self.port = port

    def ask(self, path: str) -> str:
        """What the server answers to a GET of the path, e.g. "price/tea"; OSError if it is gone."""
        from urllib.request import urlopen

        with urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def edit(self) -> None:
        """Change pricing.py as an editor would: a new text, renamed over the old one."""
        target = self.folder / "shop" / "pricing.py"
        draft = target.with_suffix(".py~")
        draft.write_text(target.read_text().replace(OLD_TEXT, NEW_TEXT))
        draft.replace(target)


# A new definition, and a changed one that another module holds by `from shop.pricing import price`.
OLD_TEXT = """\
    return round(gross, 2)
"""
NEW_TEXT = """\
    return round(gross + packaging(item), 2)


def packaging(item):
    \"\"\"Cake needs a box.\"\"\"
    return 0.50 if item == "cake" else 0.0
"""


def _port(port_file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        text = port_file.read_text() if port_file.exists() else ""
        if text.endswith("\n"):
            return int(text)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise DemoFailed(f"the demo's program did not start: {sys.executable} -m shop")


@contextmanager
def running_shop() -> Iterator[Shop]:
    """Start the program from a copy in a temporary folder; end it and remove the copy after.

    Raises DemoFailed if it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="modtui-demo-") as name:
        folder = Path(name) / "program"
        shutil.copytree(PROGRAM, folder / "shop", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(name) / "run").mkdir()
        # As in life, the files are older than the process, by more than a clock tick of the kernel.
        time.sleep(0.05)
        port_file = Path(name) / "run" / "port"
        process = subprocess.Popen(
            [sys.executable, "-m", "shop", str(port_file)],
            cwd=folder,
            stdin=subprocess.PIPE,  # its end is the program's
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield Shop(folder, process, _port(port_file, process))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _leave_when_the_terminal_closes() -> None:
    # Python would end at once, and leave the program's folder behind.
    for name in ("SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))


def run_demo(look_only: bool = False) -> int:
    """Open the app on the demo's program with a guide; clean up after. Returns an exit code."""
    from modtui.demo.guide import ShopGuide
    from modtui.reach import connect
    from modtui.tui.app import run_app

    _leave_when_the_terminal_closes()
    with running_shop() as shop:

        def attach(attempt: Attempt) -> Session:
            return connect(shop.pid, progress=attempt.tell, stop=attempt.stop)

        return run_app(attach, look_only=look_only, guide=ShopGuide(shop))
