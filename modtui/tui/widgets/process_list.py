"""The list of processes, drawn line by line; those out of reach are grey."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from modtui.source.safe import safe_text
from modtui.tui import keys
from modtui.tui.memory import MOST_RECENT, Memory
from modtui.tui.widgets.ink import InkView, Span, fit
from modtui.tui.widgets.top import uptime

if TYPE_CHECKING:
    from modtui.tui.ports import Process

HEADS = (("pid", 9), ("Python", 9), ("user", 11), ("up", 11), ("way", 12))


def found(
    processes: Sequence[Process], text: str, everything: bool, memory: Memory | None = None
) -> list[Process]:
    """Those that hold all words of the filter: the reachable ones first, of these the ones that
    were looked at before, the last first, then the youngest."""
    memory = memory or Memory()
    words = text.lower().split()
    shown = []
    for one in processes:
        if one.reason and not everything:
            continue
        hay = f"{one.pid} {one.python or ''} {one.user} {' '.join(one.argv)} {one.cwd}".lower()
        if all(word in hay for word in words):
            shown.append(one)

    def key(one: Process) -> tuple[bool, int, float, int]:
        rank = memory.rank(one.argv, one.cwd)
        return bool(one.reason), MOST_RECENT if rank is None else rank, -one.started, one.pid

    return sorted(shown, key=key)


def command_line(one: Process) -> str:
    """What it was started with, in one line that can be drawn."""
    return safe_text(" ".join((" ".join(one.argv) or one.executable).split()))


def in_short(one: Process) -> str:
    """The command line as a list has room for it: where the interpreter lies is said elsewhere."""
    program, _, name = one.argv[0].rpartition("/") if one.argv else ("", "", "")
    return (
        command_line(one).removeprefix(f"{program}/")
        if name.startswith("py")
        else command_line(one)
    )


class ProcessList(InkView):
    """Processes with a cursor that stays on its pid."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("processes")

    class Moved(Message):
        """The cursor stands on another process."""

    class Chosen(Message):
        """Enter or a double click."""

    def __init__(self, memory: Memory | None = None, *, id: str) -> None:
        super().__init__(id=id)
        self.memory = memory or Memory()
        self.rows: Sequence[Process] = ()
        self.empty: Sequence[Sequence[Span]] = ()
        self._pid: int | None = None
        self._index = 0

    def show(self, rows: Sequence[Process]) -> None:
        """Show these; the cursor stays on its process, or near."""
        self.rows = rows
        self.virtual_size = Size(0, len(rows) + 1)
        index = next((i for i, one in enumerate(rows) if one.pid == self._pid), None)
        self._index = min(self._index, max(len(rows) - 1, 0)) if index is None else index
        self.refresh()
        self.post_message(self.Moved())

    @property
    def process(self) -> Process | None:
        """The one under the cursor."""
        return self.rows[self._index] if self._index < len(self.rows) else None

    def render_line(self, y: int) -> Strip:
        """The heads on the first line, which stays, then the rows."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self.strip(self._heads(width), width, "head")
        index = y - 1 + self.scroll_offset.y
        if not self.rows:
            return self.strip(self.empty[y - 1] if y <= len(self.empty) else (), width)
        if index >= len(self.rows):
            return self.strip((), width)
        here = index == self._index
        back = ("cursor" if self.has_focus else "blurred") if here else "row"
        return self.strip(self._spans(self.rows[index], here, width), width, back)

    def _heads(self, width: int) -> list[Span]:
        shown = self._columns(width)
        return [("   ", "muted"), *((fit(h, w), "muted") for h, w in shown), ("command", "muted")]

    def _columns(self, width: int) -> list[tuple[str, int]]:
        drop = {"way"} if width < 100 else set()
        return [head for head in HEADS if head[0] not in drop]

    def _spans(self, one: Process, here: bool, width: int) -> list[Span]:
        away = one.reason is not None
        cells = {
            "pid": (str(one.pid), "title"),
            "Python": (one.python or "?", "name"),
            "user": (one.user, "muted"),
            "up": (uptime(time.time() - one.started) if one.started else "", "muted"),
            "way": ("✗" if away else one.way or "", "muted"),
        }
        known = self.memory.rank(one.argv, one.cwd) is not None
        sign = ("✗", "bad") if away else ("↺", "accent") if known else (" ", "text")
        spans: list[Span] = [("▌" if here else " ", "accent"), sign, (" ", "text")]
        for head, room in self._columns(width):
            text, ink = cells[head]
            spans.append((fit(safe_text(text), room - 1) + " ", "faint" if away else ink))
        spans.append((fit(in_short(one), max(width - sum(len(t) for t, _ in spans), 1)),
                      "faint" if away else "text"))  # fmt: skip
        return spans

    # ------------------------------------------------------------ moving

    def _move_to(self, index: int) -> None:
        if not self.rows:
            return
        self._index = max(0, min(index, len(self.rows) - 1))
        self._pid = self.rows[self._index].pid
        height = max(self.scrollable_content_region.height - 1, 1)
        top = self.scroll_offset.y
        if self._index < top:
            self.scroll_to(y=self._index, animate=False, immediate=True)
        elif self._index >= top + height:
            self.scroll_to(y=self._index - height + 1, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """By rows."""
        self._move_to(self._index + by)

    def action_page(self, by: int) -> None:
        """By pages."""
        self._move_to(self._index + by * max(self.scrollable_content_region.height - 2, 1))

    def action_top(self) -> None:
        """To the first."""
        self._move_to(0)

    def action_bottom(self) -> None:
        """To the last."""
        self._move_to(len(self.rows) - 1)

    def action_choose(self) -> None:
        """Enter."""
        if self.process is not None:
            self.post_message(self.Chosen())

    def on_focus(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click moves, a double click attaches."""
        index = event.y - 1 + self.scroll_offset.y
        if event.y and 0 <= index < len(self.rows):
            self._move_to(index)
            if event.chain == 2:
                self.action_choose()
