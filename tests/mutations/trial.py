"""One process that has loaded copies of library files, some edited since: what is found out.

The process is a real one of the Python in question. It loads the files, they are edited, perhaps
another process writes new pycs, and only then somebody attaches.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from modtui.reach import Session, connect
from modtui.source.changes import Change, change
from modtui.source.prove import prove
from tests.mutations.edits import KINDS, edited
from tests.pythons import Python

Pycs = Literal["kept", "overwritten", "none", "out of date"]
Git = Literal["holds it", "holds an older one", "none"]
LARGEST = 60_000  # bytes of a library file
UNCHANGED = ("untouched", "touched", "written again", "replaced by a copy", "mode changed")
LOAD = """
import importlib, sys, time
sys.path.insert(0, sys.argv[1])
done = []
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
        done.append(name)
    except BaseException:
        sys.modules.pop(name, None)
print(" ".join(done), flush=True)
sys.stdin.read()
"""


@dataclass
class Case:
    """A module: its text as loaded, its file now, and what was found out about it."""

    name: str
    kind: str  # of the edit, or how it stayed as it was
    loaded: str
    now: str
    older: str
    freshness: Any = None
    change: Change | None = None

    @property
    def is_edited(self) -> bool:
        """Whether the file is not what was loaded."""
        return self.now != self.loaded


@dataclass
class Trial:
    """What one process is about."""

    python: Python
    pycs: Pycs
    git: Git
    edits: int
    unchanged: int
    diffs: int
    cases: list[Case] = field(default_factory=list)


@lru_cache(maxsize=16)
def library(python: Python) -> tuple[Path, ...]:
    """The files of a Python's standard library that make good modules: plain text, not huge."""
    code = "import os; print(os.path.dirname(os.__file__))"
    out = subprocess.run([*python.command, "-c", code], capture_output=True, text=True, check=True)
    folder = Path(python.root + out.stdout.strip())
    skipped = {"this.py", "antigravity.py", "__hello__.py", "idlelib.py", "turtle.py", "site.py"}
    found = []
    for path in sorted(folder.glob("*.py")):
        if path.name in skipped or not path.is_file() or path.is_symlink():
            continue
        if 1500 < path.stat().st_size < LARGEST and path.read_bytes().isascii():
            found.append(path)
    return tuple(found)


def cases(trial: Trial, rng: random.Random) -> Iterator[Case]:
    """Modules and what happens to each."""
    files = list(library(trial.python))
    made = 0
    waiting: list[str] = []
    while made < trial.edits:
        waiting = waiting or rng.sample(sorted(KINDS), len(KINDS))
        kind = waiting.pop()
        for path in rng.sample(files, 6):
            text = path.read_text("ascii")
            now = _edit(text, kind, rng)
            if now is not None:
                older = _edit(text, rng.choice(sorted(KINDS)), rng) or text
                yield Case(f"m{made}_{path.stem}", kind, text, now, older)
                made += 1
                break
    for number in range(trial.unchanged):
        path = rng.choice(files)
        text = path.read_text("ascii")
        kind = UNCHANGED[number % len(UNCHANGED)]
        older = _edit(text, rng.choice(sorted(KINDS)), rng) or text
        yield Case(f"u{number}_{path.stem}", kind, text, text, older)


def _edit(text: str, kind: str, rng: random.Random) -> str | None:
    try:
        return edited(text, kind, rng)
    except SyntaxError:  # newer than the Python that the tests run on
        return None


def run(trial: Trial, seed: int) -> list[Case]:
    """The cases of a trial, with what was found out about each that could be loaded."""
    rng = random.Random(seed)
    trial.cases = list(cases(trial, rng))
    with _folder(trial.python) as folder:
        _write(folder, trial)
        if trial.pycs == "out of date":
            _load_older(folder, trial)
        elif trial.pycs != "none":
            _load(folder, trial)  # the process proper finds the pycs there
        with _process(folder, trial) as (pid, loaded):
            trial.cases = [case for case in trial.cases if case.name in loaded]
            _happen(folder, trial, rng)
            if trial.pycs == "overwritten":
                _load(folder, trial)
            with connect(pid) as session:
                _look(session, trial)
                session.detach()
    return trial.cases


