"""What a run counts, and how it is printed."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Tally:
    """Counts of one part of a run; a problem is a sentence that makes the run fail."""

    what: str
    counts: Counter[str] = field(default_factory=Counter)
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def require(self, holds: object, problem: str) -> None:
        """Note a problem if it does not hold."""
        if not holds:
            self.problems.append(problem)

    def line(self) -> str:
        """The tally in one line."""
        counts = [f"{number} {what}" for what, number in self.counts.items()]
        facts = [f"{key} {value}" for key, value in self.facts.items()]
        state = "ok  " if not self.problems else "FAIL"
        return f"{state} {self.what}: {', '.join(counts + facts)} ({self.seconds:.0f} s)"


class Clock:
    """Counts the seconds of a `with` block into a tally, and prints its line."""

    def __init__(self, tally: Tally, to: TextIO | None = None) -> None:
        self.tally, self.to = tally, to

    def __enter__(self) -> Tally:
        self.start = time.monotonic()
        return self.tally

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.tally.seconds = time.monotonic() - self.start
        known = isinstance(error, Exception)
        if known:
            self.tally.problems.append(f"{type(error).__name__}: {error}")
        if self.to is not None:
            print(self.tally.line(), file=self.to)
            for problem in self.tally.problems[:20]:
                print(f"     {problem}", file=self.to)
            self.to.flush()
        return known
