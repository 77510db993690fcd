"""Sentences about times and functions, for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

SECOND = 1_000_000_000
_UNITS = ((86400, "day"), (3600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float) -> str:
    """A length of time in its two biggest units: "3 h 5 min", "2 days", "less than a second"."""
    left = int(abs(seconds))
    parts: List[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            if count:
                plural = "s" if unit == "day" and count > 1 else ""
                parts.append("%d %s%s" % (count, unit, plural))
            if len(parts) == 2 or not count:
                break
    return " ".join(parts) or "less than a second"


def since_start(when_ns: int, started_ns: int) -> str:
    """Where a time lies against the start of the process: "3 h before this process started"."""
    apart = (when_ns - started_ns) / SECOND
    return "%s %s this process started" % (duration(apart), "after" if apart >= 0 else "before")


def functions(names: List[str], most: int = 3) -> str:
    """Names of functions in a row: "`a`, `b`, `c` and 4 more"."""
    shown = ["`%s`" % name for name in names[:most]]
    left = len(names) - len(shown)
    if left:
        return "%s and %d more" % (", ".join(shown), left)
    return shown[0] if len(shown) == 1 else "%s and %s" % (", ".join(shown[:-1]), shown[-1])


def counted(count: int, what: str) -> str:
    """ "1 function", "12 functions"."""
    return "%d %s%s" % (count, what, "" if count == 1 else "s")
