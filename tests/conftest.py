"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.pythons import MISSING, PYTHONS, Python

# The same examples each time, and nothing that depends on how fast the machine is: `tests.fuzz` is
# for finding what is new.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("steady")


def pytest_report_header() -> str:
    missing = f"; MISSING: {', '.join(MISSING)}" if MISSING else ""
    return f"target pythons: {', '.join(map(str, PYTHONS))}{missing}"


def pytest_sessionstart() -> None:
    # A machine that must have every Python says so; there, a missing one is a failure, not a skip.
    if MISSING and os.environ.get("MODTUI_ALL_PYTHONS"):
        pytest.exit(f"target pythons are missing: {', '.join(MISSING)}", returncode=3)


@pytest.fixture(params=PYTHONS, ids=str)
def python(request: pytest.FixtureRequest) -> Python:
    """Each Python on this machine in turn."""
    return request.param
