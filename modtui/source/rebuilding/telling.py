"""What changed in a function, as far as two code objects tell."""

from __future__ import annotations

from .head import Parameters, docstring
from .instructions import inside, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType
    from typing import Any

    from .texts import Reference, Unit

MOST = 2  # words of each kind that are told
LONGEST = 24  # characters of a constant that is told


def definitions(
    units: Sequence[Unit], couples: dict[int, Unit], current: Reference | None, same: Any
) -> list[dict[str, Any]]:
    """The functions that were changed or removed since the module was loaded."""
    found = []
    for number, unit in enumerate(units):
        other = couples.get(number) if current is not None else None
        if other is not None and other.qualname == unit.qualname:
            if same(unit.code, other.code):
                continue
            what = list(differences(unit.code, other.code)) or ["body"]
            found.append(_told(unit.qualname, "changed", what, other.first, unit.first))
        else:
            what = [f"now {other.qualname}"] if other is not None else []
            found.append(_told(unit.qualname, "removed", what, None, unit.first))
    return found


def _told(
    name: str, change: str, what: list[str], line: int | None, old_line: int
) -> dict[str, Any]:
    return {
        "qualname": name,
        "change": change,
        "what": what,
        "line": line,
        "old_line": old_line,
    }


def differences(old: CodeType, new: CodeType) -> Iterator[str]:
    """In words what differs from one function to another."""
    if Parameters(old).all != Parameters(new).all:
        yield "signature"
    if docstring(old) != docstring(new):
        yield "docstring"
    before, after = _used(old), _used(new)
    for kind in ("calls", "names", "constants"):
        gone = sorted(before[kind] - after[kind])
        come = sorted(after[kind] - before[kind])
        if gone or come:
            said = ["−" + word for word in gone[:MOST]] + ["+" + word for word in come[:MOST]]
            more = len(gone[MOST:]) + len(come[MOST:])
            yield "{} {}{}".format(kind, " ".join(said), " …" if more else "")


def _used(code: CodeType) -> dict[str, set[str]]:
    """The names, calls and constants of a function and of what is inside of it."""
    found: dict[str, set[str]] = {"calls": set(), "names": set(), "constants": set()}
    for each in inside(code):
        doc = docstring(each)
        last = None
        for op in read(each):
            if op.kind in ("name", "attr", "store"):
                last = str(op.value)
                found["names"].add(last)
            elif op.name in ("LOAD_CONST", "RETURN_CONST") and op.value is not None:
                said = repr(op.value)
                if not hasattr(op.value, "co_code") and op.value != doc:
                    short = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
                    found["constants"].add(short)
            if op.name == "LOAD_METHOD" and last is not None:
                found["calls"].add(last)
    found["names"] -= found["calls"]
    return found
