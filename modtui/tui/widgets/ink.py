"""What all line-drawing widgets share: named inks, cached styles, strips without waste.

Text goes to the screen as plain segments; no markup parser ever sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from modtui.tui.widgets import palette
from modtui.tui.widgets.scroll_bar import LineScrollBar, straight

Span = tuple[str, str]  # text and ink


def width_of(text: str) -> int:
    """How many cells the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int) -> str:
    """The text in exactly that many cells, cut at the right with an ellipsis."""
    if width <= 0:
        return ""
    length = width_of(text)
    if length == width:
        return text
    if length < width:
        return text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…" if width > 1 else "…"


def fit_left(text: str, width: int) -> str:
    """As `fit`, cut at the left: the end of a path says more than its beginning."""
    length = width_of(text)
    if length <= width or width <= 1:
        return fit(text, width)
    kept = text[-(width - 1) :]
    while width_of(kept) > width - 1:
        kept = kept[1:]
    return fit("…" + kept, width)


class InkView(ScrollView):
    """A Line-API widget that draws (text, ink) spans."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles: dict[tuple[str, str], Style] = {}
        self._base: tuple[Color, Style] | None = None  # the ground, and bold and the like

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines as they are drawn. Textual's cache of styled lines costs more than they do."""
        styles = self.styles
        if self.gutter or self.opacity != 1.0 or styles.tint.a:
            return super().render_lines(crop)
        return straight(self, crop)

    def notify_style_update(self) -> None:
        """The theme or a class has changed: the cached styles are of the past."""
        self._styles.clear()
        self._base = None
        super().notify_style_update()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """Our own scroll bar."""
        if self._vertical_scrollbar is None:
            bar = LineScrollBar(vertical=True, thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def set_lines(self, lines: int) -> None:
        """How many lines there are. With a scroll bar that is always there, no layout is needed."""
        if self.styles.overflow_y == "scroll" and self.size:
            size = Size(0, lines)
            self.set_reactive(InkView.virtual_size, size)
            self._scroll_update(size)
            if self.scroll_offset.y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        else:
            self.virtual_size = Size(0, lines)

    def style_of(self, ink: str, back: str = "row") -> Style:
        """The Rich style of an ink on a background, cached until the theme changes."""
        key = (ink, back)
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._mix(ink, back)
        return style

    def _mix(self, ink: str, back: str) -> Style:
        # Textual's own partial styles drop the alpha of a colour; ours are laid over the ground.
        app = self.app
        ansi, variables = app.native_ansi_color, app.theme_variables
        if self._base is None:
            self._base = self.background_colors[1], self.rich_style.without_color
        ground, attributes = self._base
        if back != "row":
            ours = palette.back(back, ansi)
            if ours is not None:
                ground = ground + palette.colour(ours, variables, ground)
                attributes += palette.text_style(ours)
            else:
                styles = self.get_component_styles(f"back--{back}")
                ground = ground + styles.background
                attributes += styles.text_style
        ours = palette.ink(ink, ansi)
        if ours is not None:
            over = palette.colour(ours, variables, self.styles.color)
            attributes += palette.text_style(ours)
        else:
            styles = self.get_component_styles(f"ink--{ink}")
            over = styles.color if styles.has_rule("color") else self.styles.color
            attributes += styles.text_style
        return attributes + Style.from_color((ground + over).rich_color, ground.rich_color)

    def strip(self, spans: Iterable[Span], width: int, back: str = "row") -> Strip:
        """A strip of exactly that width; neighbours of one ink become one segment."""
        segments: list[Segment] = []
        used = 0
        text, ink = "", ""
        for piece, its_ink in spans:
            if not piece:
                continue
            cells = width_of(piece)
            if used + cells > width:
                piece = set_cell_size(piece, width - used)
                cells = width - used
            used += cells
            if its_ink == ink:
                text += piece
            else:
                if text:
                    segments.append(Segment(text, self.style_of(ink, back)))
                text, ink = piece, its_ink
            if used >= width:
                break
        if text:
            segments.append(Segment(text, self.style_of(ink, back)))
        if used < width:
            segments.append(Segment(" " * (width - used), self.style_of("text", back)))
        return Strip(segments, width)


def plain(spans: Sequence[Span]) -> str:
    """The text of spans."""
    return "".join(text for text, _ in spans)
