"""The app: to its first frame and first rows, a key of the filter, scrolling, memory; beside it a
minimal Textual app, Textual's DataTable and the ready-made diff widget.

Starts are wall milliseconds from exec in a pseudo terminal, with compiled modules as an installed
modtui has them; the rest is CPU of the app's own thread. `python -m tests.bench screen`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from modtui.tui.app import settle_memory
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from modtui.tui.filtering import visible
from modtui.tui.screens.browser import BrowserScreen
from tests.bench import peers
from tests.bench.environment import NOTHING, environment
from tests.bench.table import Median, Row
from tests.tui.fake import FakeMachine, FakeSession

COUNTS = (300, 3_000, 10_000)
STARTS = 7
SIZE = (120, 40)
TYPED = ("shop.pri", "is:ext", "m123", "!stdlib p")
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    BINDINGS = [("q", "quit", "quit")]
    def compose(self):
        yield Static("MINIMAL")
Minimal().run()
"""


# ---------------------------------------------------------------- starts, in a pseudo terminal


def _spawn(argv: list[str], folder: str) -> tuple[int, int]:
    """A program in a terminal of its own: its pid, and the terminal."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": folder}
    env |= {"PYTHONPYCACHEPREFIX": f"{folder}/pyc"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    return pid, terminal


def read_until(terminal: int, mark: bytes, patience: float) -> bool:
    """Whether the mark comes in that many seconds; an empty one never does."""
    seen, end = b"", time.monotonic() + patience
    while not mark or mark not in seen:
        left = end - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            return False
        seen += os.read(terminal, 1 << 16)
    return True


@contextmanager
def opened(pid: int, folder: str) -> Iterator[int]:
    """The app, open on a process; its terminal, after the first rows."""
    app, terminal = _spawn([sys.executable, "-m", "modtui", "attach", str(pid)], folder)
    try:
        if not read_until(terminal, b"many.m0000", 30):
            raise RuntimeError("the app never showed a row")
        yield terminal
        os.write(terminal, b"q")
        _drain(terminal)
    finally:
        os.close(terminal)
        os.waitpid(app, 0)


def until_shown(argv: list[str], marks: list[bytes], folder: str) -> list[float]:
    """Milliseconds from exec until each mark is on the terminal, and the memory; then it leaves."""
    begun = time.perf_counter()
    pid, terminal = _spawn(argv, folder)
    shown: list[float] = []
    seen = b""
    try:
        while len(shown) < len(marks) and time.perf_counter() - begun < 30:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 1 << 16)
                while len(shown) < len(marks) and marks[len(shown)] in seen:
                    shown.append((time.perf_counter() - begun) * 1000)
        shown.append(_resident(pid))
        os.write(terminal, b"q")
        _drain(terminal)
    finally:
        os.close(terminal)
        os.kill(pid, signal.SIGKILL)  # others do not leave at a q
        os.waitpid(pid, 0)
    if len(shown) <= len(marks):
        raise RuntimeError(f"{argv} never showed {marks[len(shown) - 1]!r}")
    return shown


def _resident(pid: int) -> float:
    time.sleep(1.0)  # what comes after the first frame is there, too
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _drain(terminal: int) -> None:
    end = time.perf_counter() + 5
    while time.perf_counter() < end:
        try:
            if select.select([terminal], [], [], 0.5)[0] and not os.read(terminal, 1 << 16):
                return
        except OSError:
            return


@contextmanager
def importing(count: int, folder: str) -> Iterator[int]:
    """A process that has imported so many modules of a file each; its pid."""
    package = Path(folder) / "many"
    package.mkdir()
    (package / "__init__.py").touch()
    for number in range(count):
        (package / f"m{number:05}.py").write_text(f"def f():\n    return {number}\n")
    code = (
        "import importlib, time\n"
        f"for n in range({count}): importlib.import_module(f'many.m{{n:05}}')\n"
        "print('up', flush=True)\ntime.sleep(600)\n"
    )
    script = Path(folder) / "go.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def others(folder: str) -> Iterator[tuple[str, Callable[[], float]]]:
    """Textual apps that people know: memray's tree of a small file, and posting."""
    python = peers.python()
    if python is not None:
        found = Path(folder) / "small.bin"
        record = [python, "-m", "memray", "run", "-q", "-o", found, "-c", "list(range(9))"]
        subprocess.run(record, check=True, capture_output=True)
        tree = [python, "-m", "memray", "tree", str(found)]
        yield "memray tree", lambda: _painted(tree, b"<ROOT>", folder)
    python = environment("posting", ("posting",))
    if python is not None:
        posting = [str(Path(python).with_name("posting")), "--collection", folder]
        yield "posting", lambda: _painted(posting, b"Posting", folder)


def _painted(argv: list[str], mark: bytes, folder: str) -> float:
    """Milliseconds from exec to that mark; NaN if it never comes."""
    try:
        return until_shown(argv, [mark], folder)[0]
    except (OSError, RuntimeError):
        return NOTHING


