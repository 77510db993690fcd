"""After a reload: the story, and what can be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from modtui.tui import keys, words
from modtui.tui.telling import report as telling
from modtui.tui.widgets.bars import KeyBar
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from modtui.agent import shapes


class ReportScreen(ModalScreen[str]):
    """Dismissed with what to do next: patch, holders, undo, edit, or None."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("report"), *keys.bindings("dialog")]

    def __init__(self, report: shapes.Report, undoable: bool) -> None:
        super().__init__()
        self.report = report
        self.undoable = undoable

    def compose(self) -> ComposeResult:
        """The story and its keys."""
        report = self.report
        left = telling.left(report)
        box = Vertical(classes="dialog", id="report")
        box.border_title = Content("Report")
        if report["ok"]:
            said = (
                f"{words.count(left, 'old object')} still in use" if left else "nothing left behind"
            )
        else:
            said = "rolled back" if report["rolled_back"] else "failed"
        box.border_subtitle = Content(said)
        box.set_class(not report["ok"], "-danger")
        with box:
            yield Pages(telling.document(report), id="story", beside=4)
            yield KeyBar(id="report-keys")

    def on_mount(self) -> None:
        """The arrows scroll."""
        self.query_one("#story", Pages).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense after this report."""
        report = self.report
        if action == "patch":
            return report["ok"] and report["mode"] == "reload" and telling.left(report) > 0
        if action == "holders":
            return report["ok"] and bool(telling.holders(report))
        if action == "edit":
            return telling.failed_at(report) is not None
        if action == "undo":
            return self.undoable
        return True

    def action_patch(self) -> None:
        """Patch now."""
        self.dismiss("patch")

    def action_holders(self) -> None:
        """Reload the holders."""
        self.dismiss("holders")

    def action_undo(self) -> None:
        """Undo."""
        self.dismiss("undo")

    def action_edit(self) -> None:
        """Open the line that failed."""
        self.dismiss("edit")

    def action_copy(self) -> None:
        """The story as text."""
        self.app.copy_to_clipboard(self.query_one("#story", Pages).text)
        self.app.notify("Copied the report", timeout=2)

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click outside closes."""
        if event.widget is self:
            self.dismiss(None)
