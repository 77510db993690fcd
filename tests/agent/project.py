"""A folder of modules that a test writes, imports, edits and reloads in this process."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from types import ModuleType


class Project:
    """Modules in a folder that is on sys.path; they are forgotten when the test ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: set[str] = set()

    def write(self, name: str, text: str, old: bool = False) -> None:
        """Write a module's text; `old` gives the file an earlier time."""
        path = self.folder / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if old:
            os.utime(path, (time.time() - 60, time.time() - 60))
        self._written.add(name)

    def load(self, **texts: str) -> list[ModuleType]:
        """Write and import modules; `a__b` stands for a.b."""
        for name, text in texts.items():
            self.write(name.replace("__", ".") if name.strip("_") == name else name, text, True)
        importlib.invalidate_caches()
        return [importlib.import_module(name.replace("__", ".")) for name in texts]

    def forget(self) -> None:
        """Drop the modules from sys.modules."""
        for name in self._written:
            sys.modules.pop(name, None)
