"""Modules of real libraries are patched one at a time; see `libraries.py` for the whole of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("edit", [(), ("--edit",)], ids=["same text", "edited"])
def test_patching_libraries_keeps_them_whole(edit: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.agent.libraries", "--every", "29", *edit],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
