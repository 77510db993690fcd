"""Reloads beside importlib.reload, and the scan for what they leave behind."""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import modtui
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
        self._version = 0
        self.edit()
        sys.path.insert(0, folder)
        self.module: ModuleType = importlib.import_module("measured")

    def edit(self) -> None:
        self._version += 1
        self._path.write_text(text(self._version))

    def by_importlib(self) -> float:
        self.edit()
        return wall(lambda: importlib.reload(self.module))

    def plain(self) -> float:
        self.edit()
        return wall(lambda: modtui.reload(self.module))

    def patched(self) -> float:
        self.edit()
        return wall(lambda: modtui.reload(self.module, patch=True))


def rows() -> Iterator[Row]:
    """In a small heap, then in one of half a million objects."""
    with tempfile.TemporaryDirectory() as folder:
        edited = Edited(folder)
        for heap, size in (("small heap", 0), ("500,000 objects more", OBJECTS)):
            ballast = [[number] for number in range(size)]
            theirs, plain = medians(edited.by_importlib, edited.plain, times=TIMES)
            edited.plain()
            (patched,) = medians(edited.patched, times=TIMES)  # each begins where one of ours ended
            beside = (("importlib.reload", theirs),)
            yield Row(f"plain reload with its report, 1,000 lines, {heap}", plain, beside)
            yield Row(f"patch with its report, 1,000 lines, {heap}", patched, beside)
            del ballast
        sys.path.remove(folder)
