"""What a measurement gives, how often it is repeated, and how it is printed."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


class Median(float):
    """A median that knows the figures it is of, turn by turn."""

    turns: tuple[float, ...]

    def __new__(cls, turns: Iterable[float]) -> Median:
        """NaN if at least half of the turns failed (gave NaN); else the median of the others."""
        kept = tuple(turns)
        good = [value for value in kept if value == value]
        found = statistics.median(good) if len(good) * 2 > len(kept) else math.nan
        made = super().__new__(cls, found)
        made.turns = kept
        return made


def ratio(theirs: float, ours: float) -> float:
    """How many times ours theirs is: the median of the ratios turn by turn, if both took turns."""
    if not (isinstance(theirs, Median) and isinstance(ours, Median)):
        return theirs / ours if ours else math.nan
    if len(theirs.turns) != len(ours.turns):
        return theirs / ours if ours else math.nan
    turns = zip(theirs.turns, ours.turns, strict=True)
    return Median(one / other if other else math.nan for one, other in turns)


@dataclass(frozen=True)
class Row:
    """One figure: ours, and what it stands beside (`bar` is what we want to keep)."""

    what: str
    ours: float  # milliseconds, unless `unit` says otherwise
    beside: tuple[tuple[str, float], ...] = ()
    bar: float | None = None
    unit: str = "ms"


def medians(*actions: Callable[[], float], times: int) -> list[Median]:
    """The median of each action's own figure; they take turns, so that drift hits all alike."""
    figures: list[list[float]] = [[] for _ in actions]
    for _ in range(times):
        for action, found in zip(actions, figures, strict=True):
            found.append(action())
    return [Median(found) for found in figures]


def wall(action: Callable[[], object]) -> float:
    """How long it takes, in milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def cpu(action: Callable[[], object]) -> float:
    """How much of this process's CPU time it takes, in milliseconds."""
    start = time.process_time()
    action()
    return (time.process_time() - start) * 1000


def print_rows(rows: Iterable[Row]) -> list[str]:
    """A line a figure, as it comes in; returns those that missed their bar."""
    missed = []
    for row in rows:
        bar = ""
        if row.bar is not None:
            kept = row.ours <= row.bar
            bar = f"  (bar {row.bar:.4g}{'' if kept else ' MISSED'})"
            missed += [] if kept else [row.what]
        beside = "".join(_beside(name, value, row) for name, value in row.beside)
        print(f"  {row.what:<58} {row.ours:9.2f} {row.unit}{bar}{beside}", flush=True)
    return missed


def _beside(name: str, value: float, row: Row) -> str:
    if value != value:
        return f"  {name} never"
    times = ratio(value, row.ours)
    return f"  {name} {value:.1f}" + (f" = {times:.2g}x" if times == times else "")
