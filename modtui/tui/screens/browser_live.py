"""The browser's inflow: what the feed brings is taken into the model and shown."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import getters, on
from textual.screen import Screen
from textual.timer import Timer

from modtui.source.safe import safe_text
from modtui.tui.ahead import Ahead
from modtui.tui.config import Config
from modtui.tui.feed import Feed, Trouble
from modtui.tui.model import Model
from modtui.tui.prose import wrap
from modtui.tui.telling.left_behind import some
from modtui.tui.widgets.bars import key_sign
from modtui.tui.widgets.detail import Detail
from modtui.tui.widgets.ink import Span
from modtui.tui.widgets.notice import Banner
from modtui.tui.widgets.top import HeaderBar, Legend, LogLines

if TYPE_CHECKING:
    from modtui.tui.ahead import Opened
    from modtui.tui.application import ModtuiApp
    from modtui.tui.ports import Connect, Machine, Process, Running, Stores
    from modtui.tui.widgets.guide import Guide, GuideBar

TOAST_SECONDS = 3.0
ROWS_FIRST_SECONDS = 0.3  # then the rest of the screen does not wait for them any more
WATCH_AGAIN_SECONDS = 2.0  # imports come in bursts


class LiveScreen(Screen[None]):
    """A screen that follows a target."""

    feed = getters.query_one(Feed)
    header = getters.query_one("#header", HeaderBar)
    pane = getters.query_one("#detail", Detail)

    def __init__(
        self,
        connect: Connect,
        machine: Machine,
        *,
        look_only: bool = False,
        guide: Guide | None = None,
        running: Running | None = None,
        config: Config | None = None,
        stores: Stores | None = None,
    ) -> None:
        super().__init__()
        self.connect = connect
        self.machine = machine
        self.look_only = look_only
        self.guide = guide
        self.running = running
        self.config = config or Config(Path())
        self.stores = stores
        self.model = Model(fold=frozenset(self.config.fold))
        self.failed = False
        self.waiting = ""  # for what, while attaching
        self.lost: Trouble | None = None
        self._finishing = self.is_complete = False
        self._styled = False
        self._again: Timer | None = None

    def update_node_styles(self, animate: bool = True) -> None:
        """Of all on the screen; when it is first shown, each has got its styles just now."""
        if self._styled:
            super().update_node_styles(animate)
        self._styled = True

    def relist(self) -> None:
        """Show the list anew."""
        raise NotImplementedError

    def say(self, text: str, severity: str = "information") -> None:
        """A toast; what is said here is never the only trace of something that happened."""
        self.app.notify(safe_text(text), severity=severity, markup=False, timeout=TOAST_SECONDS)  # type: ignore[arg-type]

    def start(self) -> None:
        """Attach; what was opened ahead is in the first frame already."""
        self.header.look_only = self.look_only
        self.feed.stores = self.pane.stores = self.stores
        bar = self.guide_bar
        if bar is not None and self.guide is not None:
            bar.follow(self.guide)
        opened = self.connect.ready() if isinstance(self.connect, Ahead) else None
        if opened is None:
            self.feed.attach(self.connect, self.look_only)
            self.set_timer(ROWS_FIRST_SECONDS, self._finish)
        else:
            self._begin(opened)

    def _begin(self, opened: Opened) -> None:
        attached = Feed.Attached(opened.session, opened.hello)
        self._attached(attached)
        self.app.post_message(attached)
        self._arrived(self.feed.arrived(opened))
        self.feed.go_on(opened, self.look_only)

    def _finish(self) -> None:
        """Once there are rows, or they take long: what the first frame could do without."""
        if not self._finishing:
            self._finishing = True
            self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        await self.pane.furnish()
        self.is_complete = True
        self.furnished()
        cast("ModtuiApp", self.app).settled()
        if self.model.complete:
            self._study()

    def furnished(self) -> None:
        """The detail pane is complete."""

    @property
    def has_picker(self) -> bool:
        """Whether there is a list of processes to go back to."""
        return len(self.app.screen_stack) > 1

    @property
    def guide_bar(self) -> GuideBar | None:
        """The demo's guide, if this is the demo."""
        if self.guide is None:
            return None
        from modtui.tui.widgets.guide import GuideBar

        return self.query_one(GuideBar)

    def guide_saw(self, event: str) -> None:
        """Tell the guide, if there is one."""
        bar = self.guide_bar
        if bar is not None:
            bar.saw(event)

    def reattach(self, connect: Connect) -> None:
        """Attach to another process; what was said of the first stays in the log."""
        self.feed.forget()
        self.pane.session = None
        self.failed, self.lost, self.waiting = False, None, ""
        self.connect = connect
        self.header.state = "attaching"
        self.query_one(Banner).say(None)
        self.pane.forget()
        self.feed.attach(connect, self.look_only)

    # ------------------------------------------------------------ attaching

    @on(Feed.Attached)
    def _attached(self, event: Feed.Attached) -> None:
        session, hello = event.session, event.hello
        self.model.start(session.target)
        self.header.pid, self.header.way = session.host_pid, session.way
        self.header.state = "live"
        self.header.reloads = hello["journal"]
        self.pane.session = session
        if self.pane.module is not None:
            self.pane.look_at(self.pane.module, anew=True)  # what it shows is of another process
        self.log_event("attached", None, f"pid {session.host_pid} ({session.way})")
        self.refresh_bindings()

    def before_rows(self, width: int) -> list[list[Span]]:
        """What the list says as long as there is nothing to show."""
        if not self.waiting:
            return [[], [("  reading sys.modules…", "muted")]]
        said = wrap([(self.waiting, "text")], width, first="  ")
        back = [("  " + key_sign(self.app, "escape"), "key"),
                (" goes back to the processes", "muted")]  # fmt: skip
        leave = [("  " + key_sign(self.app, "quit"), "key"),
                 (" leaves; nothing in it was changed", "muted")]  # fmt: skip
        return [[], *([*line.spans] for line in said), [], back if self.has_picker else leave]

    @on(Feed.Waiting)
    def _waiting(self, event: Feed.Waiting) -> None:
        self.waiting = safe_text(event.text)
        self.relist()

    @on(Feed.Failed)
    def _failed(self, event: Feed.Failed) -> None:
        self._finish()
        if self.feed.session is None:
            self.failed = True
            self.header.state = "failed"
            again, leave = key_sign(self.app, "reattach"), key_sign(self.app, "quit")
            way_back = "esc goes back to the processes, " if self.has_picker else ""
            more = f"{again} tries again, {way_back}{leave} leaves."
            if self.running is not None:
                more += f" {key_sign(self.app, 'output')} shows what the program printed."
            self.query_one(Banner).say(event.trouble, more)
            self.refresh_bindings()
        else:
            self.say(event.trouble.reason, "warning")
        self.log_event("failed", None, event.trouble.reason)
        self.relist()

    @on(Feed.Lost)
    @on(Detail.Lost)
    def _lost(self, event: Feed.Lost | Detail.Lost) -> None:
        event.stop()
        why = event.trouble if isinstance(event, Feed.Lost) else event.why
        self.lose(why)

    def lose(self, why: Trouble) -> None:
        """The target has gone; what was read stays readable."""
        if self.lost is not None:
            return
        self.lost = why
        self.feed.forget()
        self.pane.session = None
        self.header.state = "lost"
        again = key_sign(self.app, "reattach")
        more = (
            f"What was read before can still be read here. {again} attaches again once it is back"
        )
        more += "; esc goes back to the processes." if self.has_picker else "."
        self.query_one(Banner).say(why, more)
        self.log_event("lost", None, why.reason)
        self.refresh_bindings()

    # ------------------------------------------------------------ the census and what changes

    @on(Feed.Arrived)
    def _arrived(self, event: Feed.Arrived) -> None:
        self.model.put(event.page["modules"])
        self.model.generation = event.page["generation"]
        self.model.complete = event.done
        self._shown_anew()
        self._finish()
        if event.done and self.is_complete:
            self._study()

    def _study(self) -> None:
        cast("ModtuiApp", self.app).settled()
        self.refresh_bindings()
        self.feed.study([dict(one) for one in self.model.records.values()])

    @on(Feed.Changed)
    def _changed(self, event: Feed.Changed) -> None:
        changes = event.changes
        new = [one["name"] for one in changes["added"] if not one["from_agent"]]
        self.model.put(changes["added"])
        self.model.drop(changes["removed"])
        if new:
            self.log_event("imported", new[0] if len(new) == 1 else None, some(new, 4))
        if changes["removed"]:
            self.log_event("removed", None, some(changes["removed"], 4))
        for name in new:
            self.pane.forget(name)
        self._shown_anew()
        self.feed.keep_new(changes["added"])
        if self._again is None:
            self._again = self.set_timer(WATCH_AGAIN_SECONDS, self._watch)

    @on(Feed.Kept)
    def _watch(self) -> None:
        self._again = None
        session = self.feed.session
        if session is not None:
            self.feed.watch_files(self.model.files(), session.root)

    @on(Feed.Watching)
    def _watching(self, event: Feed.Watching) -> None:
        self.header.watching = safe_text(event.state.text)

    @on(Feed.Judged)
    def _judged(self, event: Feed.Judged) -> None:
        turned = self.model.judge(event.verdicts)
        for name in turned:
            row = self.model.rows[name]
            kind = row.verdict if row.verdict in ("stale", "fresh", "missing") else "saved"
            self.log_event(kind, name, row.reason)
        if event.saved:
            for name in event.verdicts:
                if name in turned or name not in self.model.rows:
                    continue
                if not self.model.just_said(name, self.model.rows[name].reason):
                    self.log_event("saved", name, self.model.rows[name].reason)
        for name in event.verdicts if event.saved else turned:
            self.pane.forget(name)
        if self.pane.module in event.verdicts and (event.saved or self.pane.module in turned):
            self.pane.look_at(self.pane.module, anew=True)
        self._shown_anew()
        if any(self.model.rows[name].verdict == "stale" for name in turned):
            self.guide_saw("stale")
            if self.guide_bar is not None:
                self.guide_bar.waiting = False
                self.refresh_bindings()

    def _shown_anew(self) -> None:
        self.query_one(Legend).refresh()
        self.relist()

    @on(Feed.Journal)
    def _journal(self, event: Feed.Journal) -> None:
        self.model.journal = event.entries
        self.header.reloads = sum(1 for entry in event.entries)
        self.pane.refresh_history()
        self.refresh_bindings()

    def log_event(self, kind: str, name: str | None, text: str) -> None:
        """Into the log lines and the history."""
        self.model.log(kind, name, text)
        self.query_one(LogLines).refresh()
        self.pane.refresh_history()

    # ------------------------------------------------------------ keys

    def action_again(self) -> None:
        """Look at every file again."""
        if self.feed.session is None:
            self.say("There is no target to ask", "warning")
            return
        self.feed.judge(None)
        self.say("Checking every module against its file")

    def action_pause(self) -> None:
        """Pause or resume."""
        if self.lost or self.failed:
            return
        self.feed.paused = not self.feed.paused
        self.header.state = "paused" if self.feed.paused else "live"
        if not self.feed.paused:
            self.feed.judge(None)

    def action_reattach(self) -> None:
        """Try again; or find the process that was started again, and attach to that."""
        if self.failed and not self.model.target["pid"]:
            self.reattach(self.connect)
        else:
            self._find_again()

    def _find_again(self) -> None:
        self.header.state = "attaching"
        self.run_worker(self._seek, thread=True, exclusive=True, group="attach")

    def _seek(self) -> None:
        target = self.model.target
        try:
            found = same_program(self.machine.processes(), target["argv"], target["cwd"])
        except OSError as error:
            found, problem = None, str(error)
        else:
            problem = "It is not back: no process runs the same command line. Start it, then "
            problem += f"press {key_sign(self.app, 'reattach')} again."
        if found is None:
            self.app.call_from_thread(self._not_back, problem)
        else:
            self.app.call_from_thread(self.reattach, functools.partial(self.machine.connect, found))

    def _not_back(self, problem: str) -> None:
        self.header.state = "lost" if self.lost else "failed"
        self.say(problem, "warning")

    def action_output(self) -> None:
        """What the program prints, and its input."""
        from modtui.tui.screens.output import OutputScreen

        if self.running is None:
            self.say("Only a program that `modtui run` started has its output here", "warning")
        else:
            self.app.push_screen(OutputScreen(self.running))

    def action_guide(self) -> None:
        """Let the demo's guide do its edit."""
        if self.guide_bar is not None:
            self.guide_bar.act()
            self.refresh_bindings()


def same_program(processes: Sequence[Process], argv: list[str], cwd: str) -> int | None:
    """The pid of the newest reachable process with that command line, one in that folder first.

    The target tells its own sys.argv, without the interpreter and its options: the end counts.
    """
    found = [
        (one.cwd == cwd, one.started, one.pid)
        for one in processes
        if argv and one.argv[-len(argv) :] == tuple(argv) and not one.reason
    ]
    return max(found)[2] if found else None
