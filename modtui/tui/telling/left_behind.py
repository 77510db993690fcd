"""What old objects stay in use, as sentences that name the holders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from modtui.tui.prose import Line, Span, wrap
from modtui.tui.words import count

if TYPE_CHECKING:
    from modtui.agent import shapes

MAY_NAME = 5


def some(names: Iterable[str], most: int = MAY_NAME) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def sentences(left: shapes.LeftBehind, verb: str = "keep") -> list[list[Span]]:
    """One sentence for each object that is held, the most widely held first."""
    holders: dict[str, list[str]] = {}
    for held in left["from_imports"]:
        where = holders.setdefault(held["of"], [])
        if held["module"] not in where:
            where.append(held["module"])
    told: list[list[Span]] = []
    for of, modules in sorted(holders.items(), key=lambda item: (-len(item[1]), item[0])):
        told.append(
            [
                (of, "title"),
                (f": {count(len(modules), 'module')} {verb}{_s(modules, verb)} the old one ", ""),
                (f"({some(modules)})", "muted"),
            ]
        )
    for one in sorted(left["instances"], key=lambda item: -item["count"]):
        told.append(
            [
                (one["class"], "title"),
                (f": {count(one['count'], 'live instance')} of the old class", ""),
            ]
        )
    for sub in left["subclasses"]:
        told.append([(sub["class"], "title"), (f": derives from the old {sub['of']}", "")])
    for function in left["functions"]:
        told.append(
            [
                (function["function"], "title"),
                (": the old function is held by ", ""),
                (some(function["held_by"]), "muted"),
            ]
        )
    return [[(text, ink or "text") for text, ink in spans] for spans in told]


def _s(modules: list[str], verb: str) -> str:
    return "s" if len(modules) == 1 and not verb.endswith("d") else ""


def lines(left: shapes.LeftBehind, width: int, most: int = 50) -> list[Line]:
    """The sentences as a bullet list."""
    told = sentences(left)
    result: list[Line] = []
    for spans in told[:most]:
        result += wrap(spans, width, first="  ◦ ", first_ink="stale")
    if len(told) > most:
        result += wrap([(f"and {len(told) - most:,} more", "muted")], width, first="    ")
    return result


def size(left: shapes.LeftBehind) -> int:
    """How many things are left behind; 0 means nothing."""
    return (
        len(left["from_imports"])
        + sum(one["count"] for one in left["instances"])
        + len(left["subclasses"])
        + len(left["functions"])
    )
