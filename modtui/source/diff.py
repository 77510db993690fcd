"""What differs between two texts, line by line: blocks, aligned rows, hunks and unified text.

Pure functions over lines; nothing here reads files or knows of modules.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz.distance import Indel

from modtui.source.align import Row, pairs, slide

# Bits of rapidfuzz's matrix (old lines x new lines). Beyond the first, lines that are unique on
# both sides cut the texts into parts, which takes less time; beyond the second memory is felt.
CUT_LIMIT = 20_000_000
MATRIX_LIMIT = 1_000_000_000


class Block(NamedTuple):
    """A stretch of both texts: equal, or `old` replaced by `new` (one of them may be empty)."""

    equal: bool
    old_start: int
    old_end: int
    new_start: int
    new_end: int

    def part(self, start: int, end: int) -> Block:
        """Of an equal block, the lines [start, end) counted from its beginning."""
        return Block(
            True,
            self.old_start + start,
            self.old_start + end,
            self.new_start + start,
            self.new_start + end,
        )

    @property
    def size(self) -> int:
        """How many lines an equal block has."""
        return self.old_end - self.old_start


class Hunk(NamedTuple):
    """Changes close to each other, with context: ranges of both texts, and the blocks in them."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    blocks: tuple[Block, ...]

    @property
    def first_changed(self) -> int:
        """Index in the new text of the first line that changed (or where lines went missing)."""
        return next(block.new_start for block in self.blocks if not block.equal)


class Diff:
    """The difference of two sequences of lines."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self.old = old
        self.new = new
        self.blocks = tuple(_blocks(old, new))

    @cached_property
    def _kept(self) -> int:
        """How many lines are in both."""
        return sum(end - start for equal, start, end, _, _ in self.blocks if equal)

    @property
    def added(self) -> int:
        """How many lines the new text has that the old one had not."""
        return len(self.new) - self._kept

    @property
    def removed(self) -> int:
        """How many lines of the old text are gone."""
        return len(self.old) - self._kept

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All lines side by side."""
        found: list[Row] = []
        for block in self.blocks:
            found.extend(self.block_rows(block))
        return tuple(found)

    def block_rows(self, block: Block) -> list[Row]:
        """The rows of one block."""
        if block.equal:
            shift = block.new_start - block.old_start
            return [Row(i, i + shift, True, False) for i in range(block.old_start, block.old_end)]
        old = self.old[block.old_start : block.old_end]
        new = self.new[block.new_start : block.new_end]
        return pairs(old, new, block.old_start, block.new_start)

    def hunks(self, context: int = 3) -> tuple[Hunk, ...]:
        """The changes with `context` equal lines around them; close ones share a hunk."""
        return tuple(_hunks(self.blocks, context))

    def unified(
        self,
        old_label: str,
        new_label: str,
        *,
        context: int = 3,
        heading: Callable[[int], str] | None = None,
        old_ends: bool = True,
        new_ends: bool = True,
    ) -> str:
        """The difference as `diff -u` writes it, "" if there is none.

        `heading` gives what stands after the second `@@` for the first changed line of a hunk;
        `old_ends` and `new_ends` say whether the texts end with a newline.
        """
        if not (old_ends and new_ends):
            # A line without its newline is another line: it gets a mark that no line can hold.
            marked = Diff(_marked(self.old, old_ends), _marked(self.new, new_ends))
            return marked.unified(old_label, new_label, context=context, heading=heading)
        parts = [part for hunk in self.hunks(context) for part in self._unified(hunk, heading)]
        return f"--- {old_label}\n+++ {new_label}\n{''.join(parts)}" if parts else ""

    def _unified(self, hunk: Hunk, heading: Callable[[int], str] | None) -> Iterator[str]:
        name = heading(hunk.first_changed) if heading else ""
        old, new = _range(hunk.old_start, hunk.old_end), _range(hunk.new_start, hunk.new_end)
        yield f"@@ -{old} +{new} @@{' ' + name if name else ''}\n"
        for block in hunk.blocks:
            yield from _signed(
                " " if block.equal else "-", self.old[block.old_start : block.old_end]
            )
            if not block.equal:
                yield from _signed("+", self.new[block.new_start : block.new_end])


_NO_NEWLINE = "\n\\ No newline at end of file"


def _marked(lines: Sequence[str], ends: bool) -> Sequence[str]:
    return lines if ends or not lines else [*lines[:-1], lines[-1] + _NO_NEWLINE]


def _signed(sign: str, lines: Iterable[str]) -> Iterator[str]:
    return (f"{sign}{line}\n" for line in lines)


