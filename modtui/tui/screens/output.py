"""What the program that `modtui run` started prints, and a line that is typed into its terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from modtui.source.safe import safe_line
from modtui.tui import keys
from modtui.tui.prose import Line, wrap
from modtui.tui.widgets.bars import KeyBar
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from modtui.tui.ports import Running

LOOK_SECONDS = 0.15
MOST_LINES = 5000
# CSI, OSC, DCS and the like, two-character escapes: what moves or colours, never what is read.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


def readable(data: bytes) -> list[str]:
    """Output of a terminal as lines: no escape sequences, the last text after a carriage return."""
    text = _ESCAPES.sub("", data.decode("utf-8", "replace")).replace("\r\n", "\n")
    lines = []
    for line in text.split("\n")[-MOST_LINES:]:
        shown = line.rstrip("\r").rpartition("\r")[2]
        while "\b" in shown:
            shorter = re.sub(r"[^\b]\b|^\b+", "", shown)
            shown = shorter if shorter != shown else shown.replace("\b", "")
        lines.append(safe_line(shown))
    return lines


class OutputScreen(ModalScreen[None]):
    """The program's terminal, as text."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("output")

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.running = running
        self._known = -1
        self._lines: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """The text above, the input below."""
        box = Vertical(classes="dialog full", id="output")
        box.border_title = Content("Output of the program")
        with box:
            yield Pages(self._document, id="output-text")
            yield Input(placeholder="type into its terminal; enter sends", id="stdin", compact=True)
            yield KeyBar(id="output-keys")

    def on_mount(self) -> None:
        """Look now and then."""
        self.query_one("#stdin", Input).focus()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        code = self.running.exit_code
        state = "it runs" if code is None else f"ended with exit code {code}"
        self.query_one("#output").border_subtitle = Content(state)
        data = self.running.output
        if len(data) == self._known and data[-80:] == self._tail:
            return
        self._known, self._tail = len(data), data[-80:]
        self._lines = readable(data)
        pages = self.query_one("#output-text", Pages)
        at_end = pages.scroll_offset.y >= pages.max_scroll_y - 1
        pages.show(self._document, keep_place=True)
        if at_end:
            pages.call_after_refresh(pages.scroll_end, animate=False)

    _tail = b""

    def _document(self, width: int) -> list[Line]:
        if not any(self._lines):
            return wrap([("It has printed nothing yet.", "muted")], width)
        lines: list[Line] = []
        for line in self._lines:
            for start in range(0, max(len(line), 1), max(width, 1)):
                lines.append(Line(((line[start : start + width], "code"),)))
        return lines

    @on(Input.Submitted, "#stdin")
    def _send(self, event: Input.Submitted) -> None:
        try:
            self.running.write(event.value.encode() + b"\n")
        except OSError as error:
            self.app.notify(f"It cannot be written to: {error.strerror}", severity="warning")
        event.input.value = ""

    def action_copy(self) -> None:
        """All of it."""
        self.app.copy_to_clipboard("\n".join(self._lines) + "\n")
        self.app.notify("Copied the output", timeout=2)

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)
