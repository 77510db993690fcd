"""Which few directories to watch so that every module's directory is seen.

Each watch costs a thread and each directory below it a kernel resource, so directories are unified
into few recursive roots, without ever taking a whole disk, a home or a huge tree as one of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import NamedTuple

MAX_TREE = 3_000  # directories below a recursive root
MAX_ROOTS = 24
_LINKS = 40  # as the kernel: more in one path is a loop


class Root(NamedTuple):
    """One watch: a directory, with what is below it or without."""

    path: str
    recursive: bool


def resolve(path: str, root: str = "") -> tuple[str, list[str]]:
    """The path without symbolic links, and the links met on the way, all as seen from `root`.

    `root` is the directory at which the target's `/` can be opened ("" for our own): absolute links
    stay below it. What does not exist is taken as written.
    """
    rest = [part for part in path.split("/") if part][::-1]
    real = ""
    links: list[str] = []
    while rest:
        part = rest.pop()
        if part in (".", ".."):
            real = os.path.dirname(real) if part == ".." else real
            real = "" if real == "/" else real
            continue
        here = f"{real}/{part}"
        try:
            to = os.readlink(root + here) if len(links) < _LINKS else None
        except OSError:
            to = None
        if to is None:
            real = here
            continue
        links.append(here)
        if to.startswith("/"):
            real = ""
        rest.extend([step for step in to.split("/") if step][::-1])
    return real or "/", links


def outermost(directories: Iterable[str]) -> list[str]:
    """The directories that lie in no other of them."""
    found: list[str] = []
    for directory in sorted(set(directories), key=lambda path: path.rstrip("/") + "/"):
        if not found or not is_below(directory, found[-1]):
            found.append(directory)
    return found


def is_below(path: str, directory: str) -> bool:
    """Whether the path is the directory or something in it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def choose(directories: Collection[str], root: str = "") -> tuple[list[Root], list[str]]:
    """The watches that cover these (real) directories, and the directories that found no place."""
    chosen: list[Root] = []
    for top in outermost(directories):
        _cover(top, [d for d in directories if is_below(d, top)], root, chosen)
    if len(chosen) > MAX_ROOTS:
        chosen = _merge(chosen, root)
    left = chosen[MAX_ROOTS:]
    return chosen[:MAX_ROOTS], [place.path for place in left]


def _cover(top: str, inside: Collection[str], root: str, chosen: list[Root]) -> None:
    if top != "/" and _tree_size(root + top) <= MAX_TREE:
        chosen.append(Root(top, True))
        return
    if top in inside:
        chosen.append(Root(top, False))
    below: dict[str, list[str]] = {}
    for directory in inside:
        if directory != top:
            child = directory[len(top.rstrip("/")) + 1 :].split("/", 1)[0]
            below.setdefault(f"{top.rstrip('/')}/{child}", []).append(directory)
    for child, directories in sorted(below.items()):
        _cover(child, directories, root, chosen)


def _merge(chosen: list[Root], root: str) -> list[Root]:
    """Many neighbours become one watch of their parent, where that parent is small enough."""
    parents: dict[str, list[Root]] = {}
    for place in chosen:
        parents.setdefault(os.path.dirname(place.path), []).append(place)
    merged: list[Root] = []
    for parent, places in parents.items():
        small = parent.count("/") >= 2 and _tree_size(root + parent) <= MAX_TREE
        merged.extend([Root(parent, True)] if len(places) > 1 and small else places)
    kept = set(outermost(place.path for place in merged if place.recursive))
    return [
        place
        for place in merged
        if (place.path in kept and place.recursive)
        or (not place.recursive and not any(is_below(place.path, path) for path in kept))
    ]


def _tree_size(path: str) -> int:
    """How many directories lie below, counted no further than needed."""
    count = 0
    stack = [path]
    while stack and count <= MAX_TREE:
        try:
            with os.scandir(stack.pop()) as entries:
                found = [e.path for e in entries if e.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        count += len(found)
        stack.extend(found)
    return count