def intraline(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The spans (start, end) of characters that differ between two lines, in the old and the new.

    Whole words differ, not letters, as people read words. Another indentation is marked only if
    nothing else differs.
    """
    old_words, new_words = _words(old), _words(new)
    left: list[tuple[int, int]] = []
    right: list[tuple[int, int]] = []
    codes = Indel.opcodes([w for w, _, _ in old_words], [w for w, _, _ in new_words])
    for code in codes:
        if code.tag == "equal":
            continue
        if code.src_start < code.src_end:
            _join(old, left, old_words[code.src_start][1], old_words[code.src_end - 1][2])
        if code.dest_start < code.dest_end:
            _join(new, right, new_words[code.dest_start][1], new_words[code.dest_end - 1][2])
    if old.strip() != new.strip():
        return _beyond_indent(old, left), _beyond_indent(new, right)
    return left, right


def _beyond_indent(line: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    indent = len(line) - len(line.lstrip())
    return [(max(start, indent), end) for start, end in spans if end > indent]


def _words(line: str) -> list[tuple[str, int, int]]:
    words = []
    start = 0
    for end in range(1, len(line) + 1):
        inside = end < len(line) and _wordish(line[end]) and _wordish(line[end - 1])
        if not inside:
            words.append((line[start:end], start, end))
            start = end
    return words


def _wordish(char: str) -> bool:
    return char.isalnum() or char == "_"


def _join(line: str, spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Append a span; one that only blanks part from the last becomes part of it."""
    if spans and not line[spans[-1][1] : start].strip():
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _hunks(blocks: Iterable[Block], context: int) -> Iterator[Hunk]:
    group: list[Block] = []
    for block in blocks:
        if not block.equal:
            group.append(block)
            continue
        changed = any(not each.equal for each in group)
        if changed and block.size > 2 * context:
            yield _hunk(group + [block.part(0, context)] * bool(context))
            group, changed = [], False
        keep = block.size if changed else min(block.size, context)
        if keep:
            group.append(block.part(block.size - keep, block.size))
    if group and group[-1].equal and group[-1].size > context:
        group[-1] = group[-1].part(0, context)
    while group and group[-1].equal and not group[-1].size:
        group.pop()
    if any(not each.equal for each in group):
        yield _hunk(group)


def _hunk(group: list[Block]) -> Hunk:
    first, last = group[0], group[-1]
    return Hunk(first.old_start, last.old_end, first.new_start, last.new_end, tuple(group))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    changes: list[tuple[int, int, int, int]] = []
    for change in slide(old, new, _changes(old, new)):
        _add(changes, change)
    i = j = 0
    for old_start, old_end, new_start, new_end in changes:
        if i < old_start:
            yield Block(True, i, old_start, j, new_start)
        yield Block(False, old_start, old_end, new_start, new_end)
        i, j = old_end, new_end
    if i < len(old):
        yield Block(True, i, len(old), j, len(new))


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Changed stretches (old start, end, new start, end) from a longest common subsequence."""
    head = 0
    limit = min(len(old), len(new))
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    if head == old_end and head == new_end:
        return []
    ids: dict[str, int] = {}
    left = [ids.setdefault(line, len(ids)) for line in old[head:old_end]]
    right = [ids.setdefault(line, len(ids)) for line in new[head:new_end]]
    found: list[tuple[int, int, int, int]] = []
    for a, b, c, d in _parts(left, right):
        _indel(left[a:b], right[c:d], head + a, head + c, found)
    return found


def _indel(
    left: list[int], right: list[int], i: int, j: int, found: list[tuple[int, int, int, int]]
) -> None:
    if not left or not right:
        if left or right:
            _add(found, (i, i + len(left), j, j + len(right)))
        return
    if len(left) * len(right) > MATRIX_LIMIT:
        _add(found, (i, i + len(left), j, j + len(right)))
        return
    before_old, before_new = i, j
    for match in Indel.editops(left, right).as_matching_blocks():  # the last one is empty
        start_old, start_new = i + match.a, j + match.b
        if before_old < start_old or before_new < start_new:
            _add(found, (before_old, start_old, before_new, start_new))
        before_old, before_new = start_old + match.size, start_new + match.size


def _add(found: list[tuple[int, int, int, int]], change: tuple[int, int, int, int]) -> None:
    """Append a change; one that touches the last becomes part of it (delete + insert: replace)."""
    if found and found[-1][1] == change[0] and found[-1][3] == change[2]:
        found[-1] = (found[-1][0], change[1], found[-1][2], change[3])
    else:
        found.append(change)


def _parts(left: list[int], right: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """The texts cut at lines that are unique in both, if together they are too large."""
    if len(left) * len(right) <= CUT_LIMIT:
        yield 0, len(left), 0, len(right)
        return
    i = j = 0
    for a, b in _unique_common(left, right):
        if a - i > 2000 or b - j > 2000:
            yield i, a, j, b
            i, j = a, b
    yield i, len(left), j, len(right)


def _unique_common(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    """Positions of lines that occur once in each text, the longest increasing run of them."""
    once = {line for line, times in Counter(left).items() if times == 1}
    once &= {line for line, times in Counter(right).items() if times == 1}
    where = {line: index for index, line in enumerate(right) if line in once}
    couples = [(index, where[line]) for index, line in enumerate(left) if line in once]
    order = [index for _, index in couples]
    return couples if order == sorted(order) else _longest_run(couples)


def _longest_run(couples: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of them that are in order on both sides."""
    ends: list[int] = []
    best: list[int] = []
    before: list[int] = []
    for number, (_, right_index) in enumerate(couples):
        place = bisect.bisect_left(ends, right_index)
        before.append(best[place - 1] if place else -1)
        if place == len(ends):
            ends.append(right_index)
            best.append(number)
        else:
            ends[place] = right_index
            best[place] = number
    chain = []
    number = best[-1] if best else -1
    while number >= 0:
        chain.append(couples[number])
        number = before[number]
    return chain[::-1]
