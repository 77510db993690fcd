"""The difference between the source as loaded and the file now: unified or side by side.

The head says which text the file is compared with and how that is known; only a proved one is ever
called "since it was loaded".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.segment import Segment
from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from modtui.source.changes import Change
from modtui.source.definitions import Definition
from modtui.source.diff import Diff, intraline
from modtui.source.layout import Layout, Line
from modtui.source.safe import safe_text
from modtui.tui.widgets import diff_words
from modtui.tui.widgets.code_view import CodeView, Mark, Page
from modtui.tui.widgets.ink import Span, fit

Mode = Literal["auto", "unified", "split"]

SPLIT_FROM = 110  # cells from which "auto" shows both sides
BOTH_NUMBERS_FROM = 56  # cells from which unified shows the old line numbers too
LONGEST_MARKED = 2_000  # characters of a line whose inner changes are marked
_SIGNS = {"same": " ", "removed": "−", "added": "+"}


class DiffView(CodeView):
    """A `Change`, drawn line by line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "ink--gap",
        "ink--rule",
        "ink--heading",
        "back--added",
        "back--added-mark",
        "back--added-edge",
        "back--removed",
        "back--removed-mark",
        "back--removed-edge",
        "back--fold",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right_square_bracket,n",
            "hunk(1)",
            "Next change",
            id="diff.next",
            tooltip="Go to the next place that changed",
            key_display="]",
        ),
        Binding(
            "left_square_bracket,N",
            "hunk(-1)",
            "Previous change",
            id="diff.previous",
            tooltip="Go to the place that changed before",
            key_display="[",
        ),
        Binding(
            "s", "toggle_split", "Side by side", id="diff.split", tooltip="One column or two sides"
        ),
        Binding(
            "enter",
            "toggle_fold",
            "Open or close",
            id="diff.fold",
            show=False,
            tooltip="Show or hide the unchanged lines under the cursor",
        ),
        Binding(
            "z",
            "toggle_all_folds",
            "All lines",
            id="diff.all",
            show=False,
            tooltip="Show or hide all unchanged lines",
        ),
    ]

    DEFAULT_CSS = """
    DiffView {
        .ink--gap { color: $foreground 14%; }
        .ink--rule { color: $foreground 25%; }
        .ink--heading { color: $text-primary; text-style: bold; }
        .back--added { background: $success 14%; }
        .back--added-edge { background: $success 26%; }
        .back--added-mark { background: $success 40%; }
        .back--removed { background: $error 16%; }
        .back--removed-edge { background: $error 30%; }
        .back--removed-mark { background: $error 48%; }
        .back--fold { background: $primary 9%; }
    }
    DiffView:light {
        .back--added-mark { background: $success 34%; }
        .back--removed-mark { background: $error 32%; }
    }
    DiffView:ansi {
        .ink--gap { color: ansi_bright_black; }
        .ink--rule { color: ansi_bright_black; }
        .ink--heading { color: ansi_blue; text-style: bold; }
        .back--added { background: ansi_default; }
        .back--added-edge { background: ansi_default; }
        .back--added-mark { background: ansi_default; text-style: reverse; }
        .back--removed { background: ansi_default; }
        .back--removed-edge { background: ansi_default; }
        .back--removed-mark { background: ansi_default; text-style: reverse; }
        .back--fold { background: ansi_default; }
    }
    DiffView:nocolor {
        .back--added-mark { text-style: underline; }
        .back--removed-mark { text-style: underline; }
    }
    """

    mode: reactive[Mode] = reactive[Mode]("auto", repaint=False, init=False)

    class Compared(Message):
        """The definitions that changed are known (found on a thread after `show`)."""

        def __init__(self, change: Change) -> None:
            self.change = change
            super().__init__()

        @property
        def definitions(self) -> tuple[Definition, ...]:
            """Functions, classes and values that were added, removed or changed."""
            return self.change.definitions

    def __init__(
        self, change: Change | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.change: Change | None = None
        self.compared: Change | None = None  # the change whose definitions are known
        self._old = self._new = Page(())
        self._shown = Layout(Diff((), ()))
        self._unfolded: frozenset[int] = frozenset()
        self._marks: dict[tuple[int, int], tuple[list[Mark], list[Mark]]] = {}
        self._words: list[list[Span]] = []
        self._given = change

    def on_mount(self) -> None:
        """Show what was given at the start."""
        self.show(self._given)

    # What is shown.

    def show(self, change: Change | None) -> None:
        """Show another change, or none. One of the same module keeps the place on the screen."""
        same = self.change is not None and change is not None and self.change.name == change.name
        place = self.current_line if same else None
        self.change = change
        self.compared = None
        self._marks = {}
        self._unfolded = frozenset()
        file = change.file if change else None
        self._old = Page((change.old or ()) if change else (), file)
        self._new = Page((change.new or ()) if change else (), file)
        self._lay_out()
        if change is not None and change.differs:
            self._compare(change)
        if place is not None and self._shown.lines:
            self.cursor = self._shown.line_of_new(place - 1)
        else:
            self.scroll_to(0, 0, animate=False)
            self.cursor = self._shown.starts[0] if self._shown.starts else 0
        self.call_after_refresh(self.reveal, self.cursor, middle=True)

    @property
    def is_split(self) -> bool:
        """Whether both sides are shown."""
        if self.mode == "auto":
            return self.scrollable_content_region.width >= SPLIT_FROM
        return self.mode == "split"

    @property
    def current_line(self) -> int | None:
        """The line of the file (from 1) at the cursor, None if there is no file."""
        if self.change is None or self.change.new is None:
            return None
        if not self._shown.lines:
            return 1
        for line in self._shown.lines[self.cursor :: -1]:
            if line.kind == "fold" and line.old is not None:
                return self._shown.folds[line.old].block.new_start + 1
            if line.new is not None and line.kind != "removed":
                return line.new + 1
        return 1

    @property
    def hunk(self) -> int:
        """The number (from 1) of the change at or before the cursor; 0 before the first."""
        return self._shown.change_at(self.cursor) + 1

    @property
    def hunks(self) -> int:
        """How many places changed."""
        return len(self._shown.starts)

    def definitions(self) -> tuple[Definition, ...]:
        """The definitions that changed, () as long as they are not known (see `Compared`)."""
        return self.compared.definitions if self.compared is not None else ()

    def go_to(self, line: int) -> None:
        """Move the cursor to a line of the file (from 1), opening the fold that hides it."""
        fold = self._shown.fold_hiding(line - 1)
        if fold is not None:
            self._unfolded |= {fold}
            self._lay_out()
        self.cursor = self._shown.line_of_new(line - 1)
        self.reveal(self.cursor, middle=True)

    def go_to_definition(self, definition: Definition) -> None:
        """Move the cursor to a definition that changed; one that was removed is in the old text."""
        if definition.line is not None:
            row = self._shown.line_of_new(definition.line - 1)
            shown = self._shown.lines[row] if self._shown.lines else None
            if shown is not None and shown.new == definition.line - 1:
                self.cursor = row
                self.reveal(row, middle=True)
            else:
                self.go_to(definition.line)
        elif definition.old_line is not None:
            self.cursor = self._shown.line_of_old(definition.old_line - 1)
            self.reveal(self.cursor, middle=True)

    # Actions.

    def action_hunk(self, step: int) -> None:
        """The next or previous place that changed."""
        starts = self._shown.starts
        if step > 0:
            ahead = [start for start in starts if start > self.cursor]
        else:
            ahead = [start for start in starts if start < self.cursor][::-1]
        if ahead:
            self.cursor = ahead[0]
            self.reveal(max(ahead[0] - 4, 0))
            self.reveal(min(ahead[0] + 8, self.row_count() - 1))
            self.reveal(ahead[0])

    def action_toggle_split(self) -> None:
        """One column instead of two sides, or the other way."""
        self.mode = "unified" if self.is_split else "split"

    def watch_mode(self) -> None:
        """Lay out anew; the cursor stays on its line."""
        self._again()

    def action_toggle_fold(self) -> None:
        """Open or close the fold under the cursor."""
        if self.cursor < len(self._shown.lines):
            line = self._shown.lines[self.cursor]
            if line.kind == "fold" and line.old is not None:
                self._unfolded ^= {line.old}
                self._lay_out()

    def action_toggle_all_folds(self) -> None:
        """Open all folds, or close them all."""
        every = frozenset(range(len(self._shown.folds)))
        self._unfolded = frozenset() if self._unfolded == every else every
        self._again()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a fold opens or closes."""
        row = self.row_at(event)
        if row is not None and not self._words:
            self.cursor = row
            self.action_toggle_fold()

    def on_resize(self, event: events.Resize) -> None:
        """Another width may be another way of showing."""
        self._again()

    def _again(self) -> None:
        """Lay out anew; the cursor stays on its line."""
        before = self._shown
        line = before.lines[self.cursor] if self.cursor < len(before.lines) else None
        self._lay_out()
        if line is None or not self._shown.lines:
            return
        if line.kind == "fold" and line.old is not None:
            row = self._shown.line_of_fold(line.old)
        elif line.old is not None and (line.kind == "removed" or line.new is None):
            row = self._shown.line_of_old(line.old)
        else:
            row = self._shown.line_of_new(line.new or 0)
        self.cursor = row
        self.reveal(row, middle=True)

    def _lay_out(self) -> None:
        change = self.change
        diff = change.diff if change is not None else Diff((), ())
        self._shown = Layout(diff, split=self.is_split, open_folds=self._unfolded)
        self._words = diff_words.message(change) if not self._shown.starts else []
        self.cursor = self.validate_cursor(self.cursor)
        self.rebuild()

    @work(thread=True, exclusive=True, group="compare")
    def _compare(self, change: Change) -> None:
        _ = change.comparison  # cached there
        self.app.call_from_thread(self._know, change)

    def _know(self, change: Change) -> None:
        if change is self.change:
            self.compared = change
            self._strips.clear()
            self.rehead()
            self.refresh()
            self.post_message(self.Compared(change))

    # Drawing.

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
        place = self._half(width)[0] if self.is_split else width
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
        if self.is_split:
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
            *self._margin(line.kind, numbers, cursor, new),
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
            *self._margin(kind, numbers, cursor, new),
            *self._code(page, code_line, kind, place, shift, self._marks_of(line, kind)),
        ]

    def _margin(self, kind: str, numbers: str, cursor: bool, new: int | None) -> list[Segment]:
        """Line numbers and sign."""
        back = "row" if kind == "same" else f"{kind}-edge"
        ink = "number-cursor" if cursor else "number" if kind == "same" else kind
        sign, sign_ink = _SIGNS[kind], "number" if kind == "same" else kind
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
        name = self.change.heading(fold.following) if fold.following is not None else ""
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
