"""Reloads beside importlib.reload, and the scan for what they leave behind."""

from __future__ import annotations

import importlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import modtui
from modtui.agent import holders
from tests.bench.table import Row, medians, wall

TIMES = 9
FUNCTIONS = 200
OBJECTS = 500_000


def text(version: int) -> str:
    """A module of 1,000 lines; its versions differ in one function."""
    lines = [f"VERSION = {version}", ""]
    for number in range(FUNCTIONS):
        changed = version if number == FUNCTIONS // 2 else 0
        lines += [
            f"def f{number}(a, b={number}):",
            f"    total = a * {number} + {changed}",
            "    return [total, b, f'{total} of {b}']",
            "",
            "",
        ]
    return "\n".join(lines)


class Edited:
    """The module in a file that is edited before each measurement."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder) / "measured.py"
        self.version = 0
        self.edit()
        sys.path.insert(0, folder)
        self.module: ModuleType = importlib.import_module("measured")

    def edit(self) -> None:
        self.version += 1
        self._path.write_text(text(self.version))

    def by_importlib(self) -> float:
        self.edit()
        return wall(lambda: importlib.reload(self.module))

    def plain(self) -> float:
        self.edit()
        return wall(lambda: modtui.reload(self.module))

    def patched(self) -> float:
        self.edit()
        return wall(lambda: modtui.reload(self.module, patch=True))


def hold(action: Callable[[], object]) -> float:
    """The longest time, in milliseconds, during which another thread could not run."""
    longest, stop, last = 0.0, threading.Event(), time.perf_counter()

    def tick() -> None:
        nonlocal longest, last
        while not stop.is_set():
            time.sleep(0.0005)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    thread = threading.Thread(target=tick)
    thread.start()
    time.sleep(0.05)
    longest = 0.0
    try:
        action()
    finally:
        stop.set()
        thread.join()
    return longest * 1000


HELD = 20


def scanned(folder: str) -> ModuleType:
    """A module of classes and functions that others hold: what a reload would leave behind."""
    lines = [f"class C{n}: pass\ndef g{n}(): pass" for n in range(HELD)]
    Path(folder, "held.py").write_text("\n".join(lines))
    return importlib.import_module("held")


def scan(module: ModuleType) -> object:
    """Find who holds its objects."""
    return holders.left_behind(holders.Owned({"held": vars(module)}), ["held"])


def rows() -> Iterator[Row]:
    """In a small heap, then in one of half a million objects."""
    with tempfile.TemporaryDirectory() as folder:
        edited = Edited(folder)
        module = scanned(folder)
        held = [getattr(module, f"C{n}")() for n in range(HELD) for _ in range(100)]
        callbacks = [getattr(module, f"g{n}") for n in range(HELD)]
        for heap, size in (("small heap", 0), ("500,000 objects more", OBJECTS)):
            ballast = [[number] for number in range(size)]
            theirs, plain = medians(edited.by_importlib, edited.plain, times=TIMES)
            edited.plain()
            (patched,) = medians(edited.patched, times=TIMES)  # each begins where one of ours ended
            beside = (("importlib.reload", theirs),)
            yield Row(
                f"plain reload with its report, 1,000 lines, {heap}",
                plain,
                beside,
                theirs * 1.15 + 2,
            )
            yield Row(f"patch with its report, 1,000 lines, {heap}", patched, beside, theirs + 30)
            (scans,) = medians(lambda: wall(lambda: scan(module)), times=TIMES)
            yield Row(f"scan: who holds {2 * HELD} old objects, {heap}", scans, (), 250)
            (longest,) = medians(lambda: hold(lambda: scan(module)), times=TIMES)
            yield Row(f"longest that another thread waits in it, {heap}", longest, (), 50)
            (longest,) = medians(lambda: hold(edited.patched), times=TIMES)
            yield Row(f"longest that another thread waits in a patch, {heap}", longest, (), 50)
            del ballast
        del held, callbacks
        sys.path.remove(folder)
