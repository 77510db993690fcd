"""The text as loaded from git: a file with many versions in a repository with many commits."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tempfile
import time
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modtui.reach import connect
from modtui.source.changes import Change, change
from tests.bench.table import Row, medians, wall
from tests.bench.targets import target

TIMES = 9
COMMITS, VERSIONS = 5_000, 200
OLDEST = 1_600_000_000
LOAD = "import sys; sys.path.insert(0, {folder!r}); import m; print('up', flush=True)\n"
LOAD += "sys.stdin.read()"


def history(top: Path) -> list[str]:
    """Make the repository; the versions of the file `m.py`, the oldest first."""
    text = inspect.getsource(typing).replace("\f", "")
    versions, stream = [], []
    for number in range(COMMITS):
        if number % (COMMITS // VERSIONS):
            path, data = f"other{number % 50}.py", f"x = {number}\n"
        else:
            # Each version differs from all others, and only in one function.
            data = text.replace("def cast(typ, val):", f"def cast(typ, val, v{number}=1):")
            path = "m.py"
            versions.append(data)
        stream.append(
            f"commit refs/heads/main\ncommitter a <a@b> {OLDEST + number * 3600} +0000\ndata 1\nx\n"
            f"M 100644 inline {path}\ndata {len(data.encode())}\n{data}\n"
        )
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=top, check=True)
    done = "".join(stream).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=top, input=done, check=True)
    subprocess.run(["git", "reset", "-q", "--mixed"], cwd=top, check=True)
    return versions


def rows() -> Iterator[Row]:
    """The module was loaded from the newest version, or one in the middle; the file is edited."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        versions = history(top)
        size = len(versions[0]) // 1024
        what = f"baseline from git, {VERSIONS} versions of {size} KB in {COMMITS} commits"
        for name, at in (("the newest", -1), ("one in the middle", VERSIONS // 2)):
            for pycs in (False, True):
                found = measure(top, versions[at], versions[-1], pycs)
                yield Row(f"{what}: {name}{', with its pyc' * pycs}", found, (), 500)


def measure(top: Path, loaded: str, head: str, pycs: bool) -> float:
    """How long it takes until the text is there, in milliseconds."""
    (top / "m.py").write_text(loaded)
    time.sleep(0.05)
    code = LOAD.format(folder=str(top))
    if pycs:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(top)!r}); import m"]
        subprocess.run(command, env=environment, check=True)
        time.sleep(0.05)
    with target(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (top / "m.py").write_text(head.replace("    return val\n", "    return val or 0\n", 1))
        with connect(process.pid) as session:
            found: list[Change] = []

            def ask() -> Any:
                found.append(change(session.calls, "m"))

            (median,) = medians(lambda: wall(ask), times=TIMES)
        assert {each.baseline.data for each in found} == {loaded.encode()}, found[0].baseline
        return median
