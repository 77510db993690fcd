"""How long a diff of 10,000 lines takes to its first paint, and a page of it: CPU milliseconds.

Beside it the ready-made diff widget for Textual, in an environment of its own that only the bench
has (its licence is not ours).
"""

from __future__ import annotations

import asyncio
import random
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from modtui.source.changes import Change, between
from modtui.tui.app import settle_memory
from modtui.tui.widgets.diff_view import DiffView
from tests.bench.environment import NOTHING, environment
from tests.bench.table import Row
from tests.tui.code_app import CodeApp

PEERS = ("textual-diff-view==0.1.5", "textual>=8.2.8,<9")
WITH_PEER = """
import asyncio, sys, time
from textual.app import App
from textual.containers import VerticalScroll
from textual_diff_view import DiffView
old, new = (open(path, encoding="utf-8", errors="replace").read() for path in sys.argv[1:3])
async def main():
    app = App()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        begun = time.process_time()
        holder = VerticalScroll(DiffView("a.py", "b.py", old, new, split=sys.argv[3] == "split"))
        await app.mount(holder)
        await pilot.pause()
        print((time.process_time() - begun) * 1000)
asyncio.run(main())
"""
LINES = 10_000
SHARES = (0.01, 0.1, 0.5)


def real_lines() -> list[str]:
    """So many lines of the standard library."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        found += path.read_text("utf-8", "replace").replace("\f", "").split("\n")
        if len(found) >= LINES:
            break
    return found[:LINES]


def edited(lines: list[str], share: float) -> list[str]:
    """The lines with that share of them deleted, changed or followed by a new one."""
    dice = random.Random(1)
    found = []
    for line in lines:
        kind = dice.randrange(3) if dice.random() < share else 3
        if kind:
            found.append(line + "  # edited" if kind == 1 else line)
        if kind == 2:
            found.append(f"    extra = {dice.randrange(99)}")
    return found


async def cost(view: DiffView, change: Change) -> tuple[float, float]:
    """CPU milliseconds to paint, and of one page down: medians."""
    async with CodeApp(view).run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        settle_memory()  # as the app does when its first rows are shown
        paints, pages = [], []
        for _ in range(7):
            fresh = between(change.name, change.baseline.data, change.data)
            view.show(None)
            await pilot.pause()
            begun = time.thread_time()
            view.show(fresh)
            await pilot.pause()
            paints.append((time.thread_time() - begun) * 1000)
        view.action_toggle_all_folds()
        await pilot.pause()
        for _ in range(40):
            begun = time.thread_time()
            view.action_page(1)
            await pilot.pause()
            pages.append((time.thread_time() - begun) * 1000)
    return statistics.median(paints), statistics.median(pages)


def with_peer(old: bytes, new: bytes, mode: str) -> float:
    """CPU milliseconds of the ready-made widget, NaN if it takes more than two minutes."""
    python = environment("diff-peers", PEERS)
    if python is None:
        return NOTHING
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("a.py", "b.py")]
        for path, data in zip(paths, (old, new), strict=True):
            path.write_bytes(data)
        command = [python, "-c", WITH_PEER, *map(str, paths), mode]
        try:
            done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        except subprocess.TimeoutExpired:
            return NOTHING
        return float(done.stdout)


def rows() -> Iterator[Row]:
    """Each share of changed lines, side by side and unified."""
    lines = real_lines()
    old = "\n".join(lines).encode()
    for share in SHARES:
        new = "\n".join(edited(lines, share)).encode()
        change = between("bench", old, new)
        for mode in ("split", "unified"):
            view = DiffView()
            view.mode = mode
            paint, page = asyncio.run(cost(view, change))
            beside = (
                (("textual-diff-view", with_peer(old, new, mode)),)
                if (share, mode) == (SHARES[0], "split")
                else ()
            )
            what = f"{share:.0%} of {LINES:,} lines changed, {mode}"
            yield Row(f"{what}: paint, CPU", paint, beside, 60)
            yield Row(f"{what}: a page, CPU", page, (), 20)
