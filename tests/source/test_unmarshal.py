"""Marshalled constants: the same as the interpreter's own reader has, and never more."""

from __future__ import annotations

import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.source.unmarshal import constants

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain), st.sampled_from([2, 3, 4]))
def test_it_reads_what_is_written(values: dict[str, Any], version: int) -> None:
    twice = {**values, "again": tuple(values.values()) * 2}  # so that there are references
    data = marshal.dumps(twice, version)
    assert repr(constants(data)) == repr(marshal.loads(data))  # a nan is not equal to itself


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"(\xff\xff\xff\x7f",  # two thousand million items
        b"l\xff\xff\xff\x7f",
        b"{" + b"(\x01\x00\x00\x00" * 100_000,  # nested
        b"{\xa8\x01\x00\x00\x00r\x00\x00\x00\x000",
        b"r\x07\x00\x00\x00",
        b"c" + bytes(60),
        marshal.dumps(constants.__code__),
        marshal.dumps([1]),
        marshal.dumps({1: 2}),
    ],
)
def test_what_is_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        constants(data)
