"""How many of the small edits of tests/agent/edits each engine carries through.

Edits whose assertions ask for what only our report says are left out. IPython and jurigged are in
an environment that the bench makes for itself, or that of MODTUI_BENCH_PYTHON.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.agent.scenarios_runner import edits  # noqa: E402

ONLY_OURS = ("could_not_patch", "undo()", "__modtui_", "refused", '["error"]')
PACKAGES = ("ipython", "jurigged")
ENGINES = ("modtui", "importlib", "ipython", "jurigged")


class Peer:
    """What the runner wants of an engine; `work` reloads, and raises what it reports."""

    def start(self, root: str) -> None:
        """Before anything is imported."""

    def ready(self) -> None:
        """When everything is set up, before the edit."""

    def work(self, names: tuple[str, ...]) -> None:
        raise NotImplementedError

    def reload(self, *names: str) -> dict[str, Any]:
        try:
            self.work(names)
        except BaseException as error:
            return {"ok": False, "rolled_back": True, "error": error}
        return {"ok": True, "rolled_back": False}

    def undo(self) -> None:
        raise NotImplementedError


class Importlib(Peer):
    """importlib.reload of each module, in the order of selection."""

    def work(self, names: tuple[str, ...]) -> None:
        for name in names:
            importlib.reload(sys.modules[name])


class IPython(Peer):
    """%autoreload 2: every module whose file is newer is reloaded before a cell runs."""

    def start(self, root: str) -> None:
        os.environ["IPYTHONDIR"] = root
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        self._shell = InteractiveShell.instance(config=config)
        self._shell.run_cell("%load_ext autoreload")
        self._shell.run_cell("%autoreload 2")
        self._said: list[str] = []
        logger = logging.getLogger("autoreload")
        handler = logging.Handler()
        handler.emit = lambda record: self._said.append(record.getMessage())  # type: ignore[method-assign]
        logger.addHandler(handler)
        logger.propagate = False

    def ready(self) -> None:
        self._shell.run_cell("None")
        self._shell.run_cell("None")

    def work(self, names: tuple[str, ...]) -> None:
        self._said.clear()
        self._shell.run_cell("None").raise_error()
        if self._said:
            raise RuntimeError("; ".join(self._said))


class Jurigged(Peer):
    """jurigged.watch; its refresh is called at once, as its watcher would call it."""

    def start(self, root: str) -> None:
        from jurigged.live import watch

        self._failed: list[BaseException] = []

        def note(event: object) -> None:
            if isinstance(event, BaseException):
                self._failed.append(event)

        self._watch = watch(pattern=os.path.join(root, "*"), logger=note, autostart=False)

    def work(self, names: tuple[str, ...]) -> None:
        self._failed.clear()
        registry = self._watch.registry
        for name in names:
            path = sys.modules[name].__file__
            if path in set(registry.cache) | set(registry.precache):
                self._watch.refresh(path)
        if self._failed:
            raise self._failed[0]


PEERS = {"modtui": edits.Ours, "importlib": Importlib, "ipython": IPython, "jurigged": Jurigged}


def count(engine: str) -> None:
    """Print how many edits an engine passes, file by file."""
    sys.dont_write_bytecode = False  # a program's modules have compiled files
    for path in sorted((ROOT / "tests/agent/edits").glob("*.txt")):
        passed, failed = 0, []
        for edit in edits.read(str(path)):
            texts = [text for files in edit.files.values() for text in files.values()]
            said = "".join([*edit.parts.values(), *texts])
            if sys.version_info < edit.python or any(word in said for word in ONLY_OURS):
                continue
            if edits.forked(edit, "once", PEERS[engine]):
                failed.append(edit.name)
            else:
                passed += 1
        print(path.stem, passed, passed + len(failed), ",".join(failed), flush=True)


def rows() -> Iterator[Any]:
    """A row for each engine: the edits that it passes."""
    from tests.bench.environment import environment
    from tests.bench.table import Row

    there = environment("reload-peers", PACKAGES)
    python = os.environ.get("MODTUI_BENCH_PYTHON") or there or sys.executable
    for engine in ENGINES:
        done = subprocess.run(
            [python, __file__, engine],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        lines = [line.split(" ") for line in done.stdout.splitlines() if line.count(" ") >= 3]
        found = {words[0]: (int(words[1]), int(words[2])) for words in lines}
        beside = tuple((f"{name} of {of}", float(passed)) for name, (passed, of) in found.items())
        every = sum(of for _, of in found.values())
        passed = sum(one for one, _ in found.values())
        yield Row(f"edits that {engine} carries through, of {every}", passed, beside, unit="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    count(parser.parse_args().engine)
