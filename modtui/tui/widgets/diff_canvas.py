"""Drawing a diff, one line at a time: numbers, signs, tinted code, folds, or a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip

from modtui.source.changes import Change
from modtui.source.diff import Diff, intraline
from modtui.source.layout import Layout, Line
from modtui.source.safe import safe_text
from modtui.tui.widgets import diff_words
from modtui.tui.widgets.code_view import CodeView, Mark, Page
from modtui.tui.widgets.ink import Span, fit

BOTH_NUMBERS_FROM = 56  # cells from which unified shows the old line numbers too
LONGEST_MARKED = 2_000  # characters of a line whose inner changes are marked
_SIGNS = {"same": " ", "removed": "−", "added": "+"}
GUESS = "?"  # the sign of a removed line that nothing proves


class DiffCanvas(CodeView):
    """Draws the lines of a layout; `DiffView` decides which layout that is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "ink--gap",
        "ink--rule",
        "ink--heading",
        "ink--guess",
        "back--added",
        "back--added-mark",
        "back--added-edge",
        "back--removed",
        "back--removed-mark",
        "back--removed-edge",
        "back--fold",
    }

    DEFAULT_CSS = """
    DiffCanvas {
        .ink--gap { color: $foreground 14%; }
        .ink--rule { color: $foreground 25%; }
        .ink--heading { color: $text-primary; text-style: bold; }
        .ink--guess { color: $foreground 45%; text-style: italic; }
        .back--added { background: $success 14%; }
        .back--added-edge { background: $success 26%; }
        .back--added-mark { background: $success 40%; }
        .back--removed { background: $error 16%; }
        .back--removed-edge { background: $error 30%; }
        .back--removed-mark { background: $error 48%; }
        .back--fold { background: $primary 9%; }
    }
    DiffCanvas:light {
        .back--added-mark { background: $success 34%; }
        .back--removed-mark { background: $error 32%; }
    }
    DiffCanvas:ansi {
        .ink--gap { color: ansi_bright_black; }
        .ink--rule { color: ansi_bright_black; }
        .ink--heading { color: ansi_blue; text-style: bold; }
        .ink--guess { color: ansi_bright_black; text-style: italic; }
        .back--added { background: ansi_default; }
        .back--added-edge { background: ansi_default; }
        .back--added-mark { background: ansi_default; text-style: reverse; }
        .back--removed { background: ansi_default; }
        .back--removed-edge { background: ansi_default; }
        .back--removed-mark { background: ansi_default; text-style: reverse; }
        .back--fold { background: ansi_default; }
    }
    DiffCanvas:nocolor {
        .back--added-mark { text-style: underline; }
        .back--removed-mark { text-style: underline; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.change: Change | None = None
        self.compared: Change | None = None  # the change whose definitions are known
        self._old = self._new = Page(())
        self._shown = Layout(Diff((), ()))
        self._words: list[list[Span]] = []
        self._marks: dict[tuple[int, int], tuple[list[Mark], list[Mark]]] = {}

    @property
    def hunk(self) -> int:
        """The number (from 1) of the change at or before the cursor; 0 before the first."""
        return self._shown.change_at(self.cursor) + 1

    @property
    def hunks(self) -> int:
        """How many places changed."""
        return len(self._shown.starts)

    @property
    def has_folds(self) -> bool:
        """Whether there are unchanged lines that can be shown or hidden."""
        return bool(self._shown.folds)

    def row_count(self) -> int:
        """The lines of the layout, or of the message."""
        return self._message_top() + len(self._words) if self._words else len(self._shown.lines)

    def _message_top(self) -> int:
        height = self.scrollable_content_region.height - self._head_size
        return max((height - len(self._words)) // 3, 1)

    def moved(self) -> None:
        """The head counts the places."""
        self.rehead()

    def head(self, width: int) -> list[list[Span]]:
        """File and counts; which baseline and how it is known; what else must be said."""
        if self.change is None:
            return []
        return diff_words.head(
            self.change,
            width,
            hunk=self.hunk,
            hunks=self.hunks,
            compared=self.compared is self.change,
        )

    def code_overflow(self, width: int) -> int:
        """Of the narrower side."""
        if self._words:
            return 0
        place = self._half(width)[0] if self._shown.split else width
        return max(self._old.width(), self._new.width()) + self._gutter(width) - place

    def draw_row(self, row: int, width: int, shift: int, cursor: bool) -> Strip:
        """A line of code, a fold, or a line of the message."""
        if self._words:
            line_of_message = row - self._message_top()
            spans = self._words[line_of_message] if line_of_message >= 0 else []
            return self.strip(diff_words.centred(spans, width), width)
        line = self._shown.lines[row]
        if line.kind == "fold":
            return self._draw_fold(line, width, cursor)
        segments = [Segment("▌" if cursor else " ", self.style_of("edge"))]
        if self._shown.split:
            segments += self._draw_both(line, width, shift, cursor)
        else:
            segments += self._draw_one(line, width, shift, cursor)
        return Strip(segments, width)

    def _gutter(self, width: int) -> int:
        """The cells before the code of one column or side."""
        digits = self._digits()
        if self._shown.split:
            return digits + 3
        return 1 + digits + 3 + (digits + 1 if width >= BOTH_NUMBERS_FROM else 0)

    def _digits(self) -> int:
        return max(len(str(max(len(self._old), len(self._new)))), 3)

    def _half(self, width: int) -> tuple[int, int]:
        """The cells of both sides, without the edge and the rule between them."""
        left = (width - 2) // 2
        return left, width - 2 - left

    def _draw_one(self, line: Line, width: int, shift: int, cursor: bool) -> list[Segment]:
        digits = self._digits()
        old = line.old if line.kind != "added" else None
        new = line.new if line.kind != "removed" else None
        if width >= BOTH_NUMBERS_FROM:
            numbers = f"{_number(old, digits)} {_number(new, digits)}"
        else:
            numbers = _number(old if new is None else new, digits)
        page, index = (self._new, new) if new is not None else (self._old, old)
        assert index is not None
        place = width - self._gutter(width)
        return [
            *self._margin(line.kind, numbers, cursor, new, self._is_guess(line.kind, old)),
            *self._code(page, index, line.kind, place, shift, self._marks_of(line, line.kind)),
        ]

    def _draw_both(self, line: Line, width: int, shift: int, cursor: bool) -> list[Segment]:
        left, right = self._half(width)
        return [
            *self._side(line, "removed", left, shift, cursor),
            Segment("│", self.style_of("rule")),
            *self._side(line, "added", right, shift, cursor),
        ]

    def _side(self, line: Line, side: str, width: int, shift: int, cursor: bool) -> list[Segment]:
        index = line.old if side == "removed" else line.new
        if index is None:
            return [Segment("╱" * width, self.style_of("gap"))]
        kind, page, code_line = side, self._old if side == "removed" else self._new, index
        if line.kind == "same" and line.new is not None:
            # Equal lines come from the new text on both sides, so that only that one is lexed.
            kind, page, code_line = "same", self._new, line.new
        numbers = _number(index, self._digits())
        place = width - self._gutter(width)
        new = index if side == "added" else None
        return [
            *self._margin(kind, numbers, cursor, new, self._is_guess(kind, line.old)),
            *self._code(page, code_line, kind, place, shift, self._marks_of(line, kind)),
        ]

    def _is_guess(self, kind: str, old: int | None) -> bool:
        """Whether it is a line as loaded that nothing proves."""
        if self.change is None or kind != "removed":
            return False
        return old in self.change.baseline.guessed

    def _margin(
        self, kind: str, numbers: str, cursor: bool, new: int | None, guess: bool
    ) -> list[Segment]:
        """Line numbers and sign."""
        back = "row" if kind == "same" else f"{kind}-edge"
        ink = "number-cursor" if cursor else "number" if kind == "same" else kind
        sign, sign_ink = _SIGNS[kind], "number" if kind == "same" else kind
        if guess:
            sign, sign_ink = GUESS, "guess"
        problem = self.compared.comparison.new_problem if self.compared is not None else None
        if problem is not None and new is not None and problem.line == new + 1:
            sign, sign_ink = "✗", "bad"
        ground = "row" if kind == "same" else kind
        return [
            Segment(f"{numbers} ", self.style_of(ink, back)),
            Segment(f"{sign} ", self.style_of(sign_ink, ground)),
        ]

    def _code(
        self, page: Page, index: int, kind: str, width: int, shift: int, marks: Sequence[Mark]
    ) -> list[Segment]:
        if kind == "same":
            return self.code(page, index, "row", width, shift)
        # With the terminal's own sixteen colours there is no tinted ground: the ink tells it.
        ink = kind if self.app.native_ansi_color else ""
        if self._is_guess(kind, index):
            ink = "guess"
        return self.code(page, index, kind, width, shift, marks, ink)

    def _marks_of(self, line: Line, kind: str) -> Sequence[Mark]:
        """The characters that differ from the line's other version."""
        if not line.alike or line.old is None or line.new is None:
            return ()
        key = (line.old, line.new)
        found = self._marks.get(key)
        if found is None:
            old, new = self._old.line(line.old), self._new.line(line.new)
            long = max(len(old), len(new)) > LONGEST_MARKED
            found = self._marks[key] = ([], []) if long else intraline(old, new)
        return found[0] if kind == "removed" else found[1]

    def _draw_fold(self, line: Line, width: int, cursor: bool) -> Strip:
        assert line.old is not None
        assert self.change is not None
        fold = self._shown.folds[line.old]
        is_open = self._shown.is_open(line.old)
        name = self.change.place(fold.following) if fold.following is not None else ""
        edge: Span = ("▌", "edge") if cursor else (" ", "text")
        arrow = "▾" if is_open else "▸"
        count = f"{fold.block.size} unchanged lines" if width >= 50 else f"{fold.block.size} same"
        digits = self._digits()
        lead = f"{arrow:>{digits}} "
        room = max(width - 1 - len(lead) - len(count) - 2, 0)
        spans: list[Span] = [edge, (lead, "edge" if cursor else "muted")]
        spans += [(fit(safe_text(name), room), "heading"), (f" {count} ", "muted")]
        return self.strip(spans, width, "fold")


def _number(index: int | None, digits: int) -> str:
    return f"{'' if index is None else index + 1:>{digits}}"
