"""The first two lines: what one is attached to and whether it is safe; the legend that filters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.strip import Strip

from modtui.source.safe import safe_text
from modtui.tui import words
from modtui.tui.filtering import TOGGLES
from modtui.tui.model import Model
from modtui.tui.widgets.bars import Bar, Piece, cut
from modtui.tui.widgets.ink import Span

if TYPE_CHECKING:
    from modtui.agent import shapes


def uptime(seconds: float) -> str:
    """`3d 04:12`, `03:12:44`."""
    whole = max(int(seconds), 0)
    days, rest = divmod(whole, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}"
    return f"{days}d {clock}" if days else f"{clock}:{rest % 60:02}"


def command(target: shapes.Target) -> str:
    """The command line without the interpreter."""
    argv = target["argv"] or [target["executable"]]
    program = argv[0].rpartition("/")[2]
    if len(argv) > 1 and program.startswith(("python", "pypy")):
        argv = argv[1:]
    return " ".join(argv) or "python"


class HeaderBar(Bar):
    """pid, Python, command, uptime; live or paused; untouched, changed or LOOK ONLY."""

    state: reactive[str] = reactive("attaching")  # attaching, live, paused, lost, failed
    watching: reactive[str] = reactive("")
    reloads: reactive[int] = reactive(0)
    look_only: reactive[bool] = reactive(False)
    pid: reactive[int] = reactive(0)
    way: reactive[str] = reactive("")

    def __init__(self, model: Model, *, id: str) -> None:
        super().__init__(id=id)
        self.model = model

    def on_mount(self) -> None:
        """The uptime moves."""
        self.set_interval(1.0, self.refresh)

    def left(self, width: int) -> list[Piece]:
        """Who the target is."""
        target = self.model.target
        spans: list[Span] = [(" modtui ", "accent"), (" ", "text")]
        if not self.pid and not target["pid"]:
            trying = "attaching…" if self.state == "attaching" else ""
            return [Piece([*spans, (trying, "muted")])]
        narrow = width < 100
        spans.append((f"pid {self.pid or target['pid']}", "title"))
        spans.append((" · ", "faint"))
        implementation = target["implementation"]
        name = (
            "py" if narrow else "python " if implementation == "cpython" else implementation + " "
        )
        spans.append((safe_text(name + target["python"]), "text"))
        spans.append((" · ", "faint"))
        up = f"up {uptime(time.time() - target['started'])}" if target["started"] else ""
        room = width - sum(len(text) for text, _ in spans) - self._right_width(width) - len(up) - 3
        shown = safe_text(command(target))
        if len(shown) > room:
            shown = shown[: max(room - 1, 6)] + "…"
        spans.append((shown, "text"))
        if up:
            spans += [(" · ", "faint"), (up, "muted")]
        return [Piece(spans)]

    def _right_width(self, width: int) -> int:
        return sum(piece.width for piece in self.right(width))

    def right(self, width: int) -> list[Piece]:
        """How well we see, and whether anything was changed."""
        dot, ink, word = {
            "attaching": ("◌", "note", "attaching"),
            "live": ("●", "good", "live"),
            "paused": ("‖", "stale", "paused"),
            "lost": ("✗", "bad", "gone"),
            "failed": ("✗", "bad", "not attached"),
        }[self.state]
        if self.state == "live" and not self.watching:
            dot, ink, word = "◌", "note", "looking"
        spans: list[Span] = [(f"{dot} {word}", ink)]
        if self.state == "live" and self.watching and width >= 120:
            spans.append((f" · {self.watching}", "muted"))
        spans.append(("   ", "text"))
        if self.look_only:
            spans.append((" LOOK ONLY ", "badge"))
        else:
            did = words.count(self.reloads, "reload") if self.reloads else "untouched"
            spans.append((did, "stale" if self.reloads else "muted"))
            if width >= 150 and not self.reloads and self.state in ("live", "paused"):
                spans.append((" · r reloads", "faint"))
        return [Piece([("  ", "text"), *spans, (" ", "text")])]


class Legend(Bar):
    """The groups with their counts; a number key or a click shows only that group."""

    BACK = "row"
    on: reactive[frozenset[str]] = reactive(frozenset())
    folded: reactive[bool] = reactive(True)

    def __init__(self, model: Model, *, id: str) -> None:
        super().__init__(id=id)
        self.model = model

    def left(self, width: int) -> list[Piece]:
        """Glyph, word and count of each group; short words when there is little room."""
        for short in (False, True):
            pieces = [Piece([(" ", "text")]), *self._pieces(short)]
            if sum(piece.width for piece in pieces) <= width:
                break
        return pieces

    def _pieces(self, short: bool) -> list[Piece]:
        counts = self.model.counts()
        pieces = []
        for number, toggle in enumerate(TOGGLES, 1):
            many = counts[toggle.id]
            if not many and toggle.id not in ("all", "stale") and toggle.id not in self.on:
                continue
            on = toggle.id in self.on or (toggle.id == "all" and not self.on)
            ink = "title" if on else "muted"
            count_ink = ink
            if many and toggle.id in ("stale", "missing"):
                count_ink = "stale" if toggle.id == "stale" else "bad"
            spans: list[Span] = [
                (toggle.key, "key"),
                ("▸" if on and self.on else " ", "accent"),
                (toggle.glyph, count_ink),
                (toggle.short if short else toggle.word, ink),
                (f" {many}" if short else f" {many:,}", count_ink),
                (" " if short else "   ", "text"),
            ]
            pieces.append(Piece(spans, f"screen.group({number})"))
        return pieces


class LogLines(Bar):
    """The last events, which stay when a toast has gone."""

    BACK = "row"

    def __init__(self, model: Model, *, id: str) -> None:
        super().__init__(id=id)
        self.model = model

    def render_line(self, y: int) -> Strip:
        """The newest event is the lowest."""
        from modtui.tui.telling.module import event_line

        height = self.size.height
        events = self.model.events[-height:]
        index = y - (height - len(events))
        if index < 0:
            return self.strip((), self.size.width)
        spans = event_line(events[index]).spans
        return self.strip(cut([(" ", "text"), *spans], self.size.width), self.size.width)
