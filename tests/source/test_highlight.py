"""Colours at any place of a text are those that lexing all of it gives."""

from __future__ import annotations

import inspect
import textwrap
import typing

import pytest

from modtui.source import highlight
from modtui.source.highlight import Highlighter

TEXT = inspect.getsource(typing)


def whole(lines: list[str]) -> list[tuple[highlight.Span, ...]]:
    one = Highlighter(lines)
    return list(one._lex(0, len(lines)))


def test_random_access_agrees_with_the_whole() -> None:
    lines = TEXT.split("\n")
    expected = whole(lines)
    highlighter = Highlighter(lines)
    places = range(0, len(lines), 7)
    differing = [at for at in reversed(places) if highlighter.spans(at) != expected[at]]
    # Names in an import over several lines are the one thing that needs to know what was before.
    assert len(differing) <= len(places) // 100, differing


def test_spans_fit_the_line() -> None:
    lines = TEXT.split("\n")
    highlighter = Highlighter(lines)
    for at in range(0, len(lines), 3):
        end = 0
        for start, stop, kind in highlighter.spans(at):
            assert end <= start < stop <= len(lines[at])
            assert kind in highlight.KINDS
            end = stop


def test_a_docstring_longer_than_a_chunk() -> None:
    body = "\n".join(f"    line {i} of 'it'" for i in range(60))
    text = f'def f():\n    """Begin.\n{body}\n    """\n    return 1  # done\n'
    lines = text.split("\n")
    highlighter = Highlighter(lines)
    assert highlighter.spans(40) == ((0, len(lines[40]), "docstring"),)
    assert highlighter.spans(63) == ((4, 10, "keyword"), (11, 12, "number"), (14, 20, "comment"))


def test_a_very_long_string_is_not_lexed() -> None:
    lines = ["x = '''", *["    text"] * 5_000, "'''", "y = 1"]
    highlighter = Highlighter(lines)
    assert highlighter.spans(2_500) == ((0, 8, "string"),)
    assert ("number" in {kind for _, _, kind in highlighter.spans(5_002)}) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "'unclosed",
        '"""unclosed\nx',
        "# only",
        "\\",
        "x = '\\\n'",
        "\x00\x01 £",
        "f'{x!r:>{w}}'",
    ],
)
def test_odd_texts(text: str) -> None:
    lines = text.split("\n")
    highlighter = Highlighter(lines)
    for at in range(len(lines)):
        highlighter.spans(at)


def test_only_what_is_seen_is_lexed(monkeypatch: pytest.MonkeyPatch) -> None:
    lexed = []
    original = Highlighter._lex

    def counting(self: Highlighter, first: int, end: int) -> object:
        lexed.append(end - first)
        return original(self, first, end)

    monkeypatch.setattr(Highlighter, "_lex", counting)
    lines = textwrap.dedent("x = 1\n").split("\n") * 5_000
    highlighter = Highlighter(lines)
    for at in range(9_000, 9_050):
        highlighter.spans(at)
    assert sum(lexed) <= 50 + 2 * highlight.CHUNK
