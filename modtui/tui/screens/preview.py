"""Before a reload: the order, what may do harm, what it would leave behind; then the reload itself.

What was shown is what runs: the digests of the plan go along, and if a file was saved meanwhile the
agent refuses, the new plan is shown and the question asked again.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from modtui.agent.errors import FileChanged
from modtui.reach.errors import Cancelled
from modtui.source.safe import safe_text
from modtui.tui import keys
from modtui.tui.feed import Trouble, trouble
from modtui.tui.prose import BLANK, Document, Line, heading, wrap
from modtui.tui.telling import plan as telling
from modtui.tui.telling.left_behind import some
from modtui.tui.telling.module import says
from modtui.tui.widgets.bars import key_label, key_sign
from modtui.tui.widgets.choices import Choices
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.source.changes import Change
    from modtui.tui.application import ModtuiApp
    from modtui.tui.ports import Session, Stores, Thread

LONG = 2  # seconds from which it is told how long it takes
Outcome = Any  # a Report, or the Trouble with which the target was lost


class PreviewScreen(ModalScreen[Outcome]):
    """Plans, asks, reloads. Dismissed with the report, or None if nothing was done."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("preview", "buttons", "pages", "dialog")

    class Planned(Message):
        """A plan has come, with the changes of its files if they were saved meanwhile."""

        def __init__(self, answer: Any, changes: tuple[Change, ...]) -> None:
            self.answer = answer
            self.changes = changes
            super().__init__()

    class Ended(Message):
        """The reload has ended: a report, or an exception."""

        def __init__(self, answer: Any) -> None:
            self.answer = answer
            super().__init__()

    class Progress(Message):
        """Where the reload is."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(
        self,
        session: Session,
        names: list[str],
        *,
        patch: bool = False,
        stores: Stores | None = None,
        last: shapes.Report | None = None,
    ) -> None:
        """`last` is the reload whose leftovers are to be patched."""
        super().__init__()
        self.session = session
        self.names = names
        self.patch = patch
        self.last = last
        self.stores = stores
        self.dependents = False
        self.thread: Thread = "main"
        self.plan: shapes.Plan | None = None
        self.running = False
        self._doing = ""  # what the reload does now, in words
        self._since = 0.0
        self._cancel = threading.Event()

    def compose(self) -> ComposeResult:
        """The plan, the choices, the name to type if it is dangerous, the buttons."""
        with Vertical(classes="dialog", id="preview"):
            yield Pages(says(("looking who holds what…", "faint")), id="plan-text", beside=9)
            yield Choices(id="choices")
            yield Input(id="typed", compact=True)
            with Horizontal(classes="buttons"):
                yield Button(key_label(self.app, "close", "Cancel"), id="cancel")
                yield Button(key_label(self.app, "go", "Reload"), id="go", variant="primary")

    def on_mount(self) -> None:
        """The safe answer has the focus, until the plan shows that the other one is safe, too."""
        self.query_one("#cancel", Button).focus()
        self._show_choices()
        self._title("planning…")
        self._make_plan(False)
        self.set_interval(1.0, self._tick)

    # ------------------------------------------------------------ planning

    def _title(self, note: str) -> None:
        verb = "Patch" if self.patch else "Reload"
        box = self.query_one("#preview")
        box.border_title = Content(safe_text(f"{verb} {some(self.names, 3)}?"))
        box.border_subtitle = Content(note)

    def _show_choices(self) -> None:
        self.query_one(Choices).show(
            (
                ("p", "patch", "patch in place", self.patch),
                ("x", "dependents", "importers too", self.dependents),
                ("t", "thread", "agent's thread", self.thread == "agent"),
            )
        )

    @work(thread=True, exclusive=True, group="plan", exit_on_error=False)
    def _make_plan(self, changed: bool) -> None:
        try:
            answer: Any = self.session.calls.plan(
                self.names, patch=self.patch, dependents=self.dependents
            )
        except Exception as error:
            answer = trouble(error)
        changes: tuple[Change, ...] = ()
        if changed and not isinstance(answer, Trouble):
            changes = self._changes([step["name"] for step in answer["steps"]])
        self.post_message(self.Planned(answer, changes))

    def _changes(self, names: list[str]) -> tuple[Change, ...]:
        from modtui.source.changes import change

        calls, root = self.session.calls, self.session.root
        store = self.stores() if self.stores else None
        return tuple(change(calls, name, root=root, store=store) for name in names)

    @on(Planned)
    def _planned(self, event: Planned) -> None:
        pages = self.query_one("#plan-text", Pages)
        if isinstance(event.answer, Trouble):
            if event.answer.lost:
                self.dismiss(event.answer)
                return
            self.plan = None
            self._title("")
            pages.show(says((event.answer.reason, "bad"), (event.answer.remedy, "muted")))
        else:
            self.plan = event.answer
            self._title(telling.worst(event.answer))
            document = telling.document(event.answer, self.last)
            pages.show(anew(document, event.changes) if event.changes else document)
        self._arm()
        self._offer(bool(event.changes))

    def _offer(self, changed: bool) -> None:
        """Enter reloads if the plan holds nothing worse than a note and nothing was saved since."""
        harmless = self.plan is not None and self.plan["level"] not in ("caution", "danger")
        wanted = "#go" if harmless and self._may_go and not changed else "#cancel"
        self.query_one(wanted, Button).focus()

    def _arm(self) -> None:
        """The way to the reload: open, or closed by a name to type."""
        danger = self._dangerous
        typed = self.query_one("#typed", Input)
        typed.display = danger
        if danger:
            typed.placeholder = f"dangerous: type {self._password} to allow it"
        go = self.query_one("#go", Button)
        go.label = key_label(self.app, "go", "Patch" if self.patch else "Reload")
        go.disabled = self.running or not self._may_go
        go.variant = "error" if danger else "primary"
        self.query_one("#preview").set_class(danger, "-danger")
        self.refresh_bindings()

    @property
    def _dangerous(self) -> bool:
        return self.plan is not None and self.plan["level"] == "danger" and not self.running

    @property
    def _password(self) -> str:
        for step in self.plan["steps"] if self.plan else []:
            if any(hazard["level"] == "danger" for hazard in step["hazards"]):
                return step["name"]
        return self.names[0]

    @property
    def _may_go(self) -> bool:
        if self.plan is None or not self.plan["steps"] or self.running:
            return False
        if self.plan["level"] != "danger":
            return True
        return self.query_one("#typed", Input).value.strip() == self._password

    @on(Input.Changed, "#typed")
    def _typing(self) -> None:
        self._arm()

    @on(Input.Submitted, "#typed")
    def _typed(self) -> None:
        self.action_go()

    @on(Choices.Chosen)
    def _choice(self, event: Choices.Chosen) -> None:
        self.action_choice(event.choice)

    def action_choice(self, choice: str) -> None:
        """Turn one of the choices round, and plan anew."""
        if self.running:
            return
        if choice == "patch":
            self.patch = not self.patch
        elif choice == "dependents":
            self.dependents = not self.dependents
        elif choice == "thread":
            self.thread = "agent" if self.thread == "main" else "main"
        self._show_choices()
        if choice != "thread":
            self._title("planning…")
            self._make_plan(False)

    # ------------------------------------------------------------ reloading

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.action_go()
        else:
            self.action_cancel()

    def action_go(self) -> None:
        """Reload now."""
        if not self._may_go or self.plan is None:
            if self._dangerous:
                self.query_one("#typed", Input).focus()
            return
        self.running = True
        cast("ModtuiApp", self.app).reloading = some(self.names, 3)
        self._since = time.monotonic()
        self._cancel = threading.Event()
        self.query_one("#preview").add_class("-running")
        self._doing = "waiting for a safe point of the main thread… esc cancels"
        if self.thread == "agent":
            self._doing = "it runs on the agent's thread"
        self._tick()
        self._arm()
        expect = {s["name"]: s["digest"] for s in self.plan["steps"] if s["digest"]}
        self._run(expect, self.plan["level"] == "danger")

    @work(thread=True, exclusive=True, group="reload", exit_on_error=False)
    def _run(self, expect: dict[str, str], yes: bool) -> None:
        try:
            answer: Any = self.session.reload(
                self.names,
                patch=self.patch,
                dependents=self.dependents,
                yes=yes,
                expect=expect,
                thread=self.thread,
                progress=lambda text: self._progress(text),
                cancel=self._cancel,
            )
        except Exception as error:
            answer = error
        self.post_message(self.Ended(answer))

    def _progress(self, text: object) -> None:
        self.post_message(self.Progress(str(text)))

    @on(Progress)
    def _progressed(self, event: Progress) -> None:
        if self.running:
            self._doing = event.text
            self._tick()

    def _tick(self) -> None:
        """How long it takes already."""
        if self.running:
            spent = int(time.monotonic() - self._since)
            self._title(self._doing + (f" · {spent} s" if spent >= LONG else ""))

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self.running = False
        cast("ModtuiApp", self.app).reloading = ""
        self.query_one("#preview").remove_class("-running")
        if isinstance(event.answer, Cancelled):
            self.app.notify("Cancelled before it began: nothing was changed", timeout=4)
            self.dismiss(None)
        elif isinstance(event.answer, FileChanged):
            self._title("saved meanwhile; planning anew…")
            self._make_plan(True)
        elif isinstance(event.answer, Exception):
            found = trouble(event.answer)
            if found.lost:
                self.dismiss(found)
                return
            self._title("nothing was changed")
            self.query_one("#plan-text", Pages).show(
                says((found.reason, "bad"), (found.remedy or "Nothing was changed.", "text"))
            )
            self.plan = None
            self._arm()
        else:
            self.dismiss(event.answer)

    def on_unmount(self) -> None:
        """Who leaves the app does not reload any more."""
        self._cancel.set()

    # ------------------------------------------------------------ the rest

    def action_other(self) -> None:
        """An arrow."""
        self.focus_next(Button)

    def action_cancel(self) -> None:
        """Leave without doing anything. What waits is withdrawn; what has begun goes to its end,
        as half a reload would be worse than none."""
        if not self.running:
            self.dismiss(None)
        elif self.thread == "agent" or self._cancel.is_set():
            self.app.bell()
            leave = key_sign(self.app, "leave")
            self._doing = f"it goes to its end; {leave} leaves modtui meanwhile"
            self._tick()
        else:
            self._cancel.set()
            self._doing = "cancelling, if it has not begun…"
            self._tick()

    def action_copy(self) -> None:
        """The plan as text."""
        self.app.copy_to_clipboard(self.query_one("#plan-text", Pages).text)
        self.app.notify("Copied the plan", timeout=2)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The reload only when it may go; letters only when no name is typed."""
        if self.query_one("#typed", Input).has_focus:
            return action in ("cancel",) or action.startswith("app.")
        if action == "go":
            return self._may_go or self._dangerous
        return not (self.running and action == "choice")

    def action_line(self, by: int) -> None:
        """The arrows scroll the plan, whatever has the focus."""
        self.query_one("#plan-text", Pages).action_line(by)

    def action_page(self, by: int) -> None:
        """By pages."""
        self.query_one("#plan-text", Pages).action_page(by)

    def action_top(self) -> None:
        """To the top."""
        self.query_one("#plan-text", Pages).action_top()

    def action_bottom(self) -> None:
        """To the bottom."""
        self.query_one("#plan-text", Pages).action_bottom()

    def on_click(self, event: events.Click) -> None:
        """A click outside cancels."""
        if event.widget is self:
            self.action_cancel()


def anew(plan: Document, changes: tuple[Change, ...]) -> Document:
    """The plan after a save, with the difference it is for."""

    def lay(width: int) -> list[Line]:
        from modtui.tui.widgets.texts import unified

        lines = wrap(
            [("A file was saved while this was open, so nothing was done. ", "title"),
             ("This is the plan for the file as it is now; look again.", "text")],
            width, first="! ", first_ink="stale",
        )  # fmt: skip
        lines += [BLANK, *plan(width)]
        for change in changes:
            if change.differs:
                note = f"+{change.added} −{change.removed} since load"
                lines += [*heading(change.name, width, note), *unified(change)(width), BLANK]
        return lines

    return lay
