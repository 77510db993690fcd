"""Which lines a diff shows: both sides or one column, unchanged stretches folded away.

Pure: from a `Diff` and the folds that are open to a list of lines to draw.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection
from functools import cached_property
from typing import Literal, NamedTuple

from modtui.source.diff import Block, Diff

Kind = Literal["same", "removed", "added", "both", "fold"]


class Line(NamedTuple):
    """One line to draw. Indexes count from 0.

    same: `old` and `new` are equal. removed, added: one side; the other names the line that it is
    a version of, if `alike`. both: side by side, a side may be None. fold: `old` is its number.
    """

    kind: Kind
    old: int | None
    new: int | None
    alike: bool = False


class Fold(NamedTuple):
    """An unchanged stretch that can be hidden, and the change that follows it."""

    block: Block
    following: int | None  # index in the new text of the first line that changed after it


class Layout:
    """The lines of a diff, for one way of showing it."""

    def __init__(
        self,
        diff: Diff,
        *,
        split: bool = False,
        open_folds: Collection[int] = (),
        context: int = 3,
    ) -> None:
        self.diff = diff
        self.split = split
        self.folds: list[Fold] = []
        self.lines: list[Line] = []
        self.starts: list[int] = []  # the first line of each change
        self._open = frozenset(open_folds)
        self._context = context
        self._build()

    def is_open(self, fold: int) -> bool:
        """Whether the stretch of that fold is shown."""
        return fold in self._open

    @cached_property
    def _by_new(self) -> list[tuple[int, int]]:
        lines = enumerate(self.lines)
        return [(x.new, at) for at, x in lines if x.new is not None and x.kind != "removed"]

    @cached_property
    def _by_old(self) -> list[tuple[int, int]]:
        lines = enumerate(self.lines)
        hidden = ("added", "fold")
        return [(x.old, at) for at, x in lines if x.old is not None and x.kind not in hidden]

    def line_of_new(self, index: int) -> int:
        """Where a line of the new text is drawn, or the nearest before it."""
        return _nearest(self._by_new, index)

    def line_of_old(self, index: int) -> int:
        """Where a line of the old text is drawn, or the nearest before it."""
        return _nearest(self._by_old, index)

    def line_of_fold(self, fold: int) -> int:
        """Where a fold is drawn."""
        return next(
            (at for at, x in enumerate(self.lines) if x.kind == "fold" and x.old == fold), 0
        )

    def fold_hiding(self, new_index: int) -> int | None:
        """The closed fold that hides a line of the new text."""
        for number, fold in enumerate(self.folds):
            inside = fold.block.new_start <= new_index < fold.block.new_end
            if inside and number not in self._open:
                return number
        return None

    def change_at(self, line: int) -> int:
        """The number (from 0) of the change on or before that line; -1 before the first."""
        return bisect.bisect_right(self.starts, line) - 1

    def _build(self) -> None:
        blocks = self.diff.blocks
        for number, block in enumerate(blocks):
            if block.equal:
                self._add_equal(block, number == 0, number == len(blocks) - 1, number)
            else:
                self.starts.append(len(self.lines))
                self._add_changed(block)

    def _add_equal(self, block: Block, first: bool, last: bool, number: int) -> None:
        head = 0 if first else self._context
        tail = 0 if last else self._context
        hidden = block.size - head - tail
        if hidden < 2 or (first and last):
            self._add_same(block)
            return
        self._add_same(block.part(0, head))
        middle = block.part(head, block.size - tail)
        following = None if last else self.diff.blocks[number + 1].new_start
        fold = len(self.folds)
        self.folds.append(Fold(middle, following))
        self.lines.append(Line("fold", fold, None))
        if fold in self._open:
            self._add_same(middle)
        self._add_same(block.part(block.size - tail, block.size))

    def _add_same(self, block: Block) -> None:
        shift = block.new_start - block.old_start
        self.lines.extend(Line("same", i, i + shift) for i in range(block.old_start, block.old_end))

    def _add_changed(self, block: Block) -> None:
        rows = self.diff.block_rows(block)
        if self.split:
            self.lines.extend(Line("both", row.old, row.new, row.alike) for row in rows)
            return
        for row in rows:
            if row.old is not None:
                partner = row.new if row.alike else None
                self.lines.append(Line("removed", row.old, partner, row.alike))
        for row in rows:
            if row.new is not None:
                partner = row.old if row.alike else None
                self.lines.append(Line("added", partner, row.new, row.alike))


def _nearest(places: list[tuple[int, int]], index: int) -> int:
    at = bisect.bisect_right(places, (index, 1 << 60)) - 1
    return places[max(at, 0)][1] if places else 0
