"""What the views of source code share: a fixed head, a cursor, lazy colours, cached strips.

Only what is on the screen is lexed, marked and drawn. The head stays while the code scrolls below;
line numbers stay while it scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from modtui.source.highlight import KINDS, Highlighter
from modtui.source.safe import safe_line
from modtui.tui.widgets.ink import InkView, Span, width_of

Mark = tuple[int, int]  # start, end of characters that differ

_STRIPS = 600


class Page:
    """A text made ready for the screen, line by line as it is drawn: safe, and coloured."""

    def __init__(self, lines: Sequence[str], file: str | None = None) -> None:
        self._lines = lines
        self._drawn: dict[int, str] = {}
        self._colours = Highlighter(lines, file, self.line)
        self._widest: int | None = None

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, index: int) -> str:
        """The line as it is drawn."""
        found = self._drawn.get(index)
        if found is None:
            found = self._drawn[index] = safe_line(self._lines[index])
        return found

    def spans(self, index: int) -> Sequence[tuple[int, int, str]]:
        """The coloured stretches of the line as it is drawn."""
        return self._colours.spans(index)

    def width(self) -> int:
        """The cells of the widest line."""
        if self._widest is None:
            self._widest = max(map(width_of, map(self.line, range(len(self)))), default=0)
        return self._widest


class CodeView(InkView, can_focus=True):
    """Rows of code below a head; subclasses say what the rows are."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--code-{kind}" for kind in KINDS} | {
        "ink--code-plain",
        "ink--number",
        "ink--number-cursor",
        "ink--edge",
        "back--code-head",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="code.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="code.down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="code.page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="code.page-down"),
        Binding("home,g", "move(-10000000)", "Top", show=False, id="code.top"),
        Binding("end,G", "move(10000000)", "Bottom", show=False, id="code.bottom"),
        Binding("left,h", "sideways(-8)", "Scroll left", show=False, id="code.left"),
        Binding("right,l", "sideways(8)", "Scroll right", show=False, id="code.right"),
    ]

    DEFAULT_CSS = """
    CodeView {
        overflow-x: hidden;
        overflow-y: auto;

        .ink--code-plain { color: $foreground 92%; }
        .ink--code-comment { color: $foreground 50%; text-style: italic; }
        .ink--code-string { color: $text-success; }
        .ink--code-docstring { color: $text-success 75%; text-style: italic; }
        .ink--code-escape { color: $text-accent; }
        .ink--code-number { color: $text-warning; }
        .ink--code-keyword { color: $text-primary; text-style: bold; }
        .ink--code-constant { color: $text-warning; }
        .ink--code-builtin { color: $text-secondary; }
        .ink--code-self { color: $text-secondary; text-style: italic; }
        .ink--code-function { color: $text-accent; }
        .ink--code-class { color: $text-accent; text-style: bold; }
        .ink--code-decorator { color: $text-secondary; }
        .ink--code-operator { color: $foreground 75%; }
        .ink--code-invalid { color: $text-error; }
        .ink--number { color: $foreground 38%; }
        .ink--number-cursor { color: $foreground; text-style: bold; }
        .ink--edge { color: $primary; }
        .back--code-head { background: $panel; }
    }
    CodeView:ansi {
        .ink--code-plain { color: ansi_default; }
        .ink--code-comment { color: ansi_bright_black; text-style: italic; }
        .ink--code-string { color: ansi_green; }
        .ink--code-docstring { color: ansi_green; text-style: italic; }
        .ink--code-escape { color: ansi_cyan; }
        .ink--code-number { color: ansi_cyan; }
        .ink--code-keyword { color: ansi_blue; text-style: bold; }
        .ink--code-constant { color: ansi_cyan; }
        .ink--code-builtin { color: ansi_cyan; }
        .ink--code-self { color: ansi_default; text-style: italic; }
        .ink--code-function { color: ansi_magenta; }
        .ink--code-class { color: ansi_magenta; text-style: bold; }
        .ink--code-decorator { color: ansi_cyan; }
        .ink--code-operator { color: ansi_default; }
        .ink--number { color: ansi_bright_black; }
        .ink--number-cursor { color: ansi_default; text-style: bold; }
        .back--code-head { background: ansi_default; }
    }
    """

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    shift: reactive[int] = reactive(0, repaint=False, init=False)  # cells scrolled sideways

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: LRUCache[tuple[int, int, int, bool], Strip] = LRUCache(_STRIPS)
        self._heads: dict[int, list[Strip]] = {}  # by width
        self._head_size = 0

    # What a subclass tells.

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def head(self, width: int) -> list[list[Span]]:
        """The lines that stay at the top; how many does not depend on the width."""
        raise NotImplementedError

    def draw_row(self, row: int, width: int, shift: int, cursor: bool) -> Strip:
        """A row, its code moved `shift` cells to the left."""
        raise NotImplementedError

    def code_overflow(self, width: int) -> int:
        """How many cells the widest code is wider than its place."""
        raise NotImplementedError

    def moved(self) -> None:
        """The cursor stands on another row."""

    # Size and scrolling.

    @property
    def rows_visible(self) -> int:
        """How many rows fit below the head."""
        return max(self.scrollable_content_region.height - self._head_size, 1)

    @property
    def top(self) -> int:
        """The first row on the screen."""
        return int(self.scroll_offset.y)

    def rebuild(self) -> None:
        """The rows are other ones: size, head and strips are made anew."""
        self._strips.clear()
        self._heads.clear()
        width = self.scrollable_content_region.width
        self._head_size = len(self.head(width)) if width else 0
        self.virtual_size = Size(0, self.row_count() + self._head_size)
        self.shift = self.validate_shift(self.shift)
        self.refresh()

    def rehead(self) -> None:
        """Only the head has changed."""
        self._heads.clear()
        width = self.scrollable_content_region.width
        if width and len(self.head(width)) != self._head_size:
            self.rebuild()
        else:
            self.refresh()

    def notify_style_update(self) -> None:
        """Another theme: everything is drawn anew."""
        super().notify_style_update()
        self._strips.clear()
        self._heads.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Another width: other strips."""
        self.rebuild()

    def reveal(self, row: int, *, middle: bool = False) -> None:
        """Scroll so that the row is seen, in the middle if it was not."""
        visible = self.rows_visible
        top = self.top
        if middle and not top <= row < top + visible:
            target = row - visible // 3
        elif row < top:
            target = row
        elif row >= top + visible:
            target = row - visible + 1
        else:
            return
        self.scroll_to(y=max(target, 0), animate=False)

    # Cursor.

    def validate_cursor(self, row: int) -> int:
        """Within the rows."""
        return max(0, min(row, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw both rows anew and tell the subclass."""
        self.moved()
        self.refresh()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows
        self.reveal(self.cursor)

    def action_page(self, pages: int) -> None:
        """Move by screens; the cursor keeps its place on the screen."""
        step = pages * max(self.rows_visible - 1, 1)
        before = self.top
        self.scroll_to(y=before + step, animate=False)
        self.cursor += step
        self.reveal(self.cursor)

    def action_sideways(self, cells: int) -> None:
        """Scroll long lines."""
        self.shift += cells

    def validate_shift(self, cells: int) -> int:
        """No further than the end of the longest line."""
        width = self.scrollable_content_region.width
        return max(0, min(cells, self.code_overflow(width))) if width and cells > 0 else 0

    def watch_shift(self) -> None:
        """Draw anew."""
        self.refresh()

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """The wheel sideways."""
        self.shift -= 4
        event.stop()

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """The wheel sideways."""
        self.shift += 4
        event.stop()

    def row_at(self, event: events.MouseEvent) -> int | None:
        """The row under the mouse, None over the head or below the end."""
        y = event.get_content_offset_capture(self).y - self._head_size
        row = self.top + y
        return row if y >= 0 and row < self.row_count() else None

    def on_focus(self) -> None:
        """The cursor is drawn."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is not drawn."""
        self.refresh()

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """A line of the head, or a row below it."""
        width = self.scrollable_content_region.width
        if y < self._head_size:
            if width not in self._heads:
                self._heads[width] = [
                    self.strip(spans, width, "code-head") for spans in self.head(width)
                ]
            return self._heads[width][y]
        row = self.top + y - self._head_size
        if row >= self.row_count():
            return Strip([Segment(" " * width, self.style_of("text"))], width)
        cursor = row == self.cursor and self.has_focus
        shift = self.shift
        key = (row, width, shift, cursor)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self.draw_row(row, width, shift, cursor)
        return strip

    def code(
        self,
        page: Page,
        line: int,
        back: str,
        width: int,
        shift: int,
        marks: Sequence[Mark] = (),
        ink: str = "",
    ) -> list[Segment]:
        """A line of code in exactly `width` cells.

        Characters in `marks` stand on the ground `<back>-mark`; `ink` replaces the syntax colours.
        """
        if width <= 0:
            return []
        text = page.line(line)
        plain = self.style_of(ink or "code-plain", back)
        spans = () if ink else page.spans(line)
        cut = shift + width if text.isascii() else 2 * (shift + width)
        pieces = [
            Segment(text[a:b], self.style_of(ink or f"code-{kind}", f"{back}-mark" if on else back))
            for a, b, kind, on in runs(
                spans, marks, shift if text.isascii() else 0, min(cut, len(text))
            )
        ]
        if not text.isascii():
            pieces = list(Strip(pieces).crop_extend(shift, shift + width, plain))
        else:
            used = max(min(len(text) - shift, width), 0)
            if used < width:
                pieces.append(Segment(" " * (width - used), plain))
        if width_of(text) > shift + width:
            pieces = [*Strip(pieces).crop(0, width - 1), Segment("›", self.style_of("edge", back))]
        return pieces


def runs(
    spans: Sequence[tuple[int, int, str]], marks: Sequence[Mark], start: int, end: int
) -> Iterator[tuple[int, int, str, bool]]:
    """The stretches of [start, end) of one colour: start, end, kind, and whether it is marked."""
    if start >= end:
        return
    cuts = {start, end}
    for a, b in (*((span[0], span[1]) for span in spans), *marks):
        if a < end and b > start:
            cuts.update((max(a, start), min(b, end)))
    coloured, noted = iter(spans), iter(marks)
    span, mark = next(coloured, None), next(noted, None)
    for a, b in pairwise(sorted(cuts)):
        while span is not None and span[1] <= a:
            span = next(coloured, None)
        while mark is not None and mark[1] <= a:
            mark = next(noted, None)
        kind = span[2] if span is not None and span[0] <= a else "plain"
        yield a, b, kind, mark is not None and mark[0] <= a
