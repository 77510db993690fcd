"""How deep in blocks each line of a function is, by where its jumps go (before 3.11 there are no
columns that tell)."""

from __future__ import annotations

from .instructions import Target, inside, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

_BLOCKS = ("FOR_ITER", "SETUP_WITH", "SETUP_ASYNC_WITH", "SETUP_FINALLY")


def depths(code: CodeType) -> dict[int, int]:
    """For each line with code how many blocks of its function it is in, by the lines alone."""
    found: dict[int, int] = {}
    for each in inside(code):
        lines, spans = _spans(each)
        outer = 0
        if each is not code:
            outer = found.get(each.co_firstlineno, 0) + (1 if each.co_name.isidentifier() else 0)
        for line in lines:
            inner = sum(first < line < last for first, last in spans)
            if line not in found:
                found[line] = outer + inner
    return found


def _spans(code: CodeType) -> tuple[list[int], set[tuple[int, int]]]:
    """The lines of the code, and from which line to which one something is inside of a block."""
    ops = [op for op in read(code) if op.line is not None]
    at = {op.offset: op.line or 0 for op in ops}
    last = max([op.line or 0 for op in ops], default=0) + 1
    spans: set[tuple[int, int]] = set()
    for op in ops:
        if not isinstance(op.value, Target) or op.value <= op.offset:
            # What jumps back to a loop leaves its block at the end of the loop only.
            if isinstance(op.value, Target) and "IF" in op.name:
                spans.add((op.line or 0, _end_of_loop(ops, int(op.value), last)))
            continue
        if "IF" in op.name or op.name in _BLOCKS:
            spans.add((op.line or 0, at.get(int(op.value), last)))
    return [op.line or 0 for op in ops], spans


def _end_of_loop(ops: Sequence[object], start: int, last: int) -> int:
    for op in ops:
        if getattr(op, "offset", 0) == start and getattr(op, "name", "") == "FOR_ITER":
            target = getattr(op, "value", 0)
            for other in ops:
                if getattr(other, "offset", 0) >= target:
                    return int(getattr(other, "line", last))
    return last
