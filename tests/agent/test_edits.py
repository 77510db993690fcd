"""Small edits of every kind, each patched in a process of its own; the texts are in `edits`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pythons import PYTHONS, Python

ROOT = Path(__file__).resolve().parents[2]
# "again" patches a second time, "undo" takes the patch back and patches again.
# "bare" is without any record of what was loaded.
WAY_OF = {"3.8": "undo", "3.9": "once", "3.12": "again", "3.13": "undo", "3.14": "once"}
WAY_OF |= {"3.10": "bare"}
CHOSEN = [(WAY_OF[python.label], python) for python in PYTHONS if python.label in WAY_OF]


@pytest.fixture(params=CHOSEN, ids=lambda one: f"{one[1]}-{one[0]}")
def chosen(request: pytest.FixtureRequest) -> Iterator[tuple[str, Python, Path]]:
    """(way, Python, where that Python sees the agent and these tests)."""
    way, python = request.param
    if not python.root:
        yield way, python, ROOT
        return
    real = Path(tempfile.mkdtemp(dir=f"{python.root}/tmp"))
    for name in ("modtui/agent", "tests/agent"):
        shutil.copytree(ROOT / name, real / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("modtui/__init__.py", "tests/__init__.py"):
        shutil.copy(ROOT / name, real / name)
    yield way, python, Path(str(real).removeprefix(python.root))
    shutil.rmtree(real)


def test_every_edit(chosen: tuple[str, Python, Path]) -> None:
    way, python, seen = chosen
    files = sorted(path.name for path in (ROOT / "tests/agent/edits").glob("*.txt"))
    folder = seen / "tests/agent"
    environment = {**os.environ, "PYTHONPATH": str(seen)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [*python.command, str(folder / "scenarios_runner/edits.py"), "--way", way]
    done = subprocess.run(
        [*command, *(str(folder / "edits" / name) for name in files)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
