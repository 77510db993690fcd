"""Texts compared with live code, on every Python that there is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modtui.source import interpreters, recover
from modtui.source.matching import Matcher, matcher
from modtui.source.recover import Evidence
from tests.pythons import PYTHONS, Python
from tests.source.test_recover import Repo

ONE = next(python for python in PYTHONS if not python.root)
HOUSE = Path(__file__).resolve().parents[2]
LOADED = '''"""Prices."""
RATE = 1


def total(items, rate=RATE):
    """Sum."""
    return sum(item.price for item in items) * rate


class Cart:
    @property
    def empty(self) -> bool:
        assert self.items is not None
        return not [item for item in self.items if (lambda: item)()]

    async def add(self, item: "Item", *, __secret=None):
        async with self.lock:
            self.items.append(item)
'''
OTHER = LOADED.replace("* rate", "+ rate")
CONSTANT = LOADED.replace("RATE = 1", "RATE = 2")
SCRIPT = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
import m
open(m.__file__, "w").write("edited = True\\n")
from modtui.agent.calls import Calls
calls = Calls()
print(json.dumps([calls.live_code("m"), calls.hello()["target"]]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text(LOADED)
    return tmp_path


def late(python: Python, folder: Path, write_pyc: bool = False) -> Matcher:
    """A matcher for a module whose file was edited after it was loaded."""
    if python.root:
        pytest.skip("it does not see this checkout")
    flags = [] if write_pyc else ["-B"]
    done = subprocess.run(
        [*python.command, *flags, "-c", SCRIPT, str(folder), str(HOUSE)],
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "0"},
        check=True,
    )
    live, target = json.loads(done.stdout)
    found = matcher(live, target, "")
    assert found is not None
    return found


def test_by_the_functions(python: Python, folder: Path) -> None:
    match = late(python, folder)
    texts = [LOADED, OTHER, "# a comment above\n" + LOADED, "def (", "", "\0", CONSTANT, LOADED]
    # After two that fit it has seen enough; the last is the file as it is now.
    expected = ["functions", "", "", "", "", "", "functions", "", "functions"]
    assert match.fits([text.encode() for text in texts], LOADED.encode(), 60) == expected


def test_by_the_pyc(python: Python, folder: Path) -> None:
    match = late(python, folder, write_pyc=True)
    assert match.size == len(LOADED)
    assert not match.sure  # somebody else might have written it meanwhile
    texts = [LOADED, CONSTANT, OTHER, LOADED + "#\n"]
    assert match.fits([text.encode() for text in texts], b"", 60) == ["size", "", "", "", ""]


def test_by_the_hash_in_the_pyc(python: Python, folder: Path) -> None:
    compiling = (
        "import py_compile; py_compile.compile('m.py',"
        " invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)"
    )
    if python.root:
        pytest.skip("it does not see this checkout")
    subprocess.run([*python.command, "-c", compiling], cwd=folder, check=True)
    match = late(python, folder)
    texts = [LOADED, LOADED.replace("Sum", "sum"), CONSTANT]
    assert match.fits([text.encode() for text in texts], b"", 60) == ["hash", "", "", ""]


def test_a_version_in_git_by_its_code(folder: Path) -> None:
    repo = Repo(folder / "repo")
    for text in (OTHER, LOADED, OTHER + "\n"):
        repo.commit("m.py", text)
    file = repo.write("m.py", LOADED)
    match = late(ONE, repo.top)
    text: Any = {"file": str(file), "data": "edited = True\n"}
    found = recover.recover(text, Evidence(size=match.size), match)
    assert found is not None
    assert found.data == LOADED.encode()
    assert (found.source, found.proof) == ("git", "likely")
    assert "all functions in memory are exactly those of it" in found.detail


def test_no_version_fits(folder: Path) -> None:
    repo = Repo(folder / "repo")
    repo.commit("m.py", OTHER)
    file = repo.write("m.py", LOADED)
    match = late(ONE, repo.top)
    text: Any = {"file": str(file), "data": "edited = True\n"}
    found = recover.recover(text, Evidence(), match)
    assert found is not None
    assert found.data is None
    assert found.detail == "the one version in git does not fit what is loaded"


def test_programs_of_others_are_not_run(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert not interpreters.may_run("python")
    assert not interpreters.may_run(str(tmp_path / "missing"))
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    other = tmp_path / "open/python"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert not interpreters.may_run(str(other))


def test_a_helper_that_is_too_slow_or_broken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    match = late(ONE, folder)
    slow = folder / "slow.py"
    slow.write_text("import time; time.sleep(600)\n")
    with monkeypatch.context() as patched:
        patched.setattr("modtui.source.matching.HELPER", slow)
        assert match.fits([LOADED.encode()], b"", 0.2) == []
    assert Matcher(match.live, "/bin/false").fits([LOADED.encode()], b"", 10) == []
    assert Matcher(match.live, "/nowhere").fits([LOADED.encode()], b"", 10) == []
