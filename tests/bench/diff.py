"""How long a diff of 10,000 lines takes to its first paint, and a page of it: CPU milliseconds."""

from __future__ import annotations

import asyncio
import random
import statistics
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from modtui.source.changes import Change, between
from modtui.tui.widgets.diff_view import DiffView
from tests.bench.table import Row
from tests.tui.code_app import CodeApp

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


def rows() -> Iterator[Row]:
    """Each share of changed lines, side by side and unified."""
    lines = real_lines()
    old = "\n".join(lines).encode()
    for share in SHARES:
        change = between("bench", old, "\n".join(edited(lines, share)).encode())
        for mode in ("split", "unified"):
            view = DiffView()
            view.mode = mode
            paint, page = asyncio.run(cost(view, change))
            yield Row(f"{share:.0%} of {LINES:,} lines changed, {mode}: paint, CPU", paint, (), 60)
            yield Row(f"{share:.0%} of {LINES:,} lines changed, {mode}: a page, CPU", page, (), 20)
