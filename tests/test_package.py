"""The release: built as a user's pip would, installed where nothing else is, and used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui import __version__

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.xdist_group("package")  # what is built is built once
# Nothing of this checkout may help.
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_"))}


def run(*command: object, **more: object) -> str:
    """What a command prints; fails loudly."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, check=False, env=CLEAN, timeout=600, **more,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `modtui` of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile", built[1])
    return folder / "bin" / "modtui"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A real process that has nothing to do with this checkout."""
    source = "import json, time; print('ready', flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", source], stdout=subprocess.PIPE, cwd="/", env=CLEAN
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def names(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_what_is_in_the_wheel(built: tuple[Path, Path]) -> None:
    inside = names(built[1])
    tracked = run("git", "ls-files", "modtui", cwd=ROOT).splitlines()
    ours = {name for name in inside if ".dist-info/" not in name}
    here = {str(p.relative_to(ROOT)) for p in (ROOT / "modtui").rglob("*") if p.is_file()}
    assert ours <= {name for name in here if "__pycache__" not in name}
    assert {name for name in tracked if (ROOT / name).exists()} <= ours
    assert "modtui/py.typed" in ours
    agent = {f"modtui/agent/{path.name}" for path in (ROOT / "modtui/agent").glob("*.py")}
    assert "modtui/agent/bootstrap.py" in agent & ours
    assert agent <= ours
    assert any(name.endswith(".tcss") for name in ours)
    assert not any(name.startswith(("tests/", "screenshots/")) for name in inside)
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_the_sdist_is_enough_to_build_the_same(built: tuple[Path, Path], tmp_path: Path) -> None:
    sdist, wheel = built  # that wheel was built from the sdist
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (other,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        assert {n: one.read(n) for n in one.namelist()} == {n: two.read(n) for n in two.namelist()}
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml"}
    assert wanted <= inside
    assert "tests/__main__.py" in inside, "who has the sdist can run the tests"


def test_the_installed_one_works(installed: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid = sleeper.pid
    assert run(installed, "--version").strip() == f"modtui {__version__}"
    seen = json.loads(run(installed, "ps", "--json", cwd="/"))["processes"]
    assert pid in {process["pid"] for process in seen}
    listed = json.loads(run(installed, "list", pid, "--json", cwd="/"))
    assert listed["target"]["pid"] == pid
    records = {record["name"]: record for record in listed["modules"]}
    assert records["json"]["freshness"]["verdict"] == "fresh"
    assert json.loads(run(installed, "check", pid, "json", "--json", cwd="/"))["stale"] == []
    run(installed, "detach", pid, cwd="/")
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    assert sleeper.poll() is None
