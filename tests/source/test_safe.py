"""Foreign text can do nothing to a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.source.safe import safe_line, safe_text

ANY = st.text(st.characters(exclude_categories=()), max_size=40)
HARMFUL = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@given(ANY)
def test_nothing_harmful_comes_through(text: str) -> None:
    shown = safe_text(text)
    assert not {unicodedata.category(char) for char in shown} & HARMFUL
    shown.encode("utf-8")
    assert safe_text(shown) == shown or shown.startswith("\u25cc")


@given(ANY)
def test_a_line_of_source_has_no_tabs_and_no_controls(text: str) -> None:
    shown = safe_line(text)
    assert not {unicodedata.category(char) for char in shown} & HARMFUL


@given(st.text(alphabet="abcäöß漢字ひらがな한글 عربى", max_size=30))
def test_letters_of_every_script_stay(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\nb", "a␊b"),
        ("\x7f", "␡"),
        ("\x9b1m", "\\x9b1m"),
        ("user\u202enimda", "user\\u202enimda"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\udc80", "\\udc80"),
        ("x\ufe0f", "x\\ufe0f"),
        ("a\u3164b", "a\\u3164b"),
        ("a\u00a0b", "a\\xa0b"),
        ("漢\u3000字", "漢\u3000字"),
        ("\u0301a", "\u25cc\u0301a"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_made_visible(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_kept_characters() -> None:
    assert safe_text("a\n\tb\x1b", keep="\n\t") == "a\n\tb␛"


def test_tabs_of_a_line() -> None:
    assert safe_line("\tx\ty") == "    x   y"
