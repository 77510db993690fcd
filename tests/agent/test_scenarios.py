"""What a patch must do, as small programs: `before` is loaded and held in many ways, then edited.

Each scenario is a folder with the texts before and after the edit and a check.py: `setup()` makes
what a live process holds, `verify(state)` names what must be true after the patch.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.pythons import PYTHONS, Python

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.name for path in (Path(__file__).parent / "scenarios").iterdir())


@pytest.fixture(scope="module", params=PYTHONS, ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Python, Path, Path]]:
    """(python, folder with the package and the tests as this Python sees it, its real path)."""
    python: Python = request.param
    if not python.root:
        yield python, ROOT, ROOT
        return
    real = Path(tempfile.mkdtemp(dir=f"{python.root}/tmp"))
    for name in ("modtui/agent", "tests/agent"):
        shutil.copytree(ROOT / name, real / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("modtui/__init__.py", "tests/__init__.py"):
        shutil.copy(ROOT / name, real / name)
    yield python, Path(str(real).removeprefix(python.root)), real
    shutil.rmtree(real)


def run(python: Python, seen: Path, real: Path, name: str, without_pyc: bool) -> str:
    """Run one scenario; returns what failed."""
    base = f"{python.root}/tmp" if python.root else None
    environment = {**os.environ, "PYTHONPATH": str(seen)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if without_pyc:
        environment["SCENARIO_WITHOUT_PYC"] = "1"
    with tempfile.TemporaryDirectory(dir=base) as folder:
        where = folder.removeprefix(python.root) if python.root else folder
        here = seen / "tests/agent"
        command = [*python.command, str(here / "scenarios_runner/child.py")]
        done = subprocess.run(
            [*command, str(here / "scenarios" / name), where],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    return "" if done.returncode == 0 else f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_every_scenario(place: tuple[Python, Path, Path]) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda name: run(*place, name, False), SCENARIOS))
    assert not [text for text in found if text], "\n".join(text for text in found if text)


# Without the compiled file nobody can know which line that registers something is an old one, nor
# that a value was changed from outside of the module.
NEED_THE_OLD_CODE = {"many_handlers", "untouched_identity"}


def test_scenarios_when_nothing_tells_what_was_loaded(place: tuple[Python, Path, Path]) -> None:
    if place[0].label not in ("3.8", "3.12", "3.14"):
        pytest.skip("three versions are enough for this")
    names = [name for name in SCENARIOS if name not in NEED_THE_OLD_CODE]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda name: run(*place, name, True), names))
    assert not [text for text in found if text], "\n".join(text for text in found if text)
