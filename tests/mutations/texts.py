"""A text with its tree, and the kinds of edits that there are of texts.

An edit takes a text and a source of randomness and gives the text after it, or None where there is
nothing to edit in that way. Texts are ASCII, so that the columns of the tree are those of the text.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Text:
    """A module's text and its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        """The offset of a place of the tree."""
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands."""
        begin = self.at(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return begin, self.at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def said(self, node: ast.AST) -> str:
        """What stands there."""
        begin, end = self.span(node)
        return self.text[begin:end]

    def replaced(self, node: ast.AST, by: str) -> str:
        """The text with something else in a node's place."""
        begin, end = self.span(node)
        return self.text[:begin] + by + self.text[end:]

    def with_lines(self, at: int, lines: Sequence[str], instead: int = 0) -> str:
        """The text with these lines before line `at` (from 1), for as many that go."""
        found = list(self.lines)
        found[at - 1 : at - 1 + instead] = lines
        return "\n".join(found)

    def functions(self) -> list[Function]:
        """All functions that are not inside of others."""
        return [node for node in _scopes(self.tree) if isinstance(node, Function)]

    def classes(self) -> list[ast.ClassDef]:
        """All classes outside of functions."""
        return [node for node in _scopes(self.tree) if isinstance(node, ast.ClassDef)]

    def inner(self, kinds: type | tuple[type, ...]) -> list[ast.AST]:
        """The nodes of these kinds in the bodies of functions, without docstrings."""
        return [
            node
            for function in self.functions()
            for statement in function.body
            if statement is not function.body[0] or docstring(function) is None
            for node in _outside_of_texts(statement)
            if isinstance(node, kinds)
        ]


def _outside_of_texts(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those inside of formatted texts, whose columns mean little before 3.12."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _outside_of_texts(child)


def _scopes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
            if not isinstance(child, Function):
                yield from _scopes(child)


def docstring(node: ast.AST) -> ast.Constant | None:
    """The docstring of a module, class or function."""
    body = getattr(node, "body", None)
    first = body[0] if body else None
    value = first.value if isinstance(first, ast.Expr) else None
    plain = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value if plain and isinstance(value, ast.Constant) else None


Edit = Callable[[Text, random.Random], str | None]
KINDS: dict[str, Edit] = {}
TEXT_ONLY = {"comment line added", "comment changed, same length", "comment at a line's end"}
TEXT_ONLY |= {"blank line added", "blank lines at the end", "blanks inside an expression"}
TEXT_ONLY |= {"blanks at a line's end", "statement broken into two lines"}


def kind(name: str) -> Callable[[Edit], Edit]:
    """Register a function as the edit of that kind."""

    def register(edit: Edit) -> Edit:
        KINDS[name] = edit
        return edit

    return register
