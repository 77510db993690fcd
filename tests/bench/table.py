"""What a measurement gives, how often it is repeated, and how it is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: ours, and what it stands beside (`bar` is what we want to keep)."""

    what: str
    ours: float  # milliseconds, unless `unit` says otherwise
    beside: tuple[tuple[str, float], ...] = ()
    bar: float | None = None
    unit: str = "ms"


def medians(*actions: Callable[[], float], times: int) -> list[float]:
    """The median of each action's own figure; they take turns, so that drift hits all alike.

    NaN if an action failed (gave NaN) at least half of the times; else the median of the others.
    """
    figures: list[list[float]] = [[] for _ in actions]
    for _ in range(times):
        for action, found in zip(actions, figures, strict=True):
            found.append(action())
    return [_median(found) for found in figures]


def _median(found: list[float]) -> float:
    good = [value for value in found if value == value]
    return statistics.median(good) if len(good) * 2 > len(found) else float("nan")


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


def print_rows(rows: Iterable[Row]) -> None:
    """A line a figure, as it comes in."""
    for row in rows:
        bar = (
            ""
            if row.bar is None
            else f"  (bar {row.bar:g}{'' if row.ours <= row.bar else ' MISSED'})"
        )
        beside = "".join(
            f"  {name} {value:.1f} = {value / row.ours if row.ours else 0:.1f}x"
            for name, value in row.beside
        )
        print(f"  {row.what:<58} {row.ours:9.2f} {row.unit}{bar}{beside}", flush=True)
