"""What the constants of a live module tell of the text that it was loaded from.

The code of a top level is gone once it has run, and its constants with it; their values are not. A
program may have bound such a name anew, so that a value is evidence, and never proof.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modtui.agent import residue
from modtui.source import unmarshal
from modtui.source.text import SourceText, decode

if TYPE_CHECKING:
    from modtui.agent import shapes


@dataclass(frozen=True)
class Recalled:
    """A text with the values that are in memory written into it. Lines count from 0."""

    lines: tuple[str, ...]
    changed: frozenset[int]  # the lines that were written
    names: tuple[str, ...]  # of the constants


def held(live: shapes.LiveCode) -> dict[str, Any]:
    """The values that an agent sent; {} if it could not, or if the code of the top level, which
    says more, is known."""
    sent = None if live["pyc"] or live["running"] else live.get("values")
    if sent is None:
        return {}
    try:
        return unmarshal.constants(sent.encode("latin-1"))
    except ValueError:
        return {}


def odds(data: bytes | None, values: Mapping[str, Any]) -> int:
    """How many constants of a text are not those in memory."""
    tree = _parse(decode(data)) if data and values else None
    return 0 if tree is None else len(_differing(tree, values))


def recall(data: bytes, values: Mapping[str, Any]) -> Recalled | None:
    """The text with the values that are in memory; None if nothing differs, or nothing is known."""
    text = decode(data)
    tree = _parse(text)
    found = [] if tree is None else list(_differing(tree, values))
    lines = list(text.lines)
    names, changed = [], set()
    for name, node, value in reversed(found):  # from the end, so that places before it stay
        if node.lineno != node.end_lineno:
            continue
        index = node.lineno - 1
        line = lines[index].encode()
        before, old = line[: node.col_offset], line[node.col_offset : node.end_col_offset]
        spelled = _spelled(value, like=old.decode())
        lines[index] = (before + spelled.encode() + line[node.end_col_offset :]).decode()
        names.append(name)
        changed.add(index)
    if not changed:
        return None
    return Recalled(tuple(lines), frozenset(changed), tuple(reversed(names)))


def _spelled(value: Any, like: str) -> str:
    """A constant as Python writes it, with the quotes of another one."""
    spelled = repr(value)
    if like.startswith('"') and spelled.startswith("'") and not set("\"'") & set(spelled[1:-1]):
        return f'"{spelled[1:-1]}"'
    return spelled


def _parse(text: SourceText) -> ast.Module | None:
    if not text.exact:
        return None
    try:
        return ast.parse("\n".join((*text.lines, "")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _differing(tree: ast.Module, values: Mapping[str, Any]) -> list[tuple[str, ast.expr, Any]]:
    return [
        (name, node, values[name])
        for name, node, value in residue.constants(tree)
        if name in values
        and not residue.equal(values[name], value)
        and _can_be_spelled(values[name])
    ]


def _can_be_spelled(value: Any) -> bool:
    """Whether its repr is a literal: that of an infinity, or of an int of many digits, is not."""
    try:
        ast.literal_eval(repr(value))
    except (ValueError, SyntaxError):
        return False
    return True
