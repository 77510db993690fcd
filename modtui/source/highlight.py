"""Colours of source code, lexed only where it is looked at.

Pygments needs 370 ms for 10,000 lines, a screen shows sixty. A line that begins outside of a string
is a place where lexing can begin, so only a few lines around those on the screen are lexed; where
strings of several lines lie is found by one quick scan, no further than the line that is asked for.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, count
from operator import add
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
LONGEST = 5_000  # characters of a line that are coloured
CHUNK = 16  # lines that are lexed together
LONG_STRING = 200  # lines of a string from which its inside is coloured without lexing

# Comments and strings, so that quotes inside of them are not taken for beginnings.
_STRINGS = re.compile(
    r"""\#[^\n]*|("{3}|'{3})(?:[^\\]|\\[\s\S])*?(?:\1|\Z)"""
    r"""|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?"""
)

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
    """The coloured spans of a text's lines."""

    def __init__(
        self,
        lines: Sequence[str],
        file: str | None = None,
        shown: Callable[[int], str] | None = None,
    ) -> None:
        """`shown` gives a line as it is drawn, if that is not the line itself: spans fit that."""
        self._lines = lines
        self._file = file
        self._shown = shown or lines.__getitem__
        self._spans: dict[int, tuple[Span, ...]] = {}
        self._lexer: Lexer | None = None
        self._kinds: dict[_TokenType, str] = {}
        self._text = ""
        self._offsets: list[int] = []  # where each line begins
        self._scan: Iterator[re.Match[str]] | None = None
        self._scanned = -1  # strings that begin up to this offset are known
        self._strings: list[tuple[int, int]] = []  # first and last line of those over several

    def spans(self, line: int) -> tuple[Span, ...]:
        """The spans of a line (from 0), in order and not overlapping; what is plain has none."""
        found = self._spans.get(line)
        if found is None:
            self._lex_around(line)
            found = self._spans.get(line, ())
        return found

    def _lex_around(self, line: int) -> None:
        first = line - line % CHUNK
        end = min(first + CHUNK, len(self._lines))
        self._scan_to(end)
        inside = self._string_over(first)
        while inside is not None:
            start, last = inside
            if last - start >= LONG_STRING:
                if line <= last:
                    self._spans[line] = ((0, len(self._shown(line)), "string"),)
                    return
                first = last + 1
                break
            first = start
            inside = self._string_over(first)
        at_end = self._string_over(end)
        if at_end is not None and at_end[1] - at_end[0] < LONG_STRING:
            end = at_end[1] + 1
        for number, spans in enumerate(self._lex(first, end), first):
            self._spans[number] = spans

    def _string_over(self, line: int) -> tuple[int, int] | None:
        """The string inside of which the line begins."""
        at = bisect.bisect_left(self._strings, (line, 0)) - 1
        if at >= 0 and self._strings[at][0] < line <= self._strings[at][1]:
            return self._strings[at]
        return None

    def _scan_to(self, line: int) -> None:
        """Find the strings of several lines that begin before that line."""
        if self._scan is None:
            self._text = "\n".join(self._lines)
            ends = accumulate(map(len, self._lines), initial=0)
            self._offsets = list(map(add, ends, count()))  # each line end is one character
            self._scan = _STRINGS.finditer(self._text)
        limit = self._offsets[line]
        while self._scanned < limit:
            match = next(self._scan, None)
            if match is None:
                self._scanned = len(self._text) + 1
                return
            self._scanned = match.end()
            if "\n" in match[0]:
                first = bisect.bisect_right(self._offsets, match.start()) - 1
                last = bisect.bisect_right(self._offsets, match.end() - 1) - 1
                self._strings.append((first, last))

    def _lex(self, first: int, end: int) -> Iterator[tuple[Span, ...]]:
        """The spans of the lines [first, end), lexed as a text of their own."""
        if self._lexer is None:
            self._lexer = _lexer(self._file)
        text = "\n".join(self._shown(line)[:LONGEST] for line in range(first, end)) + "\n"
        current: list[Span] = []
        column = 0
        for _, token, value in self._lexer.get_tokens_unprocessed(text):
            kind = self._kinds.get(token)
            if kind is None:
                kind = self._kinds[token] = _kind(token)
            for index, piece in enumerate(value.split("\n") if "\n" in value else (value,)):
                if index:
                    yield tuple(current)
                    current, column = [], 0
                if not piece:
                    continue
                stop = column + len(piece)
                if kind and current and current[-1][1:] == (column, kind):
                    current[-1] = (current[-1][0], stop, kind)
                elif kind:
                    current.append((column, stop, kind))
                column = stop


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
