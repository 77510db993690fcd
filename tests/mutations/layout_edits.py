"""Edits of comments, blanks and line breaks: the code stays the same."""

from __future__ import annotations

import ast
import random
import re

from tests.mutations.texts import Text, kind


@kind("comment line added")
def _comment_line(text: Text, rng: random.Random) -> str | None:
    found = [s for f in text.functions() for s in f.body]
    if not found:
        return None
    statement = rng.choice(found)
    return text.with_lines(statement.lineno, [" " * statement.col_offset + "# why"])


@kind("comment changed, same length")
def _comment(text: Text, rng: random.Random) -> str | None:
    found = [i for i, line in enumerate(text.lines) if re.match(r"\s*#.*[a-y]", line)]
    if not found:
        return None
    at = rng.choice(found)
    line = text.lines[at]
    place = max(match.start() for match in re.finditer("[a-y]", line))
    new = line[:place] + chr(ord(line[place]) + 1) + line[place + 1 :]
    return text.with_lines(at + 1, [new], 1)


@kind("comment at a line's end")
def _line_comment(text: Text, rng: random.Random) -> str | None:
    return _at_line_end(text, rng, "  # why")


@kind("blanks at a line's end")
def _trailing(text: Text, rng: random.Random) -> str | None:
    return _at_line_end(text, rng, "  ")


def _at_line_end(text: Text, rng: random.Random, more: str) -> str | None:
    found = [s for f in text.functions() for s in f.body if s.lineno == s.end_lineno]
    if not found:
        return None
    line = rng.choice(found).lineno
    return text.with_lines(line, [text.lines[line - 1] + more], 1)


@kind("blank line added")
def _blank(text: Text, rng: random.Random) -> str | None:
    found = [s for f in text.functions() for s in f.body]
    return text.with_lines(rng.choice(found).lineno, [""]) if found else None


@kind("blank lines at the end")
def _blank_end(text: Text, rng: random.Random) -> str | None:
    return text.text + "\n\n"


@kind("blanks inside an expression")
def _inside(text: Text, rng: random.Random) -> str | None:
    found = [n for n in text.inner(ast.Call) if n.args]  # type: ignore[attr-defined]
    if not found:
        return None
    first = rng.choice(found).args[0]  # type: ignore[attr-defined]
    return (
        None
        if isinstance(first, ast.GeneratorExp)
        else text.replaced(first, " " + text.said(first))
    )


@kind("statement broken into two lines")
def _broken(text: Text, rng: random.Random) -> str | None:
    found = [n for n in text.inner(ast.Call) if len(n.args) > 1]  # type: ignore[attr-defined]
    if not found:
        return None
    second = rng.choice(found).args[1]  # type: ignore[attr-defined]
    return text.replaced(second, "\n" + " " * 12 + text.said(second))
