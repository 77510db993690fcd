"""The difference between the source as loaded and the file now: unified or side by side.

The head says which text the file is compared with and how that is known; only a proved one is ever
called "since it was loaded".
"""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from modtui.source.changes import Change
from modtui.source.definitions import Definition
from modtui.source.diff import Diff
from modtui.source.layout import Layout
from modtui.tui.widgets import diff_words
from modtui.tui.widgets.code_view import Page
from modtui.tui.widgets.diff_canvas import DiffCanvas

Mode = Literal["auto", "unified", "split"]

LARGE = 6_000  # lines of both texts together from which definitions wait for a pause
LARGE_PAUSE = 0.4  # seconds
SPLIT_FROM = 110  # cells from which "auto" shows both sides


class DiffView(DiffCanvas):
    """A `Change`, drawn line by line."""

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
        self._unfolded: frozenset[int] = frozenset()
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
            self._compare_soon(change)
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
        for at in range(self.cursor, -1, -1):
            line = self._shown.lines[at]
            if line.kind == "fold" and line.old is not None:
                return self._shown.folds[line.old].block.new_start + 1
            if line.new is not None and line.kind != "removed":
                return line.new + 1
        return 1

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
        width = self.scrollable_content_region.width
        self._shown = Layout(diff, split=self.is_split, open_folds=self._unfolded)
        self._words = diff_words.message(change, width) if not self._shown.starts else []
        self.cursor = self.validate_cursor(self.cursor)
        self.rebuild()

    def _compare_soon(self, change: Change) -> None:
        """After the paint; parsing a large file would be felt while somebody moves on."""
        if len(self._old) + len(self._new) < LARGE:
            self.call_after_refresh(self._compare_now, change)
        else:
            self.set_timer(LARGE_PAUSE, lambda: self._compare_now(change))

    def _compare_now(self, change: Change) -> None:
        if change is self.change:
            self._compare(change)

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
