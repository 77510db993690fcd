"""Which lines a diff shows: both sides or one column, unchanged stretches folded away.

Pure: from a `Diff` and the folds that are open to a list of lines to draw.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, overload

from modtui.source.align import Row, height
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
    following: Block | None


class _Piece(NamedTuple):
    """Consecutive lines of one kind; lines are made from it when they are drawn."""

    kind: Literal["same", "change", "fold"]
    block: Block  # of a fold: what it hides
    size: int
    fold: int = -1


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
        self.starts: list[int] = []  # the first line of each change
        self.lines = Lines(self)
        self._open = frozenset(open_folds)
        self._context = context
        self._pieces: list[_Piece] = []
        self._firsts: list[int] = []  # the line that each piece begins at
        self._size = 0
        self._aligned: dict[Block, list[Row]] = {}
        self._alike: dict[Block, tuple[dict[int, int], dict[int, int]]] = {}
        self._build()

    def __len__(self) -> int:
        """How many lines there are."""
        return self._size

    def line(self, at: int) -> Line:
        """One line."""
        number = bisect.bisect_right(self._firsts, at) - 1
        piece = self._pieces[number]
        offset = at - self._firsts[number]
        block = piece.block
        if piece.kind == "same":
            return Line("same", block.old_start + offset, block.new_start + offset)
        if piece.kind == "fold":
            return Line("fold", piece.fold, None)
        if self.split:
            row = self._rows(block)[offset]
            return Line("both", row.old, row.new, row.alike)
        removed = block.old_end - block.old_start
        if offset < removed:
            old = block.old_start + offset
            new = self._versions(block)[0].get(old)
            return Line("removed", old, new, new is not None)
        new = block.new_start + offset - removed
        before = self._versions(block)[1].get(new)
        return Line("added", before, new, before is not None)

    def is_open(self, fold: int) -> bool:
        """Whether the stretch of that fold is shown."""
        return fold in self._open

    def line_of_new(self, index: int) -> int:
        """Where a line of the new text is drawn, or the nearest before it."""
        return self._place(index, new=True)

    def line_of_old(self, index: int) -> int:
        """Where a line of the old text is drawn, or the nearest before it."""
        return self._place(index, new=False)

    def line_of_fold(self, fold: int) -> int:
        """Where a fold is drawn."""
        found = (n for n, piece in enumerate(self._pieces) if piece.fold == fold)
        return self._firsts[next(found, 0)]

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

    def _place(self, index: int, new: bool) -> int:
        best = 0
        for first, piece in zip(self._firsts, self._pieces, strict=True):
            block = piece.block
            start = block.new_start if new else block.old_start
            end = block.new_end if new else block.old_end
            if piece.kind == "fold" or start == end:
                continue
            if start > index:
                break
            offset = min(index, end - 1) - start
            if piece.kind == "same":
                best = first + offset
            elif self.split:
                rows = self._rows(block)
                sides = [row.new if new else row.old for row in rows]
                best = first + sides.index(start + offset)
            else:
                best = first + offset + (block.old_end - block.old_start if new else 0)
        return best

    def _rows(self, block: Block) -> list[Row]:
        rows = self._aligned.get(block)
        if rows is None:
            rows = self._aligned[block] = self.diff.block_rows(block)
        return rows

    def _versions(self, block: Block) -> tuple[dict[int, int], dict[int, int]]:
        """Of the lines of a block that are alike: old to new, and new to old."""
        found = self._alike.get(block)
        if found is None:
            couples = [
                (row.old, row.new)
                for row in self._rows(block)
                if row.alike and row.old is not None and row.new is not None
            ]
            found = self._alike[block] = (dict(couples), {new: old for old, new in couples})
        return found

    def _build(self) -> None:
        blocks = self.diff.blocks
        for number, block in enumerate(blocks):
            if block.equal:
                self._add_equal(block, number == 0, number == len(blocks) - 1, number)
            else:
                self.starts.append(self._size)
                self._add("change", block, self._height(block))

    def _height(self, block: Block) -> int:
        _, old_start, old_end, new_start, new_end = block
        if not self.split:
            return old_end - old_start + new_end - new_start
        # Which lines are alike is found here only where the number of rows depends on it.
        if old_end - old_start <= 1 or new_end - new_start <= 1:
            return max(old_end - old_start, new_end - new_start)
        return height(self.diff.old[old_start:old_end], self.diff.new[new_start:new_end])

    def _add_equal(self, block: Block, first: bool, last: bool, number: int) -> None:
        head = 0 if first else self._context
        tail = 0 if last else self._context
        hidden = block.size - head - tail
        if hidden < 2 or (first and last):
            self._add("same", block, block.size)
            return
        middle = block.part(head, block.size - tail)
        following = None if last else self.diff.blocks[number + 1]
        fold = len(self.folds)
        self.folds.append(Fold(middle, following))
        if head:
            self._add("same", block.part(0, head), head)
        self._add("fold", middle, 1, fold)
        if fold in self._open:
            self._add("same", middle, middle.size)
        if tail:
            self._add("same", block.part(block.size - tail, block.size), tail)

    def _add(
        self, kind: Literal["same", "change", "fold"], block: Block, size: int, fold: int = -1
    ) -> None:
        self._pieces.append(_Piece(kind, block, size, fold))
        self._firsts.append(self._size)
        self._size += size


class Lines(Sequence[Line]):
    """All lines of a layout, each made when it is asked for."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __len__(self) -> int:
        return len(self._layout)

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> list[Line]: ...
    def __getitem__(self, at: int | slice) -> Line | list[Line]:
        if isinstance(at, slice):
            return [self._layout.line(number) for number in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._layout.line(at % len(self))
