"""The journal of the reloads and the log of this session; both can be exported."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from modtui.source.safe import safe_text
from modtui.tui import keys, words
from modtui.tui.prose import BLANK, Line, heading, wrap
from modtui.tui.telling.module import entry_line, event_lines
from modtui.tui.widgets.bars import KeyBar
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from modtui.tui.model import Model


class JournalScreen(ModalScreen[str]):
    """Dismissed with `undo`, or None."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("journal"), *keys.bindings("dialog")]

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        """Reloads above, events below."""
        box = Vertical(classes="dialog", id="journal")
        box.border_title = Content("Journal")
        with box:
            yield Pages(self.document, id="entries", beside=4)
            yield KeyBar(id="journal-keys")

    def on_mount(self) -> None:
        """The arrows scroll."""
        self.query_one("#entries", Pages).focus()

    def document(self, width: int) -> list[Line]:
        """The entries, newest first, then the events, newest first."""
        entries, events_ = self.model.journal, self.model.events
        lines = heading("Reloads", width, str(len(entries)))
        if not entries:
            lines += wrap(
                [("Nothing was reloaded in this target; it runs as it was started.", "muted")],
                width, first="  ",
            )  # fmt: skip
        lines += [entry_line(entry, entries) for entry in reversed(entries)]
        lines += [BLANK, *heading("This session", width, words.count(len(events_), "event"))]
        for event in reversed(events_[-500:]):
            lines += event_lines(event, width)
        return lines

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Undo only if something can be undone."""
        if action == "undo":
            return any(entry["undoable"] for entry in self.model.journal)
        return True

    def action_undo(self) -> None:
        """Undo the last."""
        self.dismiss("undo")

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """As Markdown."""
        self.app.copy_to_clipboard(as_markdown(self.model))
        self.app.notify("Copied the journal as Markdown", timeout=2)

    def action_export(self, kind: str) -> None:
        """Write it into the working directory."""
        text = as_markdown(self.model) if kind == "md" else as_json(self.model)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time()))
        path = Path(os.getcwd()) / f"modtui-journal-{stamp}.{kind}"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self.app.notify(f"{path}: {error.strerror}", severity="error", markup=False)
            return
        self.app.notify(f"Written to {safe_text(str(path))}", markup=False)

    def on_click(self, event: events.Click) -> None:
        """A click outside closes."""
        if event.widget is self:
            self.dismiss(None)


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def as_markdown(model: Model) -> str:
    """The journal and the log, to paste into a report."""
    target = model.target
    lines = [
        f"# modtui journal of pid {target['pid']}",
        "",
        f"`{' '.join(target['argv'])}` · Python {target['python']}",
        "",
        "| # | at | what | modules | can be undone |",
        "|---|---|---|---|---|",
    ]
    for entry in model.journal:
        undo = "yes" if entry["undoable"] else f"no: {entry['why_not']}"
        modules = ", ".join(f"`{name}`" for name in entry["modules"])
        lines.append(
            f"| {entry['number']} | {_clock(entry['at'])} | {entry['mode']} | {modules} | {undo} |"
        )
    lines += ["", "## Events", ""]
    for event in model.events:
        name = f" `{event.name}`" if event.name else ""
        lines.append(f"- {_clock(event.at)} **{event.kind}**{name} {event.text}")
    return safe_text("\n".join(lines), keep="\n") + "\n"


def as_json(model: Model) -> str:
    """The same as one JSON document."""
    document = {
        "schema": 1,
        "target": model.target,
        "journal": model.journal,
        "events": [
            {"at": e.at, "kind": e.kind, "name": e.name, "text": e.text} for e in model.events
        ],
    }
    return json.dumps(document, indent=2) + "\n"
