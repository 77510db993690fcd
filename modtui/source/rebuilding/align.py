"""Which line of an existing text is which line of the text that was loaded."""

from __future__ import annotations

from .instructions import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CELLS = 250_000
NEVER = -1000.0


def similarity(one: Line, other: Line) -> float:
    """From 0 to 1: how much of what two lines do is the same."""
    if not one.core or not other.core:
        return 0.0
    rest = list(other.core)
    both = 0.0
    for op in one.core:
        if op in rest:
            rest.remove(op)
            both += 1
    kinds = [kind for kind, _ in rest]
    for kind, _ in one.core:
        if kind in kinds:
            kinds.remove(kind)
            both += 0.25
    return min(2 * both / (len(one.core) + len(other.core)), 0.99)


class Aligner:
    """Aligns lines of the loaded text, of which code is known, with lines of another text."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], float] = {}

    def score(self, old: Line, is_open: bool, new: Line, text: str, strange: bool) -> float:
        """How well a line of a text fits; negative if it does not.

        `strange`: it is of a function that is not in memory, unless memory does not show it.
        """
        if not old.core and not old.ops:
            blank = not text.strip()
            if is_open:
                return 0.3 if strange else 0.6 if blank else 0.9
            return NEVER if new.core else 0.5 if blank else 0.9
        if not old.core:
            return 1.0 if not new.core else NEVER
        if not new.core:
            return NEVER
        key = id(old), id(new)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _fit(old, new)
        return found

    def align(
        self,
        old: Sequence[tuple[Line, bool]],
        new: Sequence[tuple[Line, str, bool]],
    ) -> list[int | None]:
        """For each of the old lines (their code, whether it is open) the index of a new one."""
        found: list[int | None] = [None] * len(old)
        start, old_end, new_end = 0, len(old), len(new)
        if len(old) * len(new) > MOST_CELLS:
            while start < min(old_end, new_end) and self._fits(old, new, start, start):
                found[start] = start
                start += 1
            while min(old_end, new_end) > start and self._fits(old, new, old_end - 1, new_end - 1):
                old_end, new_end = old_end - 1, new_end - 1
                found[old_end] = new_end
            if (old_end - start) * (new_end - start) > MOST_CELLS:
                return found
        middle = self._table(old[start:old_end], new[start:new_end])
        for at, index in enumerate(middle):
            found[start + at] = None if index is None else start + index
        return found

    def _fits(
        self,
        old: Sequence[tuple[Line, bool]],
        new: Sequence[tuple[Line, str, bool]],
        a: int,
        b: int,
    ) -> bool:
        return old[a][0].core == new[b][0].core

    def _table(
        self, old: Sequence[tuple[Line, bool]], new: Sequence[tuple[Line, str, bool]]
    ) -> list[int | None]:
        """Needleman and Wunsch, with a reward for staying side by side."""
        width = len(new) + 1
        skip_new = [0.05 if strange else 0.3 if text.strip() else 0.1 for _, text, strange in new]
        together = [NEVER] * width  # the best that ends with a pair
        apart = [0.0] * width  # the best that ends with a line left out
        for at in range(1, width):
            apart[at] = apart[at - 1] - skip_new[at - 1]
        together[0] = 0.0  # both begin side by side
        trail: list[list[int]] = []
        for line, is_open in old:
            alone = 0.6 if line.core else 0.4
            before_together, before_apart = together, apart
            together, apart = [NEVER] * width, [NEVER] * width
            apart[0] = max(before_together[0], before_apart[0]) - alone
            steps = [0] * width  # 2 bits: pair came from together; 2: apart from above or left
            for at in range(1, width):
                other, text, strange = new[at - 1]
                stay, jump = before_together[at - 1] + 0.35, before_apart[at - 1]
                fit = self.score(line, is_open, other, text, strange)
                together[at] = fit + (stay if stay >= jump else jump)
                up = max(before_together[at], before_apart[at]) - alone
                left = max(together[at - 1], apart[at - 1]) - skip_new[at - 1]
                apart[at] = up if up >= left else left
                steps[at] = (1 if stay >= jump else 0) | (2 if up >= left else 0)
                steps[at] |= (4 if before_together[at] >= before_apart[at] else 0) | (
                    8 if together[at - 1] >= apart[at - 1] else 0
                )
            steps[0] = 2 | (4 if before_together[0] >= before_apart[0] else 0)
            trail.append(steps)
        found: list[int | None] = [None] * len(old)
        row, at = len(old), width - 1
        paired = together[at] >= apart[at] if old else False
        while row > 0:
            steps_here = trail[row - 1][at]
            if paired and at:
                found[row - 1] = at - 1
                row, at, paired = row - 1, at - 1, bool(steps_here & 1)
            elif steps_here & 2 or not at:
                row, paired = row - 1, bool(steps_here & 4)
            else:
                at, paired = at - 1, bool(steps_here & 8)
        return found


def _fit(old: Line, new: Line) -> float:
    if old.full == new.full:
        return 6.0
    if old.core == new.core:
        return 5.0 + (0.3 if old.first == new.first else 0.0)
    alike = similarity(old, new)
    return 4.0 * alike if alike >= 0.35 else -1.0