def starts() -> Iterator[Row]:
    """Start to first rows for each size of target, taking turns with the others."""
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder, importing(count, folder) as pid:
            minimal = [sys.executable, "-c", MINIMAL]
            app = [sys.executable, "-m", "modtui", "attach", str(pid)]
            known = tuple(others(folder)) if count == COUNTS[0] else ()
            plain: list[list[float]] = []
            rows: list[list[float]] = []
            their: list[list[float]] = []
            for number in range(STARTS + 1):
                one = until_shown(minimal, [b"MINIMAL"], folder)
                two = until_shown(app, [b"modtui", b"many.m0000"], folder)
                third = [way() for _, way in known]
                if number:  # the first time compiles
                    plain.append(one)
                    rows.append(two)
                    their.append(third)
            least, memory = map(Median, zip(*plain, strict=True))
            frame, first, taken = map(Median, zip(*rows, strict=True))
            names = [name for name, _ in known]
            beside = tuple(zip(names, map(Median, zip(*their, strict=True)), strict=True))
            beside = (("a minimal Textual app", least), *beside)
            yield Row(f"{count:,} modules: start to first frame", frame, beside)
            yield Row(f"{count:,} modules: start to first rows", first, beside, 1.3 * least)
            beside = (("a minimal Textual app", memory),)
            yield Row(f"{count:,} modules: memory of the app", taken, beside, None, "MB")


# ---------------------------------------------------------------- keys, in a headless terminal


def many(session: FakeSession, count: int) -> None:
    """The recorded census over and over, under other names."""
    base = session.calls.records
    session.calls.records = [
        {
            **base[n % len(base)],
            "name": f"{base[n % len(base)]['name']}.m{n}" if n >= len(base) else base[n]["name"],
            "place": "project" if n % 3 else base[n % len(base)]["place"],
        }
        for n in range(count)
    ]


async def cost(action: Callable[[], Any]) -> float:
    """CPU milliseconds of the app's thread for an action and all paints that follow at once."""
    begun = time.thread_time()
    found = action()
    if found is not None:
        await found
    await asyncio.sleep(0.035)  # two frames
    spent = time.thread_time()
    while True:
        await asyncio.sleep(0.01)
        before, spent = spent, time.thread_time()
        if spent - before < 0.0005:
            return (spent - begun) * 1000


async def ours(count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each key of the filter and of each page scrolled."""
    session = FakeSession()
    many(session, count)
    config = Config(Path("config.toml"), folded=False)
    app = ModtuiApp(
        lambda attempt: session, machine=FakeMachine(session), config=config, settle=settle_memory
    )
    keys, pages = [], []
    async with app.run_test(size=SIZE):
        screen = app.screen
        assert isinstance(screen, BrowserScreen)
        while not (screen.model.complete and screen.is_complete):
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        screen.feed.paused = True
        screen.action_filter()
        await asyncio.sleep(0.3)
        typed = screen.filter._input
        for text in TYPED:
            for letter in text:
                keys.append(await cost(lambda c=letter: typed.insert_text_at_cursor(c)))
                await asyncio.sleep(0.02)
            screen.filter.value = ""
            await asyncio.sleep(0.4)
        screen.modules.focus()
        await asyncio.sleep(0.4)
        for _ in range(min(40, count // 35)):
            pages.append(await cost(lambda: screen.modules.action_page(1)))
    return keys, pages


class TableApp(App[None]):
    """The same rows in a DataTable, filtered the only way that it offers."""

    def __init__(self, rows: list[Any]) -> None:
        super().__init__()
        self.all = rows

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("", "Module", "Status", "Freshness", "File")
        self.fill("")

    def fill(self, text: str) -> None:
        table = self.query_one(DataTable)
        table.clear()
        for row in visible(self.all, text, frozenset(), None, False):
            table.add_row("~", row.shown, row.status, row.verdict, row.file)


async def data_table(count: int) -> tuple[float, list[float], list[float]]:
    """Milliseconds to fill it, of each key, and of each page."""
    session = FakeSession()
    many(session, count)
    from modtui.tui.filtering import row

    rows = [row(record) for record in session.calls.records]  # type: ignore[arg-type]
    app = TableApp(rows)
    keys, pages = [], []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        fill = await cost(lambda: app.fill(""))
        for text in TYPED[:2]:
            for end in range(1, len(text) + 1):
                keys.append(await cost(lambda t=text[:end]: app.fill(t)))
                await asyncio.sleep(0.02)
        app.fill("")
        await pilot.pause(0.3)
        table = app.query_one(DataTable)
        for _ in range(min(20, count // 35)):
            pages.append(await cost(lambda: table.action_page_down()))
    return fill, keys, pages


def typing() -> Iterator[Row]:
    """Ours and the DataTable at each size."""
    for count in COUNTS:
        keys, pages = asyncio.run(ours(count))
        fill, their_keys, their_pages = asyncio.run(data_table(count))
        middle = statistics.median
        yield Row(f"{count:,} rows: a key of the filter, CPU", middle(keys),
                  (("DataTable", middle(their_keys)),), 16)  # fmt: skip
        yield Row(
            f"{count:,} rows: the worst key, CPU", max(keys), (("DataTable", max(their_keys)),)
        )
        yield Row(
            f"{count:,} rows: a page, CPU", middle(pages), (("DataTable", middle(their_pages)),)
        )
        yield Row(f"{count:,} rows: DataTable filled, CPU", fill)


def rows() -> Iterator[Row]:
    """Starts, then keys."""
    yield from starts()
    yield from typing()
