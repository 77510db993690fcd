"""A pane of text that flows with the pane's width and whose links can be walked by key or mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from modtui.tui import keys
from modtui.tui.prose import Document, Go, Line
from modtui.tui.widgets.ink import InkView

DIALOG_PERCENT = 88  # of the screen's height, as in dialogs.tcss


def _nothing(width: int) -> Sequence[Line]:
    return ()


class Pages(InkView):
    """Shows a document: a function from a width to lines."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("pages")

    class Follow(Message):
        """A link was followed."""

        def __init__(self, pages: Pages, go: Go) -> None:
            self.pages = pages
            self.go = go
            super().__init__()

    def __init__(
        self,
        document: Document = _nothing,
        *,
        id: str | None = None,
        classes: str | None = None,
        beside: int = 0,
    ) -> None:
        """`beside` are the lines of a dialog that are not this text and must stay on the screen."""
        super().__init__(id=id, classes=classes)
        self._beside = beside
        self._document = document
        self._lines: Sequence[Line] = ()
        self._width = -1
        self._cursor = -1  # the line whose link enter follows; -1 without links
        self._hover = -1

    def show(self, document: Document, *, keep_place: bool = False) -> None:
        """Show another document, from its top unless the place is to be kept."""
        before = len(self._lines)
        self._document = document
        self._width = -1
        if not keep_place:
            self._cursor = -1
            self.scroll_to(0, 0, animate=False, immediate=True)
        self._lay()
        # As many lines as before need no new layout of the whole screen.
        self.refresh(layout=self.styles.is_auto_height and before != len(self._lines))

    def on_resize(self) -> None:
        """The lines flow anew."""
        self._lay()

    def _lay(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0 or width == self._width:
            return
        self._width = width
        self._lines = self._document(width)
        self.virtual_size = Size(0, len(self._lines))
        if not (0 <= self._cursor < len(self._lines) and self._lines[self._cursor].go):
            self._cursor = next((i for i, line in enumerate(self._lines) if line.go), -1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """For `height: auto`: as many lines as the document has at that width."""
        if width <= 0:
            return 0
        lines = len(self._document(width))
        if self._beside:
            lines = min(lines, max(viewport.height * DIALOG_PERCENT // 100 - self._beside, 3))
        return lines

    @property
    def text(self) -> str:
        """The whole document as plain text."""
        return "\n".join(line.text for line in self._document(max(self._width, 80)))

    @property
    def link(self) -> Go | None:
        """The link under the cursor."""
        return self._lines[self._cursor].go if self._cursor >= 0 else None

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        if width != self._width:
            self._lay()
        index = y + self.scroll_offset.y
        if index >= len(self._lines):
            return self.strip((), width)
        line = self._lines[index]
        back = "row"
        if line.go and index == self._cursor and self.has_focus:
            back = "cursor"
        elif line.go and index == self._hover:
            back = "hover"
        return self.strip(line.spans, width, back)

    # ------------------------------------------------------------ moving

    def action_line(self, by: int) -> None:
        """To the next link, or by a line where there is none near."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        seek = range(self._cursor + by, len(self._lines) if by > 0 else -1, by)
        found = next((i for i in seek if self._lines[i].go), None) if self._cursor >= 0 else None
        if found is not None and top - 1 <= found <= top + height:
            self._cursor = found
            self.scroll_to_region(
                Region(0, found, 1, 1), animate=False, x_axis=False, immediate=True
            )
            self.refresh()
        else:
            self.scroll_relative(y=by, animate=False, immediate=True)

    def action_page(self, by: int) -> None:
        """By pages."""
        height = max(self.scrollable_content_region.height - 1, 1)
        self.scroll_relative(y=by * height, animate=False, immediate=True)
        self._cursor_into_view(by)

    def action_top(self) -> None:
        """To the top."""
        self.scroll_to(y=0, animate=False, immediate=True)
        self._cursor_into_view(-1)

    def action_bottom(self) -> None:
        """To the bottom."""
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
        self._cursor_into_view(1)

    def _cursor_into_view(self, by: int) -> None:
        if self._cursor < 0:
            return
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        inside = [
            i
            for i in range(top, min(top + height, len(self._lines)))
            if self._lines[i].go is not None
        ]
        if inside and self._cursor not in inside:
            self._cursor = inside[-1] if by > 0 else inside[0]
        self.refresh()

    def action_follow(self) -> None:
        """Enter."""
        if self.link is not None:
            self.post_message(self.Follow(self, self.link))

    # ------------------------------------------------------------ mouse and focus

    def on_click(self, event: events.Click) -> None:
        """A click on a link follows it."""
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._lines) and self._lines[index].go:
            self._cursor = index
            self.refresh()
            self.action_follow()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Links show that they can be clicked."""
        index = event.y + self.scroll_offset.y
        if index != self._hover:
            self._hover = index
            self.refresh()

    def on_leave(self) -> None:
        """The pointer has gone."""
        self._hover = -1
        self.refresh()

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
