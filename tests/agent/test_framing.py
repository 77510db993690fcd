"""Frames: our own reader of JSON agrees with json's, and the sliced writer with json's."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.agent import framing

texts = st.text(st.characters(), max_size=30)  # lone surrogates included
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=70) | st.dictionaries(texts, inner, max_size=40),
    max_leaves=120,
)


@given(values)
def test_what_is_written_is_json(value: object) -> None:
    body = framing.encode(value)
    assert body.isascii()
    assert json.loads(body) == _plain(value)


def _plain(value: object) -> object:
    return json.loads(json.dumps(value))


@given(values)
def test_what_is_read_is_what_json_reads(value: object) -> None:
    text = json.dumps(value)
    if all(len(part) <= 400 for part in text.replace("[", ",").split(",")):
        assert framing.decode(text.encode()) == json.loads(text)


@given(st.binary(max_size=60) | texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_garbage_is_refused_and_nothing_else_happens(body: bytes) -> None:
    try:
        value = framing.decode(body)
    except framing.BadFrame:
        return
    assert json.dumps(value) is not None


@given(values, st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_broken_json_is_refused_or_read(value: object, at: int, junk: bytes) -> None:
    body = bytearray(json.dumps(value).encode())
    body[at % (len(body) + 1) : at % (len(body) + 1)] = junk
    try:
        found = framing.decode(bytes(body))
    except framing.BadFrame:
        return
    assert found == json.loads(body.decode("utf-8", "surrogatepass"), strict=False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a"}',
        b'{"a":}',
        b"[1,]",
        b"[1 2]",
        b'"\\x"',
        b'"\\u12"',
        b'"\\u+123"',
        b"nul",
        b"NaN",
        b"1e",
        b"--1",
        b"\xff",
        b"[" * 5000,
        b"9" * 100_000,
        b"{} {}",
    ],
)
def test_these_are_refused(body: bytes) -> None:
    with pytest.raises(framing.BadFrame):
        framing.decode(body)


def test_long_strings_and_wide_containers_are_written_in_slices() -> None:
    value = {
        "text": "é\ud800\U0001f600" * 100_000,
        "list": [{"n": n} for n in range(1000)],
        "dict": {str(n): [n] for n in range(1000)},
    }
    assert json.loads(framing.encode(value)) == json.loads(json.dumps(value))


def test_numbers_that_json_has_no_word_for() -> None:
    assert framing.encode(math.nan) == framing.encode(math.inf) == b"null"


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="an object of type set"):
        framing.encode({"a": [{1}]})
