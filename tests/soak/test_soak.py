"""The short form of `python -m tests.soak`: a few of each, on one Python of each end."""

from __future__ import annotations

import pytest

from tests.pythons import PYTHONS
from tests.soak import __main__ as soak
from tests.soak.tally import Tally

NATIVE = [python for python in PYTHONS if not python.root]
SHORT = ["--cycles", "25", "--kills", "4", "--seconds", "1"]
CASES = [(part, python) for part in soak.PARTS for python in (NATIVE[0], NATIVE[-1])][:-2]
CASES.remove(("greenlets", NATIVE[0]))  # they are about our own Python
CASES += [("disk", NATIVE[-1]), ("cycles", PYTHONS[-1])]


@pytest.mark.parametrize(("part", "python"), CASES, ids=str)
def test_part(part: str, python, tmp_path) -> None:
    tally = Tally(part)
    soak.part(part)(python, tmp_path, soak.parser().parse_args(SHORT), tally)
    assert tally.problems == [], tally.line()
