"""The diff and the source of a module: a few lines of words above a view, or words alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical

from modtui.tui import words
from modtui.tui.feed import Trouble
from modtui.tui.prose import Document, Line, wrap
from modtui.tui.telling.left_behind import some
from modtui.tui.telling.module import says
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.source.changes import Change
    from modtui.tui.filtering import Row
    from modtui.tui.model import Model


class DiffPane(Vertical):
    """What changed since load, against which baseline, in which definitions."""

    def compose(self) -> ComposeResult:
        """Words above, the diff below."""
        yield Pages(id="diff-words")
        yield Pages(id="diff-view")

    def show(self, known: Any, row: Row | None, model: Model) -> None:
        """Show a Change, a Trouble, or that the answer is awaited (None)."""
        change: Change | None = None
        if known is None:
            document = says(("comparing…", "faint"))
        elif isinstance(known, Trouble):
            document = says((known.reason, "bad"), (known.remedy, "muted"))
        elif known.comparable and known.differs:
            change, document = known, changed(known)
        else:
            document = unchanged(known, row, model)
        self.query_one("#diff-words", Pages).show(document)
        self.set_class(change is not None, "-differs")
        if change is not None:
            self.query_one("#diff-view", Pages).show(unified(change))

    def text(self) -> str:
        """For the clipboard."""
        return self.query_one("#diff-words", Pages).text


def changed(change: Change) -> Document:
    """How much changed, where, against what."""

    def lay(width: int) -> list[Line]:
        places = words.count(len(change.hunks), "place")
        lines = wrap(
            [
                (f"+{change.added}", "added"),
                (" ", "text"),
                (f"−{change.removed}", "removed"),
                (f" in {places}", "text"),
                (f"   against {_baseline(change)}", "muted"),
            ],
            width - 1,
            first=" ",
        )
        for kind in ("changed", "added", "removed"):
            found = [one.qualname for one in change.definitions if one.change == kind]
            if found:
                ink = {"changed": "stale", "added": "added", "removed": "removed"}[kind]
                lines += wrap(
                    [(some(found, 8), "text")], width - 1, first=f" {kind:<8} ", first_ink=ink
                )
        return lines

    return lay


def _baseline(change: Change) -> str:
    proof = change.baseline.proof
    sure = {"proved": "proved", "likely": "likely, not proved", "none": "a guess"}[proof]
    return f"the source as loaded ({change.baseline.source}: {sure})"


def unchanged(change: Change, row: Row | None, model: Model) -> Document:
    """No difference to show: why, in words."""
    sentences: list[tuple[str, str]] = []
    if row is not None:
        term = words.VERDICTS[row.verdict]
        sentences.append((f"{term.glyph} {term.word}: {row.reason or term.meaning}", term.ink))
    if change.error:
        sentences.append((change.error, "note"))
    if change.comparable:
        sentences.append((f"The file is what was loaded: {change.baseline.detail}", "muted"))
    elif change.baseline.detail:
        sentences.append((change.baseline.detail, "muted"))
    return says(*sentences, (calm(model), "muted"))


def calm(model: Model) -> str:
    """What to expect of a list in which nothing is stale."""
    if not model.complete or model.counts()["stale"]:
        return ""
    total = words.count(model.editable, "module with a file", "modules with a file")
    return f"None of {total} is known to be stale. Edit one and it appears here."


def unified(change: Change) -> Document:
    """The unified diff, plain."""
    inks = {"+": "added", "-": "removed", "@": "note"}
    text = change.unified() or ""

    def lay(width: int) -> list[Line]:
        from modtui.source.safe import safe_line

        return [
            Line(((" " + safe_line(line), inks.get(line[:1], "code")),))
            for line in text.splitlines()
        ]

    return lay


class SourcePane(Vertical):
    """The file as it is on disk now."""

    def compose(self) -> ComposeResult:
        """Words or the source."""
        yield Pages(id="source-view")

    def go_to(self, line: int) -> None:
        """Scroll to that line."""
        self.query_one("#source-view", Pages).scroll_to(y=max(line - 4, 0), animate=False)

    def show(self, known: Any, row: Row | None) -> None:
        """Show a Text, a Trouble, or that the answer is awaited (None)."""
        if known is None:
            document = says(("reading…", "faint"))
        elif isinstance(known, Trouble):
            document = says((known.reason, "bad"), (known.remedy, "muted"))
        elif known["data"] is None:
            document = says((known["error"] or "There is no source.", "note"))
        else:
            document = plain_source(known)
        self.query_one("#source-view", Pages).show(document)


def plain_source(text: shapes.Text) -> Document:
    """The lines with their numbers."""

    def lay(width: int) -> list[Line]:
        from modtui.source.safe import safe_line
        from modtui.source.text import decode

        lines = decode((text["data"] or "").encode("latin-1")).lines
        return [
            Line(((f"{number:>5} ", "faint"), (safe_line(line), "code")))
            for number, line in enumerate(lines, 1)
        ]

    return lay
