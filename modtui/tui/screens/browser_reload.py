"""The browser's outflow: what changes the target, each only after a person said yes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.worker import get_current_worker

from modtui.tui.feed import Trouble, trouble
from modtui.tui.screens.browser_live import LiveScreen
from modtui.tui.telling import report as report_telling
from modtui.tui.telling.left_behind import some
from modtui.tui.telling.module import says

# The dialogs are imported when they are opened: before the first frame every import counts.
if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.tui.ports import Session
    from modtui.tui.screens.preview import Outcome


_UNDO_MEANS = (
    "Every module of it becomes exactly as it was before, patched objects included. "
    "What its top-level code did outside of the modules stays done."
)


class ReloadScreen(LiveScreen):
    """Preview, reload, report, undo, journal."""

    def chosen(self) -> list[str]:
        """The modules to reload."""
        raise NotImplementedError

    def hold_cursor(self) -> None:
        """The cursor stays where the person acts."""
        raise NotImplementedError

    def may_change(self, action: str) -> bool | None:
        """Whether a changing action applies now; None if it is not one of ours."""
        if action == "reload":
            return bool(self.feed.session) and not self.look_only
        if action == "undo":
            undoable = any(entry["undoable"] for entry in self.model.journal)
            return bool(self.feed.session) and not self.look_only and undoable
        if action == "reattach":
            return self.lost is not None or self.failed
        return None

    def _why_not(self) -> str | None:
        if self.look_only:
            return "This session only looks (--look-only): nothing in the target is changed."
        if self.feed.session is None:
            return "There is no target to reload in."
        return None

    def edit(self, path: str, line: int) -> None:
        """Open a file of the target in $EDITOR at that line."""
        from modtui.tui.editing import edit

        root = self.feed.session.root if self.feed.session else ""
        problem = edit(self.app, root + path, line)
        if problem:
            self.say(problem, "error")

    # ------------------------------------------------------------ reload

    def action_reload(self) -> None:
        """Preview a reload of what is chosen."""
        self.preview(self.chosen(), patch=self.config.patch)

    def preview(
        self, names: list[str], *, patch: bool = False, last: shapes.Report | None = None
    ) -> None:
        """Show what a reload of these would do, and do it if told so."""
        why_not = self._why_not()
        if why_not or not names or self.feed.session is None:
            self.say(why_not or "No module is selected.", "warning")
            return
        from modtui.tui.screens.preview import PreviewScreen

        self.hold_cursor()
        screen = PreviewScreen(self.feed.session, names, patch=patch, stores=self.stores, last=last)
        self.app.push_screen(screen, self._done)

    def _done(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        if isinstance(outcome, Trouble):
            self.lose(outcome)
            return
        self._account_for(outcome)
        self._tell(outcome)

    def _account_for(self, report: shapes.Report) -> None:
        text, _ = report_telling.headline(report)
        kind = (
            "failed" if not report["ok"] else "patched" if report["mode"] == "patch" else "reloaded"
        )
        for module in report["modules"]:
            self.log_event(kind, module["name"], text)
            self.pane.forget(module["name"])
        self._look_again([module["name"] for module in report["modules"]])
        if report["ok"]:
            self.guide_saw(kind)

    def _look_again(self, names: list[str]) -> None:
        self.pane.forget()
        self.pane.look_at(self.pane.module, anew=True)
        self.feed.judge(names)
        self.feed.note_loaded(names)
        self.feed.journal()

    def _tell(self, report: shapes.Report) -> None:
        from modtui.tui.screens.report import ReportScreen

        undoable = report["ok"]
        self.app.push_screen(ReportScreen(report, undoable), lambda then: self._then(then, report))

    def _then(self, then: str | None, report: shapes.Report) -> None:
        names = [module["name"] for module in report["modules"]]
        if then == "patch":
            self.preview(names, patch=True, last=report)
        elif then == "holders":
            self.preview(report_telling.holders(report))
        elif then == "undo":
            self.action_undo()
        elif then == "edit":
            place = report_telling.failed_at(report)
            if place is not None:
                self.edit(*place)

    # ------------------------------------------------------------ undo

    def action_undo(self) -> None:
        """Take the last reload back, after a question."""
        why_not = self._why_not()
        if why_not:
            self.say(why_not, "warning")
            return
        self._ask_undo()

    @work(thread=True, exclusive=True, group="undo", exit_on_error=False)
    def _ask_undo(self) -> None:
        session = self.feed.session
        if session is None:
            return
        try:
            journal = session.calls.journal()
        except Exception as error:
            self.app.call_from_thread(self._trouble, trouble(error))
            return
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._confirm_undo, session, journal)

    def _confirm_undo(self, session: Session, journal: list[shapes.JournalEntry]) -> None:
        from modtui.tui.screens.dialogs import Question

        if not journal:
            self.say("Nothing was reloaded, so there is nothing to take back.", "warning")
            return
        last = journal[-1]
        names = some(last["modules"], 6)
        if not last["undoable"]:
            self.say(f"The last reload cannot be undone: {last['why_not']}", "warning")
            return
        did = "patch" if last["mode"] == "patch" else "reload"
        document = says(
            (f"Take the last {did} back: {names}", "title"),
            (_UNDO_MEANS, "text"),
        )
        self.app.push_screen(
            Question("Undo", document, "Undo"), lambda yes: self._undo_if(yes, session)
        )

    def _undo_if(self, yes: bool | None, session: Session) -> None:
        if yes:
            self._undo(session)

    @work(thread=True, exclusive=True, group="undo", exit_on_error=False)
    def _undo(self, session: Session) -> None:
        try:
            done = session.undo()
        except Exception as error:
            self.app.call_from_thread(self._trouble, trouble(error))
        else:
            self.app.call_from_thread(self._undone, done)

    def _undone(self, done: shapes.UndoReport) -> None:
        notes = f" ({'; '.join(done['notes'])})" if done["notes"] else ""
        for name in done["modules"]:
            self.log_event("undone", name, f"as before the reload{notes}")
        self._look_again(done["modules"])
        self.say(f"Undone: {some(done['modules'])}")
        self.guide_saw("undone")

    def _trouble(self, why: Trouble) -> None:
        if why.lost:
            self.lose(why)
        else:
            self.log_event("failed", None, why.reason)
            self.say(why.reason, "error")

    # ------------------------------------------------------------ journal

    def action_journal(self) -> None:
        """Show the journal and the log."""
        from modtui.tui.screens.journal import JournalScreen

        self.feed.journal()
        self.app.push_screen(JournalScreen(self.model), self._from_journal)

    def _from_journal(self, then: str | None) -> None:
        if then == "undo":
            self.action_undo()
