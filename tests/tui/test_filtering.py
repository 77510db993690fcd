"""The pure half of the list: words, folding, order, tree, matched letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.tui.filtering import (
    COLUMNS,
    TOGGLES,
    Order,
    Row,
    arrange,
    counts,
    matched,
    parse,
    row,
    visible,
)
from modtui.tui.tree import tree
from tests.tui.fake import told

NONE: frozenset[str] = frozenset()


def rows() -> list[Row]:
    recording = told()
    return [
        row(one, recording["target"]["cwd"], index)
        for index, one in enumerate(recording["page"]["modules"])
    ]


def names(found: list[Row]) -> list[str]:
    return [one.name for one in found]


def show(text: str, statuses: frozenset[str] = NONE, folded: bool = True) -> list[Row]:
    return visible(rows(), text, statuses, Order(), folded)


def test_libraries_are_folded_away_until_something_is_sought() -> None:
    assert all(one.place in ("project", "none") for one in show(""))
    assert "email.message" in names(show("email.mess"))
    assert len(show("", folded=False)) == len(rows())


def test_a_stale_library_is_never_folded_away() -> None:
    changed = told()["page"]["modules"]
    for one in changed:
        if one["name"] == "email.message":
            one["freshness"]["verdict"] = "stale"
    shown = visible([row(one) for one in changed], "", NONE, Order(), True)
    assert shown[0].name == "email.message"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("is:extension", lambda one: one.status == "extension"),
        ("is:ext", lambda one: one.status == "extension"),
        ("is:built-in", lambda one: one.status == "built-in"),
        ("!stdlib", lambda one: one.place != "stdlib"),
        ("stdlib is:source", lambda one: one.place == "stdlib" and one.status == "source"),
        ("pkg:email", lambda one: one.name == "email" or one.name.startswith("email.")),
        ("fresh proved", lambda one: (one.verdict, one.proof) == ("fresh", "proved")),
        ("!fresh", lambda one: one.verdict != "fresh"),
        ("file:email/", lambda one: "email/" in one.file),
        ("~^shop\\.", lambda one: one.name.startswith("shop.")),
        ("is:package", lambda one: one.is_package),
        ("!email !http", lambda one: "email" not in one.name and "http" not in one.name),
    ],
)
def test_each_word_of_the_filter(text: str, holds: object) -> None:
    expected = {one.name for one in rows() if holds(one)}  # type: ignore[operator]
    assert expected
    assert set(names(show(text, folded=False))) == expected


def test_words_compose_with_the_toggles() -> None:
    both = show("em", frozenset(("extension", "source")), folded=False)
    assert both
    assert all("em" in one.low and one.status in ("extension", "source") for one in both)


def test_letters_in_order_are_found_when_nothing_contains_the_word() -> None:
    assert "shop.pricing" in names(show("shprc"))


def test_the_best_match_comes_first() -> None:
    assert names(show("email"))[0] == "email"
    assert names(show("pricing"))[0] == "shop.pricing"


@pytest.mark.parametrize("text", ["~(", "~[a", "is:nonsense"])
def test_half_typed_words_are_told_and_do_not_empty_the_list(text: str) -> None:
    assert parse(text).problem
    assert show(text)


def test_name_finds_words_of_the_language_in_names() -> None:
    assert parse("name:stale").words[0].kind == "text"


def test_counts_are_those_of_the_rows() -> None:
    found = rows()
    for toggle in TOGGLES:
        assert counts(found)[toggle.id] == sum(map(toggle.holds, found))


def test_every_order_keeps_every_row() -> None:
    for column in COLUMNS:
        forward = arrange(rows(), Order(column))
        assert sorted(names(forward)) == sorted(names(rows()))
        assert len(arrange(rows(), Order(column, True))) == len(forward)


def test_matched_letters_are_where_they_are() -> None:
    assert matched(parse("shop"), "shop.cart") == [(0, 4)]
    assert matched(parse("car op"), "shop.cart") == [(2, 4), (5, 8)]
    assert matched(parse("!shop"), "shop.cart") == []


@given(st.text(max_size=30), st.text(max_size=20))
def test_no_filter_and_no_name_break_it(text: str, name: str) -> None:
    record = told_row(name)
    for one in visible([record], text, NONE, Order(), True):
        spans = matched(parse(text), one.shown)
        assert all(0 <= a < b <= len(one.shown) for a, b in spans)


def told_row(name: str) -> Row:
    return Row(name, name, name.lower(), "source", "fresh", "proved", "", "", None, "project",
               "none", False, False, 0)  # fmt: skip


# ---------------------------------------------------------------- the tree


def test_the_tree_shows_packages_closed_and_opens_them() -> None:
    shown, branches = tree(visible(rows(), "", NONE, Order("name"), True), NONE, False)
    assert "shop" in names(shown)
    assert "shop.pricing" not in names(shown)
    assert branches[names(shown).index("shop")].children == 4
    shown, branches = tree(
        visible(rows(), "", NONE, Order("name"), True), frozenset(["shop"]), False
    )
    assert branches[names(shown).index("shop.pricing")].depth == 1


def test_packages_that_are_not_loaded_are_groups() -> None:
    shown, branches = tree([told_row("a.b.c")], NONE, True)
    assert names(shown) == ["a", "a.b", "a.b.c"]
    assert [branch.depth for branch in branches] == [0, 1, 2]
    assert shown[0].status == ""


@given(st.lists(st.text(alphabet="ab.", max_size=8), max_size=20, unique=True))
def test_no_names_break_the_tree(found: list[str]) -> None:
    shown, branches = tree([told_row(name) for name in found], NONE, True)
    assert len(shown) == len(branches)
    assert set(found) <= set(names(shown))
