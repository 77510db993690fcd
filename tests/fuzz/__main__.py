"""python -m tests.fuzz --minutes N [--only NAME]: damaged data for as long as one likes.

Each thing that is fuzzed gets the same share of the time. What fails is shrunk, printed and kept in
`.hypothesis`, and comes first the next time. Exit code 1 if anything has failed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, given, settings

from tests.fuzz.targets import TARGETS

ROUND = 200  # examples between two looks at the clock


def fuzz(name: str, seconds: float, counts: Counter[str]) -> str:
    """Run one target for so long; returns what has failed, or nothing."""
    target, data, _ = TARGETS[name]
    end = time.monotonic() + seconds

    @settings(max_examples=ROUND, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data)
    def run(made: object) -> None:
        counts[name] += 1
        target(made)

    while time.monotonic() < end:
        try:
            run()
        except Exception as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            return f"{type(error).__name__}: {error}\n{notes}"
    return ""


def main() -> int:
    """Run, print, say by the exit code."""
    parser = argparse.ArgumentParser("tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--only", action="append", choices=TARGETS)
    options = parser.parse_args()
    names = options.only or list(TARGETS)
    counts: Counter[str] = Counter()
    failed = 0
    for name in names:
        problem = fuzz(name, options.minutes * 60 / len(names), counts)
        failed += bool(problem)
        print(f"{'FAIL' if problem else 'ok  '} {name}: {counts[name]} inputs", flush=True)
        if problem:
            print(problem)
    print(f"{sum(counts.values())} inputs in {options.minutes:g} minutes, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