@contextmanager
def _folder(python: Python) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="modtui-edits-", dir=f"{python.root}/tmp"))
    try:
        # What else comes and goes in the place for temporary files does not concern this one.
        (folder / "lib").mkdir()
        yield folder / "lib"
    finally:
        shutil.rmtree(folder)


def _write(folder: Path, trial: Trial) -> None:
    long_ago = time.time() - 3 * 24 * 3600
    for case in trial.cases:
        path = folder / f"{case.name}.py"
        if trial.git == "holds an older one":
            path.write_text(case.older, "ascii")
        else:
            path.write_text(case.loaded, "ascii")
    if trial.git != "none":
        for command in ("init -q", "add -A", "commit -q -m as-loaded"):
            _git(folder, *command.split())
    for case in trial.cases:
        path = folder / f"{case.name}.py"
        path.write_text(case.loaded, "ascii")
        os.utime(path, (long_ago, long_ago))


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def _command(folder: Path, trial: Trial, quiet: bool) -> list[str]:
    seen = "/" + str(folder.relative_to(trial.python.root)) if trial.python.root else str(folder)
    options = ["-B"] if quiet else []
    names = [case.name for case in trial.cases]
    return [*trial.python.command, *options, "-W", "ignore", "-c", LOAD, seen, *names]


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _load(folder: Path, trial: Trial) -> None:
    """Load everything in a process that ends, and that writes pycs."""
    subprocess.run(
        _command(folder, trial, quiet=False),
        input=b"",
        capture_output=True,
        check=True,
        env=_environment(),
    )


def _load_older(folder: Path, trial: Trial) -> None:
    """Have pycs of older texts, which nobody has written anew."""
    for case in trial.cases:
        (folder / f"{case.name}.py").write_text(case.older, "ascii")
        before = time.time() - 7 * 24 * 3600
        os.utime(folder / f"{case.name}.py", (before, before))
    _load(folder, trial)
    before = time.time() - 24 * 3600
    for case in trial.cases:
        (folder / f"{case.name}.py").write_text(case.loaded, "ascii")
        os.utime(folder / f"{case.name}.py", (before, before))


@contextmanager
def _process(folder: Path, trial: Trial) -> Iterator[tuple[int, set[str]]]:
    time.sleep(0.04)  # files are older than a process only from the clock's next tick on
    process = subprocess.Popen(
        _command(folder, trial, quiet=trial.pycs in ("none", "out of date")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
    )
    try:
        assert process.stdout is not None
        loaded = ""
        while not loaded.strip():
            line = process.stdout.readline()
            assert line, "it ended"
            loaded = line
        yield process.pid, set(loaded.split())
    finally:
        process.kill()
        process.communicate()


def _happen(folder: Path, trial: Trial, rng: random.Random) -> None:
    time.sleep(0.04)
    for case in trial.cases:
        path = folder / f"{case.name}.py"
        if case.is_edited:
            _save(path, case, rng)
        elif case.kind == "touched":
            os.utime(path)
        elif case.kind == "written again":
            path.write_text(case.now, "ascii")
        elif case.kind == "replaced by a copy":
            shutil.copy2(path, folder / "copy")
            os.replace(folder / "copy", path)
        elif case.kind == "mode changed":
            path.chmod(0o600)


def _save(path: Path, case: Case, rng: random.Random) -> None:
    """As editors do: in place, or by a new file; now and then the time is put back."""
    before = path.stat()
    target = path if rng.random() < 0.5 else path.with_suffix(".new")
    target.write_text(case.now, "ascii")
    if rng.random() < 0.2:
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    if target != path:
        os.replace(target, path)


def _look(session: Session, trial: Trial) -> None:
    names = [case.name for case in trial.cases]
    found = prove(session.calls, names, session.target, session.root)
    for case in trial.cases:
        case.freshness = found[case.name]
    for case in [case for case in trial.cases if case.is_edited][: trial.diffs]:
        case.change = change(session.calls, case.name, root=session.root)
