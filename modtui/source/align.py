"""How changed lines are put beside each other, and where a change is said to begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Indel

Change = tuple[int, int, int, int]  # old start, old end, new start, new end

ALIKE = 0.5  # from here on two lines read as versions of each other
CELLS = 2_500  # comparisons of one block; larger ones are paired by position


class Row(NamedTuple):
    """One aligned line, side by side: indexes into the texts, None where a side has no line."""

    old: int | None
    new: int | None
    equal: bool
    alike: bool  # a changed pair that resembles each other: worth marks within the line


def pairs(old: Sequence[str], new: Sequence[str], at_old: int = 0, at_new: int = 0) -> list[Row]:
    """The lines of a changed block side by side; the block begins at those indexes.

    Lines that resemble each other stand beside each other; what is between them follows in order.
    """
    if not old:
        return [Row(None, index, False, False) for index in range(at_new, at_new + len(new))]
    if not new:
        return [Row(index, None, False, False) for index in range(at_old, at_old + len(old))]
    if len(old) == len(new) == 1:
        return [Row(at_old, at_new, False, _alike(old[0], new[0]))]
    rows: list[Row] = []
    i = j = 0
    for left, right in [*_couples(old, new), (len(old), len(new))]:
        while i < left or j < right:
            one = at_old + i if i < left else None
            other = at_new + j if j < right else None
            rows.append(Row(one, other, False, False))
            i, j = min(i + 1, left), min(j + 1, right)
        if left < len(old):
            rows.append(Row(at_old + left, at_new + right, False, True))
        i, j = left + 1, right + 1
    return rows


def height(old: Sequence[str], new: Sequence[str]) -> int:
    """How many rows `pairs` makes of a block."""
    if min(len(old), len(new)) <= 1:
        return max(len(old), len(new))  # whichever line the only one stands beside
    rows = i = j = 0
    for left, right in _couples(old, new):
        rows += max(left - i, right - j) + 1
        i, j = left + 1, right + 1
    return rows + max(len(old) - i, len(new) - j)


def _couples(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that stand beside each other because they are alike."""
    if len(old) * len(new) > CELLS:
        return [(i, i) for i in range(min(len(old), len(new))) if _alike(old[i], new[i])]
    return _best(old, new)


def _alike(old: str, new: str) -> bool:
    return _similarity(old.strip(), new.strip()) >= ALIKE


def _similarity(old: str, new: str) -> float:
    if not old or not new:
        return 1.0 if old == new else 0.0
    return float(Indel.normalized_similarity(old, new, score_cutoff=ALIKE))


def _best(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The couples, in order on both sides, whose similarities add up to the most."""
    left = [line.strip() for line in old]
    right = [line.strip() for line in new]
    height, width = len(left), len(right)
    score = [[0.0] * (width + 1) for _ in range(height + 1)]
    like = [[0.0] * width for _ in range(height)]
    for i in range(height - 1, -1, -1):
        row, below = score[i], score[i + 1]
        for j in range(width - 1, -1, -1):
            same = like[i][j] = _similarity(left[i], right[j])
            row[j] = max(below[j], row[j + 1], below[j + 1] + same if same else 0.0)
    found = []
    i = j = 0
    while i < height and j < width:
        same = like[i][j]
        if same and score[i][j] == score[i + 1][j + 1] + same:
            found.append((i, j))
            i += 1
            j += 1
        elif score[i][j] == score[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def slide(old: Sequence[str], new: Sequence[str], changes: Sequence[Change]) -> Iterator[Change]:
    """The changes, each pure insertion or removal moved to where a person would say that it is.

    An added function between two others can be told as "from its `def` line to the blank lines
    after it" or shifted by a few lines, equally short; the first is what people mean.
    """
    last_old = last_new = 0
    for number, (a, b, c, d) in enumerate(changes, 1):
        shift = 0
        if a == b or c == d:
            lines, start, end = (new, c, d) if a == b else (old, a, b)
            up = start > 0 and lines[start - 1] == lines[end - 1]
            if up or (end < len(lines) and lines[start] == lines[end]):
                following = changes[number] if number < len(changes) else (len(old), 0, len(new), 0)
                room_up = min(a - last_old, c - last_new)
                room_down = min(following[0] - b, following[2] - d)
                shift = _best_shift(lines, start, end, room_up, room_down)
        last_old, last_new = b + shift, d + shift
        yield a + shift, b + shift, c + shift, d + shift


def _best_shift(lines: Sequence[str], start: int, end: int, room_up: int, room_down: int) -> int:
    """How far to move the stretch [start, end) of `lines`, at most so far up and down."""
    up = 0
    while up > -room_up and lines[start + up - 1] == lines[end + up - 1]:
        up -= 1
    down = 0
    while down < room_down and lines[start + down] == lines[end + down]:
        down += 1
    if not up and not down:
        return 0
    candidates = range(down, up - 1, -1)
    return min(candidates, key=lambda shift: _ugliness(lines, start + shift, end + shift))


def _ugliness(lines: Sequence[str], start: int, end: int) -> tuple[int, int, int]:
    """How badly the stretch begins: inside of something, or with the blank lines of another."""
    first = lines[start]
    blank = not first.strip()
    indent = len(first) - len(first.lstrip()) if not blank else 1000
    after_blank = start > 0 and not lines[start - 1].strip()
    ends_blank = not lines[end - 1].strip()
    opens = first.lstrip().startswith(("def ", "class ", "async def ", "@"))
    return (indent - (4 if opens else 0), 0 if after_blank or start == 0 else 1, not ends_blank)
