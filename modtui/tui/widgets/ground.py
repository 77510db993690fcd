"""Containers that draw little: what children cover need not be drawn line by line."""

from __future__ import annotations

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip


class Across(Horizontal):
    """Children side by side, without a border."""

    BLANK = True


class Framed(Vertical):
    """Children one below the other, in a border that is one cell thick, or none.

    Textual draws each line of a container, and its children then cover all but the border. Here the
    lines between the first and the last are one line.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """The first line, the last, and one for all between."""
        last = self.outer_size.height - 1
        stands = [y if y == last else min(y, 1) for y in crop.line_range]
        drawn = {
            y: super(Framed, self).render_lines(Region(crop.x, y, crop.width, 1))[0]
            for y in set(stands)
        }
        return [drawn[y] for y in stands]
