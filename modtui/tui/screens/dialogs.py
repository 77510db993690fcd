"""Small dialogs: a question, a message. The safe answer has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button

from modtui.source.safe import safe_text
from modtui.tui import keys
from modtui.tui.prose import Document
from modtui.tui.widgets.bars import key_label
from modtui.tui.widgets.pages import Pages


class Question(ModalScreen[bool]):
    """A document and two buttons; cancel has the focus. Escape and a click outside cancel."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("dialog", "buttons", "question")

    def __init__(self, title: str, document: Document, yes: str) -> None:
        super().__init__()
        self._title = title
        self._document = document
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical(classes="dialog small") as box:
            box.border_title = Content(safe_text(self._title))
            yield Pages(self._document, beside=5)
            with Horizontal(classes="buttons"):
                yield Button(key_label(self.app, "no", "Cancel"), id="cancel")
                yes = key_label(self.app, "yes", safe_text(self._yes))
                yield Button(yes, id="yes", variant="warning")

    def on_mount(self) -> None:
        """The safe answer first."""
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        """y."""
        self.dismiss(True)

    def action_other(self) -> None:
        """An arrow."""
        self.focus_next(Button)

    def action_cancel(self) -> None:
        """Escape."""
        self.dismiss(False)

    def on_click(self, event: object) -> None:
        """A click outside the box cancels."""
        if getattr(event, "widget", None) is self:
            self.dismiss(False)
