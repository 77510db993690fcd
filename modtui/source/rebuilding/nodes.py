"""Expressions being written: tokens, some of them at known places, others wherever they fit."""

from __future__ import annotations

from .instructions import constant_key
from .swap import literal, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .instructions import Op

TUPLE, LAMBDA, TERNARY, OR, AND, NOT, COMPARE = range(7)
BINARY = {"|": 7, "^": 8, "&": 9, "<<": 10, ">>": 10, "+": 11, "-": 11}
BINARY.update({"*": 12, "/": 12, "//": 12, "%": 12, "@": 12, "**": 14})
UNARY, AWAIT, PRIMARY = 13, 15, 16


class Token:
    """A piece of text; `line` and `col` are known or None. `ahead`: it goes with what follows."""

    __slots__ = ("ahead", "col", "line", "text")

    def __init__(
        self,
        text: str,
        line: int | None = None,
        col: int | None = None,
        ahead: bool = False,
    ) -> None:
        self.text, self.line, self.col, self.ahead = text, line, col, ahead

    @property
    def free(self) -> bool:
        """Whether its place is not known."""
        return self.line is None


def width(text: str) -> int:
    """As columns count: in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


class Node:
    """An expression: how it is written, how tightly it binds, what it is made from."""

    __slots__ = ("extra", "kind", "level", "parts", "place", "tokens")

    def __init__(
        self,
        kind: str,
        tokens: Sequence[Token],
        level: int = PRIMARY,
        op: Op | None = None,
        extra: Any = None,
        parts: Sequence[Node] = (),
    ) -> None:
        self.kind, self.tokens, self.level = kind, list(tokens), level
        self.extra, self.parts = extra, list(parts)
        self.place: Any = None
        if op is not None and op.col is not None and op.line is not None:
            self.place = (op.line, op.col, op.end, op.end_col)
            self._pin()

    def _pin(self) -> None:
        """What an expression begins and ends with stands where it begins and ends."""
        line, col, end, end_col = self.place
        first, last = self.tokens[0], self.tokens[-1]
        if first.free and first.text.strip():
            text = first.text
            self.tokens[0] = Token(text, line, col, True)
        if last.free and len(self.tokens) > 1 and end is not None:
            text = last.text.rstrip() or last.text
            self.tokens[-1] = Token(text, end, end_col - width(text))

    @property
    def line(self) -> int | None:
        """The first line that it has something on."""
        lines = [token.line for token in self.tokens if token.line is not None]
        return min(lines) if lines else None


def free(text: str, ahead: bool = False) -> Token:
    """A token whose place is not known."""
    return Token(text, None, None, ahead)


def wrapped(node: Node, level: int) -> list[Token]:
    """The tokens of an expression inside of another one, in parentheses if it needs them."""
    if node.level >= level:
        return node.tokens
    return [free("(", True), *node.tokens, free(")")]


def at(op: Op, text: str, from_end: bool = False) -> Token:
    """A token that stands where an instruction says."""
    if op.col is None or op.line is None:
        return Token(text, op.line, None)
    if from_end:
        return Token(text, op.end, op.end_col - width(text))
    return Token(text, op.line, op.col)


def joined(nodes: Sequence[Node], level: int = LAMBDA) -> list[Token]:
    """Expressions with commas between."""
    found: list[Token] = []
    for number, node in enumerate(nodes):
        if number:
            found.append(free(", "))
        found += wrapped(node, level)
    return found


def bracketed(kind: str, nodes: Sequence[Node], op: Op, marks: str) -> Node:
    """A list, set, or tuple display."""
    tokens = [free(marks[0]), *joined(nodes), free(marks[1])]
    return Node(kind, tokens, PRIMARY, op, parts=nodes)


def tuple_of(nodes: Sequence[Node], op: Op) -> Node:
    """A tuple, with parentheses if it begins before its first element does."""
    tokens = joined(nodes)
    if len(nodes) == 1:
        tokens.append(free(","))
    bare = bool(nodes)
    if nodes and op.col is not None and nodes[0].tokens:
        first = nodes[0].tokens[0]
        bare = (first.line, first.col) == (op.line, op.col) or first.free
    if bare:
        return Node("tuple", tokens, TUPLE, op, parts=nodes)
    return Node("tuple", [free("("), *tokens, free(")")], PRIMARY, op, parts=nodes)


def constant(value: Any, op: Op, quote: str) -> Node:
    """A constant, written as wide as it was."""
    wide = None
    if op.col is not None and op.line == op.end and op.end_col is not None:
        wide = op.end_col - op.col
    if isinstance(value, (str, bytes)) and op.col is not None and op.line != op.end:
        tokens = _long(value, op, quote)
        if tokens:
            return Node("const", tokens, PRIMARY, extra=value)
    choices = list(spellings(value, quote))
    fitting = [text for text in choices if wide is None or width(text) == wide]
    text = (fitting or choices or ["..."])[0]
    level = UNARY if text.startswith("-") else PRIMARY
    return Node("const", [at(op, text)], level, extra=value)


def spellings(value: Any, quote: str) -> Any:
    """Ways to write a constant, the likeliest first."""
    key = constant_key(value)
    first = literal(key, quote)
    if first is None:
        return
    yield first
    if isinstance(value, (str, bytes)):
        other = "'" if quote == '"' else '"'
        plain = quoted(key[1], other)
        yield plain
        body = value if isinstance(value, str) else value.decode("latin-1")
        prefix = "" if isinstance(value, str) else "b"
        if "\\" in body and "\n" not in body:
            for mark in (quote, other, '"""'):
                if mark not in body:
                    yield "r" + prefix + mark + body + mark
        for each in (first, plain):
            yield "u" + each
            yield each[: len(prefix)] + each[len(prefix)] * 2 + each[len(prefix) :] + each[-1] * 2
            yield "r" + each
            yield "f" + each
        if not body.isascii():
            for mark in (quote, other):
                yield mark + ascii(body)[1:-1] + mark
    elif type(value) is int and value >= 0:
        yield from (
            hex(value),
            f"0x{value:X}",
            f"0o{value:o}",
            bin(value),
            f"{value:#06x}",
        )
        yield f"{value:_}"
    elif isinstance(value, float):
        yield from (
            f"{value:g}",
            f"{value:.1e}",
            first.rstrip("0"),
            first.lstrip("0"),
        )
    elif isinstance(value, tuple) and first.startswith("("):
        yield first[1:-1]


