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


def sentences(left: shapes.LeftBehind, own: str = "", *, alone: bool = False) -> list[list[Span]]:
    """One sentence for each object that is held, the most widely held first.

    Args:
        left: what is or would be left behind by the reload of one module.
        own: that module's name, which is left out of the names of what is in it.
        alone: no heading says that this is what stays old, so the sentences do.
    """

    def name(full: str) -> Span:
        return full.removeprefix(own + ".") if own else full, "title"

    holders: dict[str, list[str]] = {}
    for held in left["from_imports"]:
        where = holders.setdefault(held["of"], [])
        if held["module"] not in where:
            where.append(held["module"])
    told: list[list[Span]] = []
    for of, modules in sorted(holders.items(), key=lambda item: (-len(item[1]), item[0])):
        many = "" if len(modules) == 1 else f"{count(len(modules), 'module')}: "
        told.append([name(of), (f" is held by {many}", ""), (some(modules), "name")])
        if alone:
            told[-1].append((" and stays old there", ""))
    for one in sorted(left["instances"], key=lambda item: -item["count"]):
        told.append([name(one["class"]), (f" has {count(one['count'], 'live instance')}", "")])
        if alone:
            keeps = "which keeps" if one["count"] == 1 else "which keep"
            told[-1].append((f", {keeps} the old code", ""))
    for sub in left["subclasses"]:
        told.append([(sub["class"], "title"), (" derives from the old ", ""), name(sub["of"])])
    for function in left["functions"]:
        held_by = some(function["held_by"])
        told.append(
            [name(function["function"]), (" as it was is held by ", ""), (held_by, "muted")]
        )
    return [[(text, ink or "text") for text, ink in spans] for spans in told]


def lines(left: shapes.LeftBehind, width: int, own: str = "", most: int = 50) -> list[Line]:
    """The sentences as a bullet list, below a heading that says what they are."""
    told = sentences(left, own)
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
