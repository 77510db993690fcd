"""When a process began, as the inspector sees it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from modtui.reach import beginnings, connect
from tests.pythons import PYTHONS

FORK = """
import os, sys, time
time.sleep(1.5)
child = os.fork()
if child == 0:
    print(os.getpid(), flush=True)
    sys.stdin.read()
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_fork_began_when_its_parent_was_started() -> None:
    began = time.time()
    process = subprocess.Popen(
        [sys.executable, "-c", FORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        found = beginnings.image_started(child)
        assert found is not None
        assert began - 3 < found < began + 1.2
        if shutil.which("ps"):
            # Whoever runs a program of the same name counts as its parent: that is too early, at
            # worst, and what is too early is only less sure.
            found = beginnings.image_by_ps(child)
            assert found is not None
            assert found < began + 1.2
    finally:
        process.communicate("")


def test_who_is_not_there() -> None:
    assert beginnings.image_by_ps(2**22 + 5) is None


def test_told_where_the_target_sees_no_proc() -> None:
    python = next((one for one in PYTHONS if one.root), None)
    if python is None or os.path.exists(f"{python.root}/proc/self"):
        pytest.skip("there is no Python without /proc here")
    folder = Path(tempfile.mkdtemp(prefix="modtui-test-", dir=f"{python.root}/tmp"))
    try:
        (folder / "shop").mkdir()
        (folder / "shop" / "m.py").write_text("def f(): return 1\n")
        time.sleep(0.05)
        code = f"import sys; sys.path.insert(0, '/tmp/{folder.name}/shop'); import m; print(1)"
        process = subprocess.Popen(
            [*python.command, "-u", "-B", "-c", code + "; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            with connect(process.pid) as session:
                found = session.calls.freshness(["m"])["m"]
                assert (found["verdict"], found["proof"]) == ("fresh", "proved"), found
                session.detach()
        finally:
            process.communicate("")
    finally:
        shutil.rmtree(folder)
