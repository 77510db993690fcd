"""Random edits of library files, seeded: the short form of `python -m tests.mutations`."""

from __future__ import annotations

from tests.mutations.judging import wrong
from tests.mutations.trial import Git, Pycs, Trial, run
from tests.pythons import PYTHONS, Python

SEED = 20_11
SITUATIONS: list[tuple[Pycs, Git]] = [
    ("kept", "none"),
    ("overwritten", "holds it"),
    ("none", "holds an older one"),
    ("out of date", "holds it"),
]


def test_nothing_untrue_is_said(python: Python) -> None:
    """Another situation for each Python."""
    at = PYTHONS.index(python)
    pycs, git = SITUATIONS[at % len(SITUATIONS)]
    trial = Trial(python, pycs, git, edits=20, unchanged=5, diffs=3)
    cases = run(trial, SEED + at)
    assert len(cases) > 18, "too few of the edited files could be loaded"
    problems = [f"{case.name} ({case.kind}): {said}" for case in cases for said in wrong(case)]
    assert not problems, "\n".join(problems)
    assert sum(case.freshness["verdict"] == "stale" for case in cases) >= 8
