"""The diff and the source of a module, each with a line or two of words where they say more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from modtui.source.safe import safe_line
from modtui.tui import keys, words
from modtui.tui.feed import Trouble
from modtui.tui.prose import Document, Line, wrap
from modtui.tui.telling.left_behind import some
from modtui.tui.telling.module import says
from modtui.tui.widgets.diff_view import DiffView
from modtui.tui.widgets.pages import Pages
from modtui.tui.widgets.source_view import SourceView

if TYPE_CHECKING:
    from modtui.source.changes import Change
    from modtui.source.definitions import Definition
    from modtui.tui.model import Model


class ModuleDiff(DiffView, inherit_bindings=False):
    """The diff with the app's keys, of which none means two things."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("diff", "code")

    def show(self, change: Change | None) -> None:
        """Other keys may apply then."""
        super().show(change)
        if self.has_focus:
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Folds open only where there are any."""
        return self.has_folds or action not in ("toggle_fold", "toggle_all_folds")


def hand_over(before: Widget, now: Widget) -> None:
    """Who reads the one reads the other now; a hidden widget would lose the focus to nobody."""
    if before.screen.focused is before:
        before.screen.set_focus(now)


class DiffPane(Vertical):
    """What changed since load, against which baseline, in which definitions."""

    def compose(self) -> ComposeResult:
        """The definitions, the diff, or words instead of it."""
        yield Pages(id="diff-words")
        yield ModuleDiff(id="diff-view")

    @property
    def view(self) -> ModuleDiff:
        """The diff itself."""
        return self.query_one(ModuleDiff)

    def show(self, known: Any, model: Model) -> None:
        """Show a Change, a Trouble, or that the answer is awaited (None)."""
        view = self.view
        if known is not None and not isinstance(known, Trouble):
            view.display = True
            words_ = self.query_one("#diff-words")
            words_.styles.height = "auto"
            hand_over(words_, view)
            if view.change is not known:
                view.show(known)
            if known.differs:
                self._say(definitions(view.definitions()))
            else:
                self._calm = None
                self.say_calm(model)
        elif known is None:
            self.show_words(says(("comparing…", "faint")))
        else:
            self.show_words(says((known.reason, "bad"), (known.remedy, "muted")))

    def show_words(self, document: Document) -> None:
        """Words in place of a diff."""
        words_ = self.query_one("#diff-words")
        words_.styles.height = "1fr"
        hand_over(self.view, words_)
        self.view.display = False
        self._calm = None
        self._say(document)

    def say_busy(self, step: str) -> None:
        """The answer takes long: what is being done for it."""
        if not self.view.display:
            self._say(says((f"comparing… {safe_line(step)}", "faint")))

    _calm: tuple[str, str] | None = None

    def say_calm(self, model: Model) -> None:
        """Where there is no difference: what to expect of the list."""
        change = self.view.change
        words_ = calm(model)
        if change is not None and not change.differs and words_ != self._calm:
            self._calm = words_
            self._say(says(words_))

    def _say(self, document: Document) -> None:
        self.query_one("#diff-words", Pages).show(document)

    @on(DiffView.Compared)
    def _compared(self, event: DiffView.Compared) -> None:
        self._say(definitions(event.definitions))


def definitions(found: Sequence[Definition]) -> Document:
    """Which definitions changed, and in what."""

    def lay(width: int) -> list[Line]:
        lines: list[Line] = []
        for kind, ink in (("changed", "stale"), ("added", "added"), ("removed", "removed")):
            names = [_definition(one) for one in found if one.change == kind]
            if names:
                lines += wrap(
                    [(some(names, 6), "text")], width - 1, first=f" {kind:<8} ", first_ink=ink
                )
        return lines

    return lay


def _definition(one: Definition) -> str:
    what = f" ({', '.join(one.what)})" if one.change == "changed" and one.what else ""
    return one.qualname + what


def calm(model: Model) -> tuple[str, str]:
    """What to expect of a list in which nothing is stale."""
    if not model.complete or model.counts()["stale"]:
        return ("", "muted")
    total = words.count(model.editable, "module with a file", "modules with a file")
    return (f"None of {total} is known to be stale. Edit one and it appears here.", "muted")


def unified(change: Change) -> Document:
    """The unified diff, plain."""
    inks = {"+": "added", "-": "removed", "@": "note"}
    text = change.unified() or ""

    def lay(width: int) -> list[Line]:
        return [
            Line(((" " + safe_line(line), inks.get(line[:1], "code")),))
            for line in text.splitlines()
        ]

    return lay


class ModuleSource(SourceView, inherit_bindings=False):
    """The source with the app's keys."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("source", "code")


class SourcePane(Vertical):
    """The file as it is on disk now."""

    def compose(self) -> ComposeResult:
        """Words or the source."""
        yield Pages(id="source-words")
        yield ModuleSource(id="source-view")

    @property
    def view(self) -> ModuleSource:
        """The source itself."""
        return self.query_one(ModuleSource)

    def show(self, known: Any, line: int | None = None) -> None:
        """Show a Text, a Trouble, or that the answer is awaited (None)."""
        if isinstance(known, dict) and known["data"] is not None:
            words_ = self.query_one("#source-words")
            self.view.display = True
            hand_over(words_, self.view)
            words_.display = False
            data = known["data"].encode("latin-1")
            self.view.show(data, known["file"] or known["name"], line=line)
        elif known is None:
            self.show_words(says(("reading…", "faint")))
        elif isinstance(known, Trouble):
            self.show_words(says((known.reason, "bad"), (known.remedy, "muted")))
        else:
            self.show_words(says((known["error"] or "There is no source.", "note")))

    def show_words(self, document: Document) -> None:
        """Words in place of a source."""
        words_ = self.query_one("#source-words", Pages)
        words_.display = True
        hand_over(self.view, words_)
        self.view.display = False
        words_.show(document)
