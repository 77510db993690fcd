"""Constants in memory written back into a text: right, spelled alike, and nothing else touched."""

from __future__ import annotations

import ast
import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.source import constants

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


def lines(source: str, **live: Any) -> list[str] | None:
    found = constants.recall(source.encode(), live)
    return None if found is None else list(found.lines)


def test_a_value_is_written_where_it_stood() -> None:
    source = "é = 'ü'; RATE = 3  # per cent\ndef f(): return RATE\n"
    assert lines(source, RATE=2) == ["é = 'ü'; RATE = 2  # per cent", "def f(): return RATE"]


def test_several_on_a_line_and_typed_ones() -> None:
    assert lines("A = 1; B = 2; C: int = -3", A=10, B=20, C=-30) == ["A = 10; B = 20; C: int = -30"]


@pytest.mark.parametrize(
    ("source", "value", "written"),
    [
        ('NAME = "new"', "old", 'NAME = "old"'),
        ("NAME = 'new'", "old", "NAME = 'old'"),
        ('NAME = "new"', "it's", 'NAME = "it\'s"'),
        ("NAME = 1", True, "NAME = True"),
        ("NAME = (1, 2)", (1,), "NAME = (1,)"),
    ],
)
def test_spelling(source: str, value: Any, written: str) -> None:
    assert lines(source, NAME=value) == [written]


@pytest.mark.parametrize(
    ("source", "live"),
    [
        ("A = 1", {"A": 1}),
        ("A = 1", {}),
        ("A = 1\nA = 2", {"A": 3}),  # bound twice: nobody knows which
        ("A = 1\ndef f():\n    global A\n    A = 2", {"A": 2}),
        ("A = f()", {"A": 2}),
        ("A = (1,\n     2)", {"A": (3, 4)}),
        ("A = 1.5", {"A": float("inf")}),
        ("A = ", {"A": 2}),
        ("A = 1", {"A": 10**5000}),
    ],
)
def test_what_is_left_alone(source: str, live: dict[str, Any]) -> None:
    assert lines(source, **live) is None


@given(PLAIN, PLAIN)
def test_what_is_written_has_the_value(now: Any, then: Any) -> None:
    found = lines(f"before = 0; X = {now!r}; after = 0", X=then)
    if found is None:
        assert constants.residue.equal(now, then) or not constants._can_be_spelled(then)
    else:
        tree = ast.parse(found[0])
        read = ast.literal_eval(tree.body[1].value)  # type: ignore[attr-defined]
        assert constants.residue.equal(read, then)
        assert len(tree.body) == 3


def sent(values: str | None, pyc: str | None = None) -> Any:
    return {"pyc": pyc, "running": None, "values": values}


@given(st.dictionaries(st.text(), PLAIN))
def test_what_an_agent_sends(live: dict[str, Any]) -> None:
    text = marshal.dumps(live).decode("latin-1")
    assert constants.held(sent(text)) == live
    assert constants.held(sent(text, pyc="its code says more")) == {}


@pytest.mark.parametrize("text", [None, "", "x", marshal.dumps([1]).decode("latin-1"), "\u1234"])
def test_what_no_agent_sends(text: str | None) -> None:
    assert constants.held(sent(text)) == {}


def test_odds() -> None:
    assert constants.odds(b"A = 1\nB = 2\nC = 3", {"A": 1, "B": 3, "C": 4}) == 2
    assert constants.odds(b"A = ", {"A": 1}) == constants.odds(None, {"A": 1}) == 0
