"""A line like the one that is wanted, with its names, constants and operators exchanged."""

from __future__ import annotations

import ast
import re
from difflib import SequenceMatcher

from .instructions import Line, Op, constant_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

TOKEN = re.compile(
    r"""(?P<string>[rRbBuUfF]{0,2}(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"
        |'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*"))
    |(?P<number>(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*\.?[\d_]*(?:[eE][+-]?\d+)?|\.\d+)[jJ]?)
    |(?P<name>[^\W\d]\w*)
    |(?P<comment>\#.*)
    |(?P<operator>not\ in|is\ not|\*\*=?|//=?|<<=?|>>=?|[-+*/%@&|^]=?|[<>=!]=|[<>]|:=|->|=|\S)""",
    re.X | re.S,
)


def tokens(text: str) -> list[tuple[str, str, int]]:
    """The tokens of a line: what kind, the text, where it begins. Sloppy; whoever asks checks."""
    return [(match.lastgroup or "", match[0], match.start()) for match in TOKEN.finditer(text)]


def swapped(text: str, has: Line, wanted: Line) -> Iterator[str]:
    """The text of a line, changed so that it may do what is wanted. Candidates, to be tried."""
    places = tokens(text)
    exchanges: list[tuple[int, str]] = []
    ours, theirs = list(has.core), list(wanted.core)
    said = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    for tag, a, b, c, d in said:
        if tag == "equal":
            continue
        if tag != "replace" or b - a != d - c:
            return
        for at, (one, other) in enumerate(zip(ours[a:b], theirs[c:d])):
            before = ours[: a + at].count(one)
            found = list(_exchange(one, other, places, before))
            if not found:
                return
            exchanges.extend(found)
    if exchanges:
        yield _replaced(text, places, exchanges)


def _replaced(
    text: str, places: Sequence[tuple[str, str, int]], exchanges: Sequence[tuple[int, str]]
) -> str:
    for index, new in sorted(set(exchanges), reverse=True):
        _, old, at = places[index]
        text = text[:at] + new + text[at + len(old) :]
    return text


def _exchange(
    one: tuple[str, Any], other: tuple[str, Any], places: Sequence[Any], before: int
) -> Iterator[tuple[int, str]]:
    """Which token becomes what, for one operation to become another."""
    kind, had = one
    new_kind, wants = other
    if kind == new_kind == "call":
        return
    if kind in ("name", "attr", "store") and new_kind in ("name", "attr", "store"):
        at = _nth(places, "name", had, before)
        if at is not None:
            yield at, wants
    elif kind == new_kind == "const":
        yield from _constants(had, wants, places, before)
    elif kind in ("binary", "compare") and new_kind in ("binary", "compare"):
        at = _nth(places, None, had, before)
        if at is not None:
            yield at, wants
    elif kind == "const" and new_kind == "name":
        at = _literal(places, had, before)
        if at is not None:
            yield at, wants
    elif kind == "name" and new_kind == "const":
        at, text = _nth(places, "name", had, before), literal(wants)
        if at is not None and text is not None:
            yield at, text


def _constants(
    had: Any, wants: Any, places: Sequence[Any], before: int
) -> Iterator[tuple[int, str]]:
    if had[0] == wants[0] == "tuple" and len(had[1]) == len(wants[1]):
        for one, other in zip(had[1], wants[1]):
            if one != other:
                found = list(_constants(one, other, places, before)) or list(
                    _keyword(one, other, places)
                )
                yield from found
        return
    at = _literal(places, had, before)
    if at is None:
        return
    quote = re.search("'''|\"\"\"|['\"]", places[at][1]) if had[0] in ("str", "bytes") else None
    text = literal(wants, quote[0] if quote else "")
    if text is not None:
        yield at, text


def _keyword(one: Any, other: Any, places: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """The name of a keyword argument, which is a constant, too."""
    if one[0] == other[0] == "str":
        at = _nth(places, "name", ast.literal_eval(one[1]), 0)
        if at is not None:
            yield at, ast.literal_eval(other[1])


def _nth(places: Sequence[Any], kind: str | None, text: Any, number: int) -> int | None:
    found = [at for at, place in enumerate(places) if place[1] == text and kind in (None, place[0])]
    return found[min(number, len(found) - 1)] if found else None


def _literal(places: Sequence[Any], key: Any, number: int) -> int | None:
    found = []
    for at, (kind, text, _) in enumerate(places):
        if kind not in ("string", "number", "name"):
            continue
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            continue
        if constant_key(value) == key:
            found.append(at)
    return found[min(number, len(found) - 1)] if found else None


def literal(key: Any, quote: str = "") -> str | None:
    """The text of a constant, by its key, with those quotes if it is a string."""
    kind, said = key
    if kind in ("str", "bytes"):
        return quoted(said, quote)
    if kind in ("int", "float", "complex", "bool", "NoneType"):
        return str(said) if said not in ("inf", "nan") else None
    if kind == "ellipsis":
        return "..."
    if kind == "tuple":
        parts = [literal(each, quote) for each in said]
        if None in parts:
            return None
        inner = ", ".join(map(str, parts))
        return f"({inner},)" if len(parts) == 1 else f"({inner})"
    return None


def quoted(said: str, quote: str) -> str:
    """A string's or bytes' repr with other quotes, where that needs no escape."""
    prefix = "b" if said.startswith("b") else ""
    body, own = said[len(prefix) + 1 : -1], said[len(prefix)]
    if quote and quote[0] != own and quote[0] not in body and "\\" + own not in body:
        return prefix + quote + body + quote
    if len(quote) == 3 and quote[0] == own:
        return prefix + quote + body + quote
    return said


def reindented(text: str, by: int) -> str | None:
    """The line with more or less blanks before it; None if there are not so many."""
    if by >= 0:
        return " " * by + text if text[:1] != "\t" else None
    return text[-by:] if not text[:-by].strip() and len(text) > -by else None


def columns_shift(has: Sequence[Op], wanted: Sequence[Op]) -> int | None:
    """By how many columns the one line stands further right than the other, if it does as such."""
    shifts = {
        (new.col or 0) - (old.col or 0)
        for old, new in zip(has, wanted)
        if old.col is not None and new.col is not None and old.core == new.core
    }
    return shifts.pop() if len(shifts) == 1 else None
