"""python -m tests.mutations [--pythons 3.8,3.12] [--edits N] [--rounds N] [--seed N] [--diffs N]

Random edits of library files that real processes have loaded, every kind in every situation; prints
tables of what was found out, as Markdown, and everything that was said and is not so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict

from tests.mutations.edits import KINDS
from tests.mutations.judging import baseline, said, wrong
from tests.mutations.trial import Case, Git, Pycs, Trial, run
from tests.pythons import PYTHONS

PYCS: tuple[Pycs, ...] = ("kept", "overwritten", "none", "out of date")
GITS: tuple[Git, ...] = ("holds it", "holds an older one", "none")
NAMES = {
    "kept": "pyc as loaded still there",
    "overwritten": "pyc written anew by another process",
    "none": "no pyc",
    "out of date": "an older pyc, none written",
}


class Tables:
    """What was found out, counted."""

    def __init__(self) -> None:
        self.verdicts: dict[tuple[str, Pycs], Counter[str]] = defaultdict(Counter)
        self.unchanged: dict[Pycs, Counter[str]] = defaultdict(Counter)
        self.baselines: dict[tuple[Pycs, Git], Counter[str]] = defaultdict(Counter)
        self.problems: list[str] = []

    def add(self, trial: Trial, case: Case) -> None:
        """Count a case."""
        if case.is_edited:
            self.verdicts[case.kind, trial.pycs][said(case)] += 1
        else:
            self.unchanged[trial.pycs][said(case)] += 1
        if case.change is not None:
            self.baselines[trial.pycs, trial.git][baseline(case)] += 1
        for problem in wrong(case):
            at = f"{trial.python} · {trial.pycs} · {trial.git} · {case.name} · {case.kind}"
            self.problems.append(f"{at}: {problem}")

    def show(self) -> None:
        """Print everything."""
        self._detection()
        self._unchanged()
        self._diffs()
        print(f"\n{len(self.problems)} things said that are not so")
        for problem in self.problems:
            print(f"- {problem}")

    def _detection(self) -> None:
        print("\n| edit | n |", " | ".join(NAMES[each] for each in PYCS), "|")
        print("|---|---|" + "---|" * len(PYCS))
        totals: dict[Pycs, Counter[str]] = defaultdict(Counter)
        for kind in KINDS:
            cells, n = [], 0
            for pycs in PYCS:
                counts = self.verdicts[kind, pycs]
                totals[pycs].update(counts)
                n += counts.total()
                cells.append(_cell(counts))
            print(f"| {kind} | {n} |", " | ".join(cells), "|")
        n = sum(counts.total() for counts in totals.values())
        print(f"| **all** | {n} |", " | ".join(_cell(totals[each]) for each in PYCS), "|")

    def _unchanged(self) -> None:
        print("\n| not edited, but touched, copied or left alone |", end="")
        print(" | ".join(NAMES[each] for each in PYCS), "|")
        print("|---|" + "---|" * len(PYCS))
        words = sorted({word for counts in self.unchanged.values() for word in counts})
        for word in words:
            print(f"| {word} |", " | ".join(str(self.unchanged[p][word]) for p in PYCS), "|")

    def _diffs(self) -> None:
        words = ("exact, proved", "exact, likely", "exact, a guess")
        words += ("other, proved", "other, likely", "other, a guess", "none")
        print("\n| git | pycs | n |", " | ".join(words), "|")
        print("|---|---|---|" + "---|" * len(words))
        for git in GITS:
            for pycs in PYCS:
                counts = self.baselines[pycs, git]
                n = counts.total()
                cells = [_percent(counts[word], n) for word in words]
                print(f"| {git} | {NAMES[pycs]} | {n} |", " | ".join(cells), "|")


def _cell(counts: Counter[str]) -> str:
    """Which share was called stale, and which of all was proved to be."""
    n = counts.total()
    stale = counts["stale proved"] + counts["stale likely"]
    return f"{_percent(stale, n)} ({_percent(counts['stale proved'], n)})"


def _percent(count: int, n: int) -> str:
    return "-" if not n else f"{100 * count / n:.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("--pythons", default=",".join(map(str, PYTHONS)))
    parser.add_argument("--edits", type=int, default=len(KINDS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--diffs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tables, began = Tables(), time.monotonic()
    for number in range(options.rounds):
        for python in PYTHONS:
            if python.label not in options.pythons.split(","):
                continue
            for at, pycs in enumerate(PYCS):
                git = GITS[(at + number) % len(GITS)]
                trial = Trial(python, pycs, git, options.edits, 10, options.diffs)
                for case in run(trial, options.seed + number):
                    tables.add(trial, case)
                print(f"{python} {pycs} {git} {time.monotonic() - began:.0f} s", file=sys.stderr)
    tables.show()
    return 1 if tables.problems else 0


if __name__ == "__main__":
    sys.exit(main())
