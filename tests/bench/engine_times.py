"""How long reload engines take, each in a process of its own, in turns: python FILE ENGINE FOLDER.

The engine is asked by a line on stdin: "edit" edits the module of 1,000 lines and brings the
process up to date, "check" looks at all modules when nothing was edited.
"""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.bench.engines import PACKAGES  # noqa: E402
from tests.bench.environment import NOTHING, environment  # noqa: E402
from tests.bench.reloading import Edited  # noqa: E402
from tests.bench.table import Row, medians, wall  # noqa: E402

TIMES = 9
MODULES = 1_000
Timed = Callable[[], object]


def modtui(edited: Edited, patch: bool = False) -> dict[str, Timed]:
    """Ours; the check is the cheap pass over all modules."""
    import modtui
    from modtui.agent.calls import Calls

    calls = Calls()
    return {
        "edit": lambda: modtui.reload(edited.module, patch=patch),
        "check": lambda: calls.freshness(None),
    }


def by_importlib(edited: Edited) -> dict[str, Timed]:
    """It has no check."""
    return {"edit": lambda: importlib.reload(edited.module)}


def ipython(edited: Edited) -> dict[str, Timed]:
    """What %autoreload 2 does before each cell."""
    os.environ["IPYTHONDIR"] = str(Path(edited.module.__file__ or "").parent)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell: Any = InteractiveShell.instance(config=config)
    logging.getLogger("autoreload").setLevel(logging.CRITICAL)
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2")
    reloader = shell.magics_manager.registry["AutoreloadMagics"]._reloader
    reloader.check(True)
    return {"edit": lambda: reloader.check(True), "check": lambda: reloader.check(True)}


def jurigged(edited: Edited) -> dict[str, Timed]:
    """What its watcher does with a file that was saved."""
    from jurigged.live import watch

    path = str(edited.module.__file__)
    watcher = watch(pattern=path, logger=lambda event: None, autostart=False)
    return {"edit": lambda: watcher.refresh(path)}


ENGINES: dict[str, Callable[[Edited], dict[str, Timed]]] = {
    "modtui": modtui,
    "modtui, patched": partial(modtui, patch=True),
    "importlib.reload": by_importlib,
    "IPython": ipython,
    "jurigged": jurigged,
}


def serve(engine: str, folder: str) -> None:
    """Answer each line with the milliseconds that it took."""
    if engine == "jurigged":  # it must be there before what it is to patch
        import jurigged.register

        jurigged.register.registry.auto_register(filter=lambda path: path.endswith("measured.py"))
    sys.path.insert(0, str(Path(folder, "many")))
    for number in range(MODULES):
        importlib.import_module(f"many.m{number}")
    sys.dont_write_bytecode = True  # else importlib takes edits of one second for one
    edited = Edited(str(Path(folder, "edited")))
    ways = ENGINES[engine](edited)
    print("up", flush=True)
    for line in sys.stdin:
        way = ways.get(line.strip())
        if line.strip() == "edit":
            edited.edit()
        print(wall(way) if way is not None else NOTHING, flush=True)
        if line.strip() == "edit" and edited.module.f100(0)[0] != edited.version:
            raise SystemExit(f"{engine} did not bring the edit in")


def furnish(package: Path) -> None:
    """Write many small modules."""
    package.mkdir(parents=True)
    for number in range(MODULES):
        (package / f"m{number}.py").write_text(f"def f():\n    return {number}\n")


class Engine:
    """One of them, in its process."""

    def __init__(self, name: str, python: str, folder: str, stack: ExitStack) -> None:
        self._process = subprocess.Popen(
            [python, __file__, name, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
        )
        stack.callback(self._end)
        self._ask_up()

    def _ask_up(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line == "up\n":
                return

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, what: str) -> float:
        """How long that takes it, in milliseconds; NaN if it cannot, or failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return NOTHING
        answer = self._process.stdout.readline()
        return float(answer) if answer.strip() else NOTHING


def rows() -> Iterator[Row]:
    """An edit of a function in 1,000 lines; a look when nothing was edited."""
    python = environment("reload-peers", PACKAGES) or sys.executable
    with ExitStack() as stack:
        folders = {name: stack.enter_context(tempfile.TemporaryDirectory()) for name in ENGINES}
        for folder in folders.values():
            furnish(Path(folder, "many", "many"))
            Path(folder, "edited").mkdir()
        time.sleep(3)  # as nearly always, the files are older than the process
        engines = {name: Engine(name, python, folders[name], stack) for name in ENGINES}
        for engine in engines.values():
            engine.ask("edit")  # what they load when they are first used is not counted
        edits = medians(*(partial(one.ask, "edit") for one in engines.values()), times=TIMES)
        found = dict(zip(engines, edits, strict=True))
        ours = [found.pop("modtui"), found.pop("modtui, patched")]
        beside, theirs = tuple(found.items()), found["importlib.reload"]
        what = f"plain reload, an edit in 1,000 lines, {MODULES:,} modules"
        yield Row(what, ours[0], beside, theirs * 1.15 + 2)
        yield Row("patch of the same", ours[1], beside, theirs + 30)
        checks = (partial(engines[name].ask, "check") for name in ("modtui", "IPython"))
        ours_check, ipython_check = medians(*checks, times=TIMES)
        what = f"nothing was edited: a look at {MODULES:,} modules and more"
        yield Row(what, ours_check, (("IPython, each cell", ipython_check),))


if __name__ == "__main__":
    serve(*sys.argv[1:3])
