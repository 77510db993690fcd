"""python -m tests.animation: screenshots/demo.svg, a short film of a real session.

The app is driven headless on the demo's shop in a process of its own, as for the screenshots. What
changes from one picture to the next is drawn again, nothing else, so the file stays small; CSS
shows each piece in its time, which any browser plays in an <img>.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.segment import Segment

from modtui.demo import running_shop
from modtui.reach import connect
from modtui.source.store import Store
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from tests.screenshots import FOLDER, Camera

SIZE = (112, 32)
CELL, LINE, SIZE_OF_FONT = 8.4, 18, 14
MARGIN, CAPTION = 12, 34
BACK, FRONT = "#11151b", "#d5dbe3"


class Run(NamedTuple):
    """Characters of one look, at a column."""

    column: int
    cells: int
    text: str
    colour: str
    back: str
    bold: bool
    under: bool


class Picture(NamedTuple):
    """What the terminal shows, what is said of it, and for how many seconds."""

    lines: tuple[tuple[Run, ...], ...]
    caption: str
    seconds: float


def runs(segments: Iterable[Segment]) -> tuple[Run, ...]:
    """A line of the terminal."""
    found = []
    column = 0
    for segment in segments:
        style = segment.style
        colour, back = FRONT, BACK
        if style is not None and style.color is not None:
            colour = style.color.get_truecolor().hex
        if style is not None and style.bgcolor is not None:
            back = style.bgcolor.get_truecolor(foreground=False).hex
        if style is not None and style.reverse:
            colour, back = back, colour
        bold, under = bool(style and style.bold), bool(style and style.underline)
        cells = cell_len(segment.text)
        found.append(Run(column, cells, segment.text, colour, back, bold, under))
        column += cells
    return tuple(found)


class Film:
    """Pictures in their order."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.pictures: list[Picture] = []

    async def take(self, caption: str, seconds: float) -> None:
        await self.camera.pilot.pause(1.0)
        app = self.camera.app
        strips = app.screen._compositor.render_strips(app.size)
        lines = tuple(runs(strip) for strip in strips)
        self.pictures.append(Picture(lines, caption, seconds))


async def play() -> list[Picture]:
    """Live through it."""
    with running_shop() as shop:
        app = ModtuiApp(
            lambda attempt: connect(shop.pid), config=Config(Path("config.toml")), stores=Store
        )
        async with app.run_test(size=SIZE) as pilot:
            camera = Camera(app, pilot)
            film = Film(camera)
            await camera.until("shop.pricing", "● live")
            await film.take("modtui attach PID: a shop is running; its code is what is on disk", 3)
            shop.edit()
            await camera.until("stale", "packaging", "shop.views")
            await film.take("a file is saved: its module is stale, and this is the difference", 4)
            await camera.press("r")
            await camera.until("Reload shop.pricing?", "3 live instances")
            await film.take("r: what a reload would leave behind, in this very process", 4)
            await camera.press("y")
            await camera.until("Reloaded shop.pricing")
            await film.take("y: reloaded; the report says who still holds the old objects", 4)
            await camera.press("p")
            await camera.until("Patch shop.pricing?", "brought up to date now")
            await film.take("p: the same objects can be brought up to date in place", 3)
            await camera.press("y")
            await camera.until("Patched shop.pricing")
            await film.take("y: the old functions and instances run the new code", 4)
            await camera.press("escape", "slash", *"htsrv")
            await camera.until("http.server")
            await film.take("/: any module of the process is a few letters away", 3)
            await camera.press("escape", "u")
            await camera.until("Take the last patch back")
            await film.take("u: and all of it can be taken back", 3)
            await camera.press("y")
            await camera.until("undone", "stale")
            await film.take("the process is as it was, and nothing was restarted", 3)
            return film.pictures


def spans(pictures: list[Picture], row: int) -> Iterable[tuple[int, int, tuple[Run, ...]]]:
    """The stretches of pictures in which a row is the same: first, past the last, the row."""
    at = 0
    for line, group in groupby(picture.lines[row] for picture in pictures):
        many = len(list(group))
        yield at, at + many, line
        at += many


def draw(pictures: list[Picture]) -> str:
    """The film as SVG."""
    width = SIZE[0] * CELL + 2 * MARGIN
    height = SIZE[1] * LINE + 2 * MARGIN + CAPTION
    total = sum(picture.seconds for picture in pictures)
    begins = [sum(p.seconds for p in pictures[:n]) / total * 100 for n in range(len(pictures) + 1)]
    body: list[str] = []
    times: set[tuple[int, int]] = set()

    def group(start: int, end: int, inside: str) -> None:
        if (start, end) != (0, len(pictures)):
            times.add((start, end))
            inside = f'<g class="s{start}-{end}">{inside}</g>'
        body.append(inside)

    for row in range(SIZE[1]):
        for start, end, line in spans(pictures, row):
            group(start, end, _row(line, MARGIN + row * LINE))
    for number, picture in enumerate(pictures):
        y = height - MARGIN - 4
        said = f'<text class="c" x="{width / 2:.0f}" y="{y}">{escape(picture.caption)}</text>'
        group(number, number + 1, said)
    rules = "".join(_rule(s, e, begins, total) for s, e in sorted(times))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}"><style>'
        f"text{{font:{SIZE_OF_FONT}px 'Fira Code','DejaVu Sans Mono',Menlo,Consolas,monospace;"
        "white-space:pre}"
        f".b{{font-weight:bold}}.u{{text-decoration:underline}}"
        f".c{{text-anchor:middle;fill:{FRONT};font-style:italic}}{rules}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{BACK}"/>{"".join(body)}</svg>\n'
    )


def _rule(start: int, end: int, begins: list[float], total: float) -> str:
    """Visible from the beginning of one picture to that of another, hidden otherwise."""
    name, first, last = f"s{start}-{end}", begins[start], begins[end]
    steps = [f"{first:.3f}%{{visibility:visible}}"]
    if first > 0:
        steps.insert(0, "0%{visibility:hidden}")
    if last < 100:
        steps.append(f"{last:.3f}%{{visibility:hidden}}")
    return (
        f"@keyframes {name}{{{''.join(steps)}}}"
        f".{name}{{visibility:hidden;animation:{name} {total:g}s step-end infinite}}"
    )


def _row(line: tuple[Run, ...], y: int) -> str:
    found = []
    for run in line:
        x, wide = MARGIN + run.column * CELL, run.cells * CELL
        if run.back != BACK:
            found.append(
                f'<rect x="{x:.1f}" y="{y}" width="{wide + 0.3:.1f}" height="{LINE}" '
                f'fill="{run.back}"/>'
            )
        classes = " ".join(name for name, on in (("b", run.bold), ("u", run.under)) if on)
        look = f' class="{classes}"' if classes else ""
        # Not every viewer keeps spaces that follow one another.
        for word in re.finditer(r"\S+(?: \S+)*", run.text):
            lead = cell_len(run.text[: word.start()])
            found.append(
                f'<text x="{x + lead * CELL:.1f}" y="{y + 13.5}" fill="{run.colour}" '
                f'textLength="{cell_len(word[0]) * CELL:.1f}"{look}>{escape(word[0])}</text>'
            )
    return "".join(found)


def main() -> int:
    text = draw(asyncio.run(play()))
    path = FOLDER / "demo.svg"
    path.write_text(text, encoding="utf-8")
    print(f"{path.relative_to(FOLDER.parent)}, {len(text) // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
