"""The help screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from modtui import __version__
from modtui.source.safe import safe_text
from modtui.tui import keys
from modtui.tui.telling import help as telling
from modtui.tui.widgets.pages import Pages


class HelpScreen(ModalScreen[None]):
    """Every key, every status, every word."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("dialog")

    def __init__(self, keymap: Mapping[str, str], settings: str) -> None:
        super().__init__()
        self.keymap = keymap
        self.settings = settings

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        box = Vertical(classes="dialog", id="help")
        box.border_title = Content(f"modtui {__version__}")
        box.border_subtitle = Content(safe_text(f"esc closes · settings: {self.settings}"))
        with box:
            yield Pages(
                lambda width: telling.document(self.keymap, width), id="help-text", beside=3
            )

    def on_mount(self) -> None:
        """The arrows scroll."""
        self.query_one(Pages).focus()

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click outside closes."""
        if event.widget is self:
            self.dismiss(None)