def _long(value: Any, op: Op, quote: str) -> list[Token]:
    """A string over several lines: with three quotes, or in pieces one below the other."""
    lines = (op.end or 0) - (op.line or 0)
    if isinstance(value, str) and value.count("\n") == lines:
        for mark in ('"""', "'''"):
            rows = (mark + value.replace("\\", "\\\\") + mark).split("\n")
            if width(rows[-1]) == op.end_col:
                return [Token("\n".join(rows), op.line, op.col)]
    prefix = "b" if isinstance(value, bytes) else ""
    tail = op.end_col - op.col - 2 - len(prefix)
    body = literal(constant_key(value), quote)
    if body is None or tail < 0:
        return []
    mark, inner = body[len(prefix)], body[len(prefix) + 1 : -1]
    if tail >= len(inner):
        return []
    pieces = _pieces(inner[: len(inner) - tail], lines) if lines > 1 else [inner[: -tail or None]]
    pieces.append(inner[len(inner) - tail :])
    return [
        Token(prefix + mark + piece + mark, (op.line or 0) + number, op.col)
        for number, piece in enumerate(pieces)
    ]


def _pieces(text: str, count: int) -> list[str]:
    """Some text in so many pieces, cut after blanks."""
    found: list[str] = []
    for left in range(count, 1, -1):
        size = max(len(text) // left, 1)
        cut = text.find(" ", size) + 1 or size
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def braces(parts: Sequence[Node], op: Op, quote: str) -> Node:
    """An f-string of constants and formatted values."""
    inner = ""
    for part in parts:
        if part.kind == "format":
            inner += part.extra
        else:
            inner += str(part.extra).replace("{", "{{").replace("}", "}}")
    mark = quote or '"'
    if mark in inner:
        mark = "'" if mark == '"' else '"'
    text = inner.encode("unicode_escape").decode() if "\n" in inner or "\\" in inner else inner
    return Node("fstring", [at(op, "f" + mark + text + mark)], PRIMARY, extra=inner)


def plainly(node: Node) -> str:
    """An expression on one line, without regard to places."""
    return "".join(token.text for token in node.tokens)
