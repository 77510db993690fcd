"""The titles of the list's columns; a click sorts."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from modtui.tui.filtering import COLUMNS, Order
from modtui.tui.widgets.ink import InkView, Span, fit
from modtui.tui.widgets.module_list import columns


class ColumnHeads(InkView, can_focus=False):
    """The titles of the columns; a click sorts."""

    class Sort(Message):
        """A column's title was clicked."""

        def __init__(self, column: str) -> None:
            self.column = column
            super().__init__()

    order: reactive[Order] = reactive(Order())

    def _heads(self) -> list[tuple[str, str, int]]:
        wide = columns(max(self.size.width - 1, 1))  # the list has a scroll bar
        heads = [
            ("name", "    Module", wide.name + 4),
            ("status", "Status", wide.status),
            ("freshness", "Freshness", wide.freshness),
            ("file", "File", wide.file),
        ]
        return [head for head in heads if head[2]]

    def render_line(self, y: int) -> Strip:
        """The only line."""
        spans: list[Span] = []
        for column, title, width in self._heads():
            mine = self.order.column == column
            arrow = (" ↑" if self.order.inverse else " ↓") if mine else ""
            spans.append((fit(title + arrow, width), "title" if mine else "muted"))
        return self.strip(spans, self.size.width, "head")

    def on_click(self, event: events.Click) -> None:
        """Sort by the column under the pointer."""
        at = 0
        for column, _, width in self._heads():
            at += width
            if event.x < at and column in COLUMNS:
                self.post_message(self.Sort(column))
                return
