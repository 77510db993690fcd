"""The package tree of the rows shown: a pure function from rows to rows with depths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from modtui.source.safe import safe_text
from modtui.tui.filtering import Row


class Branch(NamedTuple):
    """Where a row stands in the tree."""

    depth: int
    children: int  # all modules below it
    open: bool
    stale: int  # how many below it are stale or missing


def _group(name: str) -> Row:
    return Row(
        name=name,
        shown=safe_text(name),
        low=name.lower(),
        status="",
        verdict="n/a",
        proof="none",
        reason="",
        file="",
        path=None,
        place="none",
        level="none",
        is_package=True,
        from_agent=False,
        nth=0,
    )


def tree(
    rows: Sequence[Row], opened: frozenset[str], everything: bool
) -> tuple[list[Row], list[Branch]]:
    """Rows as a tree, in the order in which they come.

    Args:
        rows: the visible rows.
        opened: the names of packages that are open.
        everything: show all open, as while filtering.
    """
    known = {row.name: row for row in rows}
    children: dict[str | None, list[str]] = {None: []}
    placed: set[str] = set()
    for row in rows:
        _place(row.name, children, placed)
    shown: list[Row] = []
    branches: list[Branch] = []

    def walk(names: list[str], depth: int) -> None:
        for name in names:
            below = children.get(name, [])
            is_open = bool(below) and (everything or name in opened)
            size, stale = _size(name, children, known)
            shown.append(known.get(name) or _group(name))
            branches.append(Branch(depth, size, is_open, stale))
            if is_open and depth < 40:
                walk(below, depth + 1)

    walk(children[None], 0)
    return shown, branches


def _place(name: str, children: dict[str | None, list[str]], placed: set[str]) -> None:
    while name not in placed:
        placed.add(name)
        parent = name.rpartition(".")[0] or None
        children.setdefault(parent, []).append(name)
        if parent is None:
            return
        name = parent


def _size(
    name: str, children: dict[str | None, list[str]], known: dict[str, Row]
) -> tuple[int, int]:
    size = stale = 0
    todo = list(children.get(name, ()))
    while todo:
        one = todo.pop()
        size += one in known
        row = known.get(one)
        stale += row is not None and row.verdict in ("stale", "missing")
        todo.extend(children.get(one, ()))
    return size, stale


def packages_of_stale(rows: Iterable[Row]) -> frozenset[str]:
    """The packages above stale modules: what was edited is seen without opening anything."""
    found: set[str] = set()
    for row in rows:
        if row.verdict == "stale":
            parts = row.name.split(".")
            found.update(".".join(parts[:end]) for end in range(1, len(parts)))
    return frozenset(found)
