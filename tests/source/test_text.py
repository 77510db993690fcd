"""Lines are what Python counts, decoded as Python decodes."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.source.text import decode, difference_beyond_lines, patch_lines


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="ab \t\f\v\x1c\x85\u2028é漢", max_size=6),
            st.sampled_from(["\n", "\r\n", "\r"]),
        ),
        max_size=12,
    )
)
def test_line_numbers_are_those_of_the_compiler(parts: list[tuple[str, str]]) -> None:
    # A statement after comments with every odd character: its line number tells how Python counts.
    text = "".join(f"#{comment}{end}" for comment, end in parts) + "marker = 1\n"
    data = text.encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        line = ast.parse(data).body[0].lineno
    assert decode(data).lines[line - 1] == "marker = 1"


@given(st.binary(max_size=200))
def test_never_raises_and_keeps_every_byte_at_hand(data: bytes) -> None:
    text = decode(data)
    assert text.raw == data
    assert not any("\n" in line or "\r" in line for line in text.lines)


@given(st.text(max_size=20).map(str.encode))
def test_what_python_takes_has_no_note(data: bytes) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError):
        return
    assert decode(data).exact


@pytest.mark.parametrize(
    ("data", "encoding", "lines"),
    [
        (b"# coding: latin-1\nx = '\xe9'\n", "iso-8859-1", ("# coding: latin-1", "x = 'é'")),
        (b"#!/usr/bin/python\n# vim: fileencoding=cp1252\n\x80\n", "cp1252", None),
        (b"\xef\xbb\xbfx = 1\n", "utf-8", ("x = 1",)),
        (b"x = 1", "utf-8", ("x = 1",)),
        (b"", "utf-8", ()),
        (b"\n", "utf-8", ("",)),
        (b"a\x0cb\n\x0c\n", "utf-8", ("a\x0cb", "\x0c")),
    ],
)
def test_encodings(data: bytes, encoding: str, lines: tuple[str, ...] | None) -> None:
    text = decode(data)
    assert text.encoding == encoding
    assert text.exact
    if lines is not None:
        assert text.lines == lines


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"x = '\xff'\n" * 3, "not UTF-8"),
        (b"1\n2\n3\nx = '\xff'\n", "0xff at offset 11"),
        (b"# coding: no-such-thing\n", "unknown encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "shown as UTF-8"),
        (b"x = 1\0\n", "NUL"),
        (b"# coding: rot13\nx\n", "rot13"),
    ],
)
def test_what_python_refuses_is_shown_with_the_reason(data: bytes, says: str) -> None:
    text = decode(data)
    assert text.note is not None
    assert says in text.note
    assert text.lines


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"a\r\nb\r\n", b"a\nb\n", "CRLF before, LF now"),
        (b"a\nb", b"a\nb\n", "newline at the end"),
        (b"\xef\xbb\xbfa\n", b"a\n", "byte order mark"),
        (b"a\r\nb\n", b"a\nb\n", "mixed before"),
    ],
)
def test_what_differs_beyond_lines_is_said(old: bytes, new: bytes, says: str) -> None:
    said = difference_beyond_lines(decode(old), decode(new))
    assert said is not None
    assert says in said
    assert difference_beyond_lines(decode(old), decode(old)) is None


def test_patch_lines_keep_carriage_returns() -> None:
    assert patch_lines(decode(b"a\r\nb\r\n")) == ["a\r", "b\r"]
    assert patch_lines(decode(b"a\nb")) == ["a", "b"]
