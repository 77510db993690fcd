"""A vertical scroll bar drawn by lines: a tenth of the time of Textual's, which is a renderable."""

from __future__ import annotations

from math import ceil

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def straight(widget: Widget, crop: Region) -> list[Strip]:
    """The lines of a widget without border, padding or transparency, through the app's filters.

    As Textual's cache of styled lines would give them (and kept in it), without what it does to
    each line for the sake of borders: that costs more than drawing one.
    """
    cache = widget._styles_cache
    if cache._width != widget.size.width:
        cache.clear()
        cache._width = widget.size.width
    kept, dirty = cache._cache, cache._dirty_lines
    missing = [y for y in crop.line_range if y in dirty or y not in kept]
    if missing:
        background = widget.background_colors[1]
        filters = widget.get_line_filters()
        for y in missing:
            strip = widget.render_line(y)
            for one in filters:
                strip = strip.apply_filter(one, background)
            kept[y] = strip
        dirty.difference_update(missing)
    strips = [kept[y] for y in crop.line_range]
    if crop.column_span != (0, widget.size.width):
        start, end = crop.column_span
        return [strip.crop(start, end) for strip in strips]
    return strips


class LineScrollBar(ScrollBar):
    """Looks and behaves as Textual's; only the drawing is ours."""

    _cells: tuple[Strip, Strip, Strip, Style, Style] | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The colours are looked up once for all lines."""
        back, bar = self._colours()
        above, below = _cell(" ", back, "scroll_up"), _cell(" ", back, "scroll_down")
        full = _cell(" ", bar + Style(reverse=True), "grab")
        self._cells = above, below, full, back, bar
        return straight(self, crop)

    def render_line(self, y: int) -> Strip:
        """One cell: above the thumb, the thumb, its fraction of a cell, or below it."""
        assert self._cells is not None
        above, below, full, back, bar = self._cells
        height = self.size.height
        total, seen = ceil(self.window_virtual_size), ceil(self.window_size)
        if not (0 < seen < total and height):
            return Strip([Segment(" ", back)], 1)
        # In eighths of a cell, as the thumb of a long list moves by less than one.
        thumb = max(8, round(8 * height * seen / total))
        room = 8 * height - thumb
        start = min(round(room * self.position / (total - seen)), room)
        top, bottom = start - 8 * y, start + thumb - 8 * y
        if bottom <= 0:
            return below
        if top >= 8:
            return above
        if top > 0:
            return _cell(_EIGHTHS[8 - top], bar, "grab")
        if bottom < 8:
            return _cell(_EIGHTHS[8 - bottom], bar + Style(reverse=True), "grab")
        return full

    def _colours(self) -> tuple[Style, Style]:
        assert self.parent is not None
        styles = self.parent.styles
        if self.grabbed:
            ground, colour = styles.scrollbar_background_active, styles.scrollbar_color_active
        elif self.mouse_over:
            ground, colour = styles.scrollbar_background_hover, styles.scrollbar_color_hover
        else:
            ground, colour = styles.scrollbar_background, styles.scrollbar_color
        ground = self.parent.background_colors[0] + ground
        back = Style(bgcolor=ground.rich_color)
        return back, back + Style(color=(ground + colour).rich_color)


def _cell(char: str, style: Style, action: str) -> Strip:
    return Strip([Segment(char, style + Style.from_meta({"@mouse.down": action}))], 1)
