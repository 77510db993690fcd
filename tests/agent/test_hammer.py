"""Threads that use a module while it is patched, again and again, see no torn state."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.pythons import Python
from tests.targets import house

SCRIPT = Path(__file__).parent / "scenarios_runner/hammer.py"


def test_no_torn_state_and_nobody_waits_for_ever(python: Python) -> None:
    """Three seconds of it; `python scenarios_runner/hammer.py SECONDS` is for longer."""
    with house(python) as (home, _, folder):
        environment = {**os.environ, "PYTHONPATH": home, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*python.command, "-c", SCRIPT.read_text(), "3", folder],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert int(done.stdout.split()[0]) >= 1
