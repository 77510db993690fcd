"""The detail pane: tabs about the module under the cursor, and what its reload would do.

What a tab shows is asked for in a thread, a moment after the cursor has come to rest, and kept
until the module changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import get_current_worker

from modtui.tui import words
from modtui.tui.feed import Trouble, trouble
from modtui.tui.telling import module as telling
from modtui.tui.telling import plan as plan_telling
from modtui.tui.widgets.bars import TabStrip, title
from modtui.tui.widgets.ground import Framed
from modtui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from textual.widgets import ContentSwitcher

    from modtui.source.changes import Change
    from modtui.source.progress import Tell
    from modtui.tui.model import Model
    from modtui.tui.ports import Session, Stores
    from modtui.tui.widgets.texts import DiffPane, ModuleDiff, SourcePane

TABS = (
    ("diff", "d", "Diff", "Diff"),
    ("source", "c", "Source", "Source"),
    ("names", "n", "Names", "Names"),
    ("imports", "i", "Imports", "Imports"),
    ("spec", "p", "Spec & evidence", "Spec"),
    ("history", "h", "History", "History"),
)
REST_SECONDS = 0.08  # a cursor that runs down the list asks for nothing
TYPING_SECONDS = 0.2  # nor does one that a filter moves while it is typed
PLAN_SECONDS = 0.25  # a plan looks for holders in the whole target, so it waits a little more


class Detail(Framed):
    """Shows one module; `look_at` says which."""

    tab: reactive[str] = reactive("diff", init=False)

    class Loaded(Message):
        """An answer has come."""

        def __init__(self, name: str, what: str, value: Any) -> None:
            self.name = name
            self.what = what
            self.value = value
            super().__init__()

    class Busy(Message):
        """An answer takes long; what is being done for it."""

        def __init__(self, name: str, what: str, step: str) -> None:
            self.name = name
            self.what = what
            self.step = step
            super().__init__()

    class Lost(Message):
        """The target did not answer, for good."""

        def __init__(self, why: Trouble) -> None:
            self.why = why
            super().__init__()

    def __init__(self, model: Model, *, id: str) -> None:
        super().__init__(id=id)
        self.model = model
        self.session: Session | None = None
        self.stores: Stores | None = None
        self.module: str | None = None
        # By module and question; public for those who wait for an answer.
        self.answers: dict[tuple[str, str], Any] = {}
        self.ready = False
        self._wanted_line: int | None = None
        self._shown: tuple[str | None, str] = (None, "")  # the module and tab on the screen
        self._rest: Timer | None = None
        self._later: Timer | None = None

    def compose(self) -> ComposeResult:
        """The tabs; what is below them comes with `furnish`."""
        yield TabStrip(TABS, id="tabs")

    async def furnish(self) -> None:
        """After the first frame: the panes of the tabs and the consequences, which take as long to
        load and to lay out as all else."""
        from textual.widgets import ContentSwitcher

        from modtui.tui.widgets.texts import DiffPane, SourcePane

        pages = [Pages(id=name) for name in ("names", "imports", "spec", "history")]
        panes = (DiffPane(id="diff"), SourcePane(id="source"), *pages)
        with self.app.batch_update():
            await self.mount(
                ContentSwitcher(*panes, id="panes", initial=self.tab),
                Vertical(Pages(id="plan"), id="consequences"),
            )
        self.ready = True
        self._show()
        self._ask()

    # ------------------------------------------------------------ which module, which tab

    def look_at(self, name: str | None, *, anew: bool = False, typing: bool = False) -> None:
        """Show that module; `anew` forgets what was known of it, `typing` may go on."""
        if anew:
            self.forget(name)
        if name == self.module and not anew:
            return
        fresh = name != self.module
        self.module = name
        for timer in (self._rest, self._later):
            if timer is not None:
                timer.stop()
        if not fresh or name is None:
            self._show(keep_place=not fresh)
        if name is not None:
            # What is shown stays until there is something else to show, or nothing for too long:
            # a cursor that runs must cost nothing, and a pane must not flicker.
            rest = TYPING_SECONDS if typing else REST_SECONDS
            self._rest = self.set_timer(rest, self._rested)
            self._later = self.set_timer(PLAN_SECONDS, self._waited)

    def _rested(self) -> None:
        if self._known(self.needed) is not None or not self.needed:
            self._show()
        self._ask()

    def _waited(self) -> None:
        if self._shown != (self.module, self.tab):
            self._show()
        self._ask_plan()

    def forget(self, name: str | None = None) -> None:
        """What is known of that module, or of all, is of the past."""
        for key in [key for key in self.answers if name is None or key[0] == name]:
            del self.answers[key]

    def watch_tab(self, tab: str) -> None:
        """Bring the tab to the front."""
        self.query_one("#tabs", TabStrip).active = tab
        if not self.ready:
            return
        focused = self.has_focus_within
        cast("ContentSwitcher", self.query_one("#panes")).current = tab
        self._set_titles()
        self._show()
        self._ask()
        if focused:
            self.focus_pane()

    def focus_pane(self) -> None:
        """Focus what the tab shows."""
        if not self.ready:
            return
        pane = self.query_one(f"#{self.tab}")
        inside = [one for one in (pane, *pane.query(Widget)) if one.focusable and one.display]
        if inside:
            self.screen.set_focus(inside[-1])  # at once: an answer may come and swap what is seen

    @on(TabStrip.Picked)
    def _picked(self, event: TabStrip.Picked) -> None:
        event.stop()
        self.tab = event.tab

    # ------------------------------------------------------------ asking

    @property
    def needed(self) -> str:
        """Which answer the tab in front shows."""
        return {"diff": "change", "source": "source", "history": ""}.get(self.tab, "detail")

    def _ask(self) -> None:
        what = self.needed
        if self.module and what and (self.module, what) not in self.answers and self.session:
            self._load(self.session, self.module, what)

    def _ask_plan(self) -> None:
        if self.module and (self.module, "plan") not in self.answers and self.session:
            self._load_plan(self.session, self.module)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _load(self, session: Session, name: str, what: str) -> None:
        self._answer(session, name, what)

    @work(thread=True, exclusive=True, group="plan", exit_on_error=False)
    def _load_plan(self, session: Session, name: str) -> None:
        self._answer(session, name, "plan")

    def _answer(self, session: Session, name: str, what: str) -> None:
        if get_current_worker().is_cancelled:
            return

        def tell(step: str) -> None:
            self.post_message(self.Busy(name, what, step))

        try:
            value: Any = ASK[what](session, name, self.stores, tell)
        except Exception as error:
            value = trouble(error)
        self.post_message(self.Loaded(name, what, value))

    def on_detail_busy(self, event: Detail.Busy) -> None:
        """Say what is being done, where the answer will be."""
        event.stop()
        if (event.name, event.what, self.tab) == (self.module, "change", "diff"):
            self.diff_pane.say_busy(event.step)

    def on_detail_loaded(self, event: Detail.Loaded) -> None:
        """Keep the answer, and show it if it is still wanted."""
        event.stop()
        if isinstance(event.value, Trouble) and event.value.lost:
            self.post_message(self.Lost(event.value))
        if len(self.answers) > 400:
            self.answers.clear()
        self.answers[event.name, event.what] = event.value
        if event.name == self.module:
            self._show(keep_place=True, only=event.what)

    # ------------------------------------------------------------ what others ask

    def text_to_copy(self) -> tuple[str, str]:
        """The text of the tab in front, and what it is, in words."""
        known = self._known(self.needed)
        if self.tab == "diff" and known is not None and not isinstance(known, Trouble):
            diff = known.unified()
            if diff:
                return diff, "the diff"
        if self.tab == "source" and isinstance(known, dict) and known["data"] is not None:
            from modtui.source.text import decode

            return "\n".join(decode(known["data"].encode("latin-1")).lines) + "\n", "the source"
        pages = (
            self.query_one(f"#{self.tab}").query(Pages)
            if self.tab in ("diff", "source")
            else (self.query(f"#{self.tab}").results(Pages))
        )
        text = "\n".join(one.text for one in pages)
        return text, f"{words.count(text.count(chr(10)) + 1, 'line')}"

    def line_to_edit(self) -> int:
        """The line that is looked at, for the editor."""
        known = self._known("change")
        if self.tab == "diff" and known is not None and not isinstance(known, Trouble):
            return self.diff.current_line or 1
        return self.source_pane.view.current_line if self.tab == "source" else 1

    @property
    def diff_pane(self) -> DiffPane:
        """The tab of the diff."""
        return cast("DiffPane", self.query_one("#diff"))

    @property
    def source_pane(self) -> SourcePane:
        """The tab of the source."""
        return cast("SourcePane", self.query_one("#source"))

    @property
    def diff(self) -> ModuleDiff:
        """The diff itself."""
        return self.diff_pane.view

    def go_to_line(self, line: int) -> None:
        """Show that line of the source, now or when it has come."""
        self.tab = "source"
        known = self._known("source")
        self._wanted_line = None if known else line
        if known:
            self.source_pane.view.go_to(line)

    # ------------------------------------------------------------ showing

    def refresh_words(self) -> None:
        """The list has changed, and with it what is to be expected of it."""
        known = self._known("change")
        if self.tab == "diff" and known is not None and not isinstance(known, Trouble):
            self.diff_pane.say_calm(self.model)

    def refresh_history(self) -> None:
        """Events have come."""
        if self.tab == "history":
            self._show(keep_place=True)

    def _known(self, what: str) -> Any:
        return self.answers.get((self.module or "", what))

    def _show(self, keep_place: bool = False, only: str | None = None) -> None:
        if not self.ready:
            self._set_titles()
            return
        other = self._shown[0] != self.module
        keep_place = keep_place and not other
        self._set_titles()
        if other or only in (None, "plan"):
            self._show_plan()
        if only not in (None, self.needed) and not other:
            return
        self._shown = (self.module, self.tab)
        if self.module is None:
            self._show_nothing()
            return
        known = self._known(self.needed)
        if self.tab == "diff":
            self.diff_pane.show(known, self.model)
        elif self.tab == "source":
            self.source_pane.show(known, self._wanted_line if known else None)
            self._wanted_line = None if known else self._wanted_line
        elif self.tab == "history":
            document = telling.history(self.module, self.model.events, self.model.journal)
            self.query_one("#history", Pages).show(document, keep_place=keep_place)
        else:
            pages = self.query_one(f"#{self.tab}", Pages)
            if known is None:
                if not keep_place:
                    pages.show(telling.says(("…", "faint")))
            elif isinstance(known, Trouble):
                pages.show(telling.says((known.reason, "bad"), (known.remedy, "muted")))
            else:
                tell = {"names": telling.names, "imports": telling.imports, "spec": telling.spec}
                pages.show(tell[self.tab](known), keep_place=keep_place)

    def _show_nothing(self) -> None:
        hint = "All about the module under the cursor is shown here." if self.model.rows else ""
        nothing = telling.says((hint, "faint"))
        if self.tab == "diff":
            self.diff_pane.show_words(nothing)
        elif self.tab == "source":
            self.source_pane.show_words(nothing)
        else:
            self.query_one(f"#{self.tab}", Pages).show(nothing)

    def _set_titles(self) -> None:
        row = self.model.rows.get(self.module or "")
        title(self, row.shown if row else "Nothing selected")
        if self.ready:
            panel = self.query_one("#consequences")
            panel.display = self.tab == "diff" and row is not None
            title(panel, f"If you reload {row.shown}" if row else "")
        state = ""
        if row is not None:
            state = f"{words.VERDICTS[row.verdict].glyph} {row.verdict}"
            state += f", {row.proof}" if row.proof != "none" else ""
        title(self, state, below=True)

    def _show_plan(self) -> None:
        pages, plan = self.query_one("#plan", Pages), self._known("plan")
        panel = self.query_one("#consequences")
        level = plan["level"] if isinstance(plan, dict) else "none"
        ink = {"danger": "error", "caution": "warning"}.get(level)
        panel.set_class(ink == "error", "-danger")
        panel.set_class(ink == "warning", "-caution")
        title(panel, "" if level == "none" else plan_telling.worst(plan), below=True)
        if plan is None:
            pages.show(telling.says(("looking who holds what…", "faint")))
        elif isinstance(plan, Trouble):
            pages.show(telling.says((plan.reason, "note")))
        else:
            pages.show(plan_telling.consequences(plan))


def _change(session: Session, name: str, stores: Stores | None, tell: Tell) -> Change:
    from modtui.source.changes import change

    store = stores() if stores else None
    return change(session.calls, name, root=session.root, store=store, tell=tell)


ASK: dict[str, Callable[[Session, str, Stores | None, Tell], Any]] = {
    "change": _change,
    "source": lambda session, name, stores, tell: session.calls.source(name),
    "detail": lambda session, name, stores, tell: session.calls.show(name),
    "plan": lambda session, name, stores, tell: session.calls.plan([name]),
}
