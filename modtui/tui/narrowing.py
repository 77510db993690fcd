"""A filter that is being typed: each letter narrows down what the letters before it left."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.tui.filtering import (
    RANKED_AT_MOST,
    Row,
    Word,
    grouped,
    in_order,
    matching,
    parse,
    ranked,
    visible,
)


class Narrowing:
    """`visible`, which remembers: a letter more is sought in what the letters before it left."""

    def __init__(self) -> None:
        self._rows: Sequence[Row] = ()
        self._key: tuple[object, ...] = ()
        self._base: Sequence[Row] = ()  # what all words but the last leave
        self._value = ""  # the last word, a plain text
        self._hits: list[Row] = []  # the rows of the base that contain it

    def visible(
        self, rows: Sequence[Row], text: str, statuses: frozenset[str], folded: bool,
        marked: frozenset[str],
    ) -> list[Row]:  # fmt: skip
        """As the function, of rows that are in their order already."""
        words = parse(text).words
        last = words[-1] if words else None
        if last is None or last.kind != "text" or last.inverse:
            return visible(rows, text, statuses, None, folded, marked)
        key = (words[:-1], statuses, marked)
        if rows is not self._rows or key != self._key or not last.value.startswith(self._value):
            self._rows, self._key = rows, key
            self._base = self._hits = _all_but_last(rows, words, statuses, marked)
        self._value = last.value
        self._hits = [row for row in self._hits if last.value in row.low]
        shown = self._hits or in_order(self._base, last.value)
        letters = parse(text).letters
        return ranked(shown, letters[0]) if len(shown) <= RANKED_AT_MOST else list(shown)


def _all_but_last(
    rows: Sequence[Row],
    words: Sequence[Word],
    statuses: frozenset[str],
    marked: frozenset[str],
) -> list[Row]:
    shown = list(grouped(rows, statuses))
    for word in words[:-1]:
        shown = matching(shown, word, marked)
    return shown
