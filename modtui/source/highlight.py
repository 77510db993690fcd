"""Colours of source code, lexed only as far as it is looked at.

Pygments needs 370 ms for 10,000 lines, a screen needs sixty: the lexer's generator is pulled in
slices, from the top to the last line that is on the screen, and never starts before it is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

Span = tuple[int, int, str]  # start, end, kind

KINDS = (
    "comment",
    "string",
    "docstring",
    "escape",
    "number",
    "keyword",
    "constant",
    "builtin",
    "self",
    "function",
    "class",
    "decorator",
    "operator",
    "invalid",
)
LONGEST = 10_000  # characters of a line that are coloured
_SLICE = 64  # tokens between looks at the clock

_TABLE = {
    "Comment": "comment",
    "Literal.String": "string",
    "Literal.String.Doc": "docstring",
    "Literal.String.Escape": "escape",
    "Literal.String.Interpol": "escape",
    "Literal.String.Affix": "keyword",
    "Literal.Number": "number",
    "Keyword": "keyword",
    "Keyword.Constant": "constant",
    "Operator.Word": "keyword",
    "Operator": "operator",
    "Name.Builtin": "builtin",
    "Name.Builtin.Pseudo": "self",
    "Name.Exception": "builtin",
    "Name.Function": "function",
    "Name.Class": "class",
    "Name.Decorator": "decorator",
    "Error": "invalid",
}


class Highlighter:
    """The coloured spans of a text's lines, known up to the line that lexing has reached."""

    def __init__(self, lines: Sequence[str], file: str | None = None) -> None:
        self._lines = lines
        self._file = file
        self._spans: list[tuple[Span, ...]] = []
        self._work: Iterator[None] | None = None

    @property
    def reached(self) -> int:
        """How many lines are coloured, from the first."""
        return len(self._spans)

    def spans(self, line: int) -> tuple[Span, ...] | None:
        """The spans of a line (from 0), in order and not overlapping; None if not lexed yet."""
        return self._spans[line] if line < len(self._spans) else None

    def advance(self, line: int, seconds: float) -> bool:
        """Lex until that line is known or the time is over; whether it is known."""
        line = min(line, len(self._lines) - 1)
        if line < len(self._spans):
            return True
        if self._work is None:
            self._work = self._lex()
        end = time.perf_counter() + seconds
        for _ in self._work:
            if line < len(self._spans):
                return True
            if time.perf_counter() >= end:
                return False
        return True

    def _lex(self) -> Iterator[None]:
        """Fill `_spans`, stopping every few tokens."""
        lexer = _lexer(self._file)
        text = "\n".join(line[:LONGEST] for line in self._lines) + "\n"
        kinds: dict[_TokenType, str] = {}
        current: list[Span] = []
        column = 0
        for number, (_, token, value) in enumerate(lexer.get_tokens_unprocessed(text)):
            kind = kinds.get(token)
            if kind is None:
                kind = kinds[token] = _kind(token)
            pieces = value.split("\n") if "\n" in value else [value]
            for index, piece in enumerate(pieces):
                if index:
                    self._spans.append(tuple(current))
                    current, column = [], 0
                if piece:
                    end = column + len(piece)
                    if kind and current and current[-1][1] == column and current[-1][2] == kind:
                        current[-1] = (current[-1][0], end, kind)
                    elif kind:
                        current.append((column, end, kind))
                    column = end
            if number % _SLICE == 0:
                yield
        self._spans.extend([()] * (len(self._lines) - len(self._spans)))


def _kind(token: _TokenType) -> str:
    """The kind of a token, by the nearest of its ancestors that has one; "" for plain text."""
    path = str(token).removeprefix("Token").lstrip(".")
    while path:
        if path in _TABLE:
            return _TABLE[path]
        path = path.rpartition(".")[0]
    return ""


def _lexer(file: str | None) -> Lexer:
    # Deferred: pygments' lexers take 16 ms that a first paint does not need.
    if file is not None and file.endswith((".pyx", ".pxd", ".pxi")):
        from pygments.lexers.python import CythonLexer

        return CythonLexer(stripnl=False, ensurenl=False)
    from pygments.lexers.python import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False)
