"""A target that another version of modtui is in, or was in: replaced, or refused in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui import __version__
from modtui.reach import OtherVersion, connect
from tests.pythons import PYTHONS
from tests.targets import CHECKOUT, eventually, program, target, threads_of, unharmed

NATIVE = [python for python in PYTHONS if not python.root]
OTHER = "0.0.7"
USES = """
import sys
from modtui.reach import connect
session = connect(int(sys.argv[1]))
print(session.hello["version"], flush=True)
sys.stdin.read()
session.close()
"""
BRINGS_AND_DIES = """
import os, sys
from modtui.reach import connecting
connecting.Wire = lambda path: os._exit(7)
connecting.connect(int(sys.argv[1]))
"""
RELOADS = """
import sys
from modtui.reach import connect
with connect(int(sys.argv[1])) as session:
    assert session.reload(["lib"])["ok"]
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which modtui is another version of it."""
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(CHECKOUT / "modtui", folder / "modtui")
    file = folder / "modtui/__init__.py"
    file.write_text(file.read_text().replace(f'"{__version__}"', f'"{OTHER}"'))
    cache = folder / "cache"  # it must not write into ours
    return {**os.environ, "PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(cache)}


def _modtui(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modtui", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)


def _inspector(other: dict[str, str], text: str, pid: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", text, str(pid)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=other, stdin=pipe, stdout=pipe, text=True, cwd="/")


@contextmanager
def _refused(pid: int) -> Iterator[None]:
    words = f"modtui {OTHER} is in process {pid} and in use, and this is modtui {__version__}"
    with pytest.raises(OtherVersion, match=words) as refusal:
        connect(pid)
    done = _modtui("list", str(pid))
    assert done.returncode == 3
    assert refusal.value.reason in done.stderr
    assert f"modtui detach {pid}" in done.stderr
    yield


def test_one_that_is_in_use_is_refused(other: dict[str, str]) -> None:
    with target(NATIVE[-1], program("busy")) as process:
        inspector = _inspector(other, USES, process.pid)
        assert inspector.stdout is not None
        assert inspector.stdout.readline() == f"{OTHER}\n"
        with _refused(process.pid):
            inspector.communicate()
        assert eventually(lambda: threads_of(process.pid) == 1, 30)
        with connect(process.pid) as session:
            assert session.hello["version"] == __version__
            session.detach()
        unharmed(process.finish())


def test_one_that_nobody_uses_is_replaced(other: dict[str, str]) -> None:
    with target(NATIVE[-1], program("sleep")) as process:
        inspector = _inspector(other, BRINGS_AND_DIES, process.pid)
        inspector.communicate()
        assert inspector.returncode == 7
        with connect(process.pid) as session:
            assert session.hello["version"] == __version__
            assert session.calls.list_modules()["total"] > 10
            session.detach()
        assert eventually(lambda: threads_of(process.pid) == 1, 30)


def test_one_that_keeps_a_journal_can_be_made_leave(other: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text("value = 1\n")
    text = f"import sys, time; sys.path.insert(0, {str(tmp_path)!r}); import lib"
    source = f"{text}\nprint('ready', flush=True)\ntime.sleep(3600)"
    with target(NATIVE[-1], source) as process:
        inspector = _inspector(other, RELOADS, process.pid)
        inspector.communicate()
        assert inspector.returncode == 0
        with _refused(process.pid):
            done = _modtui("detach", str(process.pid))
        assert done.returncode == 0, done
        assert "1 reload can no longer be undone" in done.stdout
        assert threads_of(process.pid) == 1
        connect(process.pid).detach()
        again = _modtui("detach", str(process.pid), "--json")
        assert again.returncode == 0
        assert '"detached": false' in again.stdout
        assert process.alive()


def test_one_that_listens_is_refused_at_its_path_as_well(other: dict[str, str]) -> None:
    source = "import modtui, time; print(modtui.listen(), flush=True); time.sleep(3600)"
    with target([sys.executable], source, ready=False, env=other, cwd="/") as process:
        path = process.line()
        with _refused(process.pid), pytest.raises(OtherVersion):
            connect(path)
        assert process.alive()
