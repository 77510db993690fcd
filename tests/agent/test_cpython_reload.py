"""CPython's own tests of importlib.reload, with ours in its place."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.pythons import Python
from tests.targets import house

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
try:
    import test.test_importlib.test_api as api
except ImportError as error:
    print("NO TESTS", error); sys.exit(77)
import importlib, unittest
from modtui.agent import reloading
assert importlib.reload is not reloading.reload_module
importlib.reload = reloading.reload_module
loader = unittest.defaultTestLoader
found = [
    loader.loadTestsFromTestCase(case)
    for name, case in sorted(vars(api).items())
    if isinstance(case, type) and issubclass(case, unittest.TestCase) and "Reload" in name
]
suite = unittest.TestSuite(found)
# The tests of both flavours go through `init.reload`: the frozen one and the one of source.
for case in (test for group in found for test in group):
    case.init.reload = reloading.reload_module
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
assert result.testsRun >= 16, result.testsRun
sys.exit(0 if result.wasSuccessful() else 1)
"""


def test_cpython_reload_tests_pass(python: Python) -> None:
    with house(python) as (home, _, _):
        done = subprocess.run(
            [*python.command, "-c", SCRIPT],
            env={**os.environ, "PYTHONPATH": home},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
