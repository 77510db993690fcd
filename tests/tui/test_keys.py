"""The keys: each once, each explained, and the README's table of them true."""

from __future__ import annotations

from collections import Counter

import pytest

from modtui.tui import keys
from modtui.tui.telling.help import SHORT
from tests.keys import README, block, written


def test_ids_are_unique_and_explained() -> None:
    assert [id for id, many in Counter(key.id for key in keys.KEYS).items() if many > 1] == []
    assert all(key.help and key.scope in keys.SCOPES for key in keys.KEYS)
    assert {id for id, _ in SHORT} <= keys.IDS


@pytest.mark.parametrize("scopes", keys.TOGETHER)
def test_no_key_means_two_things(scopes: tuple[str, ...]) -> None:
    """What is bound in a widget and again in its screen would hide one of the two."""
    own = ("escape",)  # which leaves the innermost thing first
    pressed = Counter(
        one
        for key in keys.KEYS
        if key.scope in scopes and key.id != "diff-fold"
        for one in key.keys.split(",")
        if one not in own
    )
    assert [key for key, many in pressed.items() if many > 1] == []


def test_the_readme_tells_the_keys_that_there_are() -> None:
    """`python -m tests.keys` writes them anew."""
    assert written(README.read_text(encoding="utf-8")) == block()
