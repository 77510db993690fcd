"""The statements of a code object, as lines of text that may be what was written."""

from __future__ import annotations

from .layout import lay
from .nodes import free
from .write import Statement, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any


def statements(code: CodeType, section: Any) -> Iterator[tuple[int, list[list[str]]]]:
    """The statements of a function: the first line, and the ways to write each."""
    quote = _quote(section)
    for each in _all(code):
        for statement in Writer(each, quote).run():
            yield statement.line, list(_ways(statement, section))


def _all(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if hasattr(each, "co_code") and each.co_name.isidentifier():
            yield from _all(each)


def _quote(section: Any) -> str:
    texts = [source.reference.text for source in section.sources] or ["".join(section.lines)]
    text = texts[0].replace('"""', "")
    return '"' if text.count('"') > text.count("'") else "'"


def _ways(statement: Statement, section: Any) -> Iterator[list[str]]:
    known = any(token.col is not None for token in statement.tokens)
    indents = [""] if known else section.likely_indents(statement.line)
    for indent in indents:
        for word in statement.words:
            tokens = [*([free(word)] if word else []), *statement.tokens]
            if statement.tails:
                tokens.append(free(statement.tails))
            for bracket in (True, False):
                lines = lay(tokens, indent, bracket)
                if lines is None:
                    continue
                yield lines
                if len(lines) == 1:
                    break
