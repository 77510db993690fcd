"""What flows in from the target: attaching, the census in pages, changes, saved files.

Calls block, so each runs in a thread; what it brings crosses to the screen as one frozen message.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from textual import work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import get_current_worker

from modtui.agent.errors import AgentError
from modtui.reach.errors import ConnectionLost, ReachError
from modtui.tui.ahead import FIRST_PAGE, Ahead, Attempt, Opened, open_session

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.source.watch import Watch, WatchState
    from modtui.tui.ports import Connect, Session, Stores

PAGE = 2000
POLL_SECONDS = 1.0
SETTLED_AT_ONCE = 50
PROOF_PAUSE = 0.05  # seconds between two modules that are proved in the background


class Trouble(NamedTuple):
    """What went wrong, and what to do about it."""

    reason: str
    remedy: str = ""
    lost: bool = False  # the target has gone, or the agent in it


def trouble(error: Exception) -> Trouble:
    """Any error of a call, in words."""
    if isinstance(error, ReachError):
        return Trouble(error.reason, error.remedy, isinstance(error, ConnectionLost))
    if isinstance(error, AgentError):
        return Trouble(str(error))
    return Trouble(f"{type(error).__name__}: {error}", "This is a fault of modtui; please tell.")


class Feed(Widget):
    """An invisible widget that owns the session's threads."""

    DEFAULT_CSS = "Feed { display: none; }"

    class Attached(Message):
        """The session is there."""

        def __init__(self, session: Session, hello: shapes.Hello) -> None:
            self.session = session
            self.hello = hello
            super().__init__()

    class Waiting(Message):
        """What is waited for while attaching."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Failed(Message):
        """Attaching did not work."""

        def __init__(self, trouble: Trouble) -> None:
            self.trouble = trouble
            super().__init__()

    class Arrived(Message):
        """A page of the census; `done` with the last one."""

        def __init__(self, page: shapes.Page, done: bool) -> None:
            self.page = page
            self.done = done
            super().__init__()

    class Changed(Message):
        """Entries came or went since the census."""

        def __init__(self, changes: shapes.Changes) -> None:
            self.changes = changes
            super().__init__()

    class Judged(Message):
        """New verdicts, and the paths whose saving was the reason, if it was that."""

        def __init__(self, verdicts: dict[str, shapes.Freshness], saved: frozenset[str]) -> None:
            self.verdicts = verdicts
            self.saved = saved
            super().__init__()

    class Kept(Message):
        """The project's texts as loaded are kept: from now on, any edit shows as what it is."""

    class Watching(Message):
        """How well files are watched."""

        def __init__(self, state: WatchState) -> None:
            self.state = state
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """Only the last state counts."""
            return isinstance(message, Feed.Watching)

    class Journal(Message):
        """The journal as it is now."""

        def __init__(self, entries: list[shapes.JournalEntry]) -> None:
            self.entries = entries
            super().__init__()

    class Lost(Message):
        """The target has gone."""

        def __init__(self, trouble: Trouble) -> None:
            self.trouble = trouble
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.session: Session | None = None
        self.stores: Stores | None = None  # where the texts of fresh modules are kept
        self.paused = False
        self._generation = -1
        self._polling = False
        self._watch: Watch | None = None
        self._files: Mapping[str, tuple[str, ...]] = {}
        self._timer: Timer | None = None
        self._attempt: Attempt | None = None

    def on_mount(self) -> None:
        """The clock of the polling."""
        self._timer = self.set_interval(POLL_SECONDS, self._tick)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        self.give_up()
        self._stop_watching()

    def give_up(self) -> None:
        """Take back the request of an attachment that has not come yet."""
        if self._attempt is not None:
            self._attempt.stop.set()

    @property
    def live(self) -> bool:
        """Whether there is a target to ask."""
        return self.session is not None

    # ------------------------------------------------------------ attaching and the census

    @work(thread=True, exclusive=True, group="attach", exit_on_error=False)
    def attach(self, connect: Connect, look_only: bool = False) -> None:
        """Connect, say hello, take the census page by page."""
        attempt = connect.attempt() if isinstance(connect, Ahead) else Attempt()
        self._attempt = attempt
        attempt.heard_by(lambda text: self._tell(self.Waiting(text)))
        try:
            if isinstance(connect, Ahead):
                opened = connect.open(attempt)
            else:
                opened = open_session(connect, attempt)
            if look_only:
                opened.session.only_look()
        except Exception as error:
            self._tell(self.Failed(trouble(error)))
            return
        if attempt.stop.is_set():  # nobody is there any more who asked for it
            opened.session.close()
            return
        self.post_message(self.Attached(opened.session, opened.hello))
        self.post_message(self.arrived(opened))
        self._census(opened.session, opened.page["next"])

    def arrived(self, opened: Opened) -> Arrived:
        """Go on with what was opened: its first page of the census."""
        self.session = opened.session
        self._generation = opened.page["generation"]
        return self.Arrived(opened.page, opened.page["next"] is None)

    @work(thread=True, exclusive=True, group="attach", exit_on_error=False)
    def go_on(self, opened: Opened, look_only: bool = False) -> None:
        """The census after its first page."""
        try:
            if look_only:
                opened.session.only_look()
        except Exception as error:
            self._gone(error)
            return
        self._census(opened.session, opened.page["next"])

    @work(thread=True, exclusive=True, group="attach", exit_on_error=False)
    def census(self) -> None:
        """Take a new census."""
        if self.session is not None:
            self._census(self.session, 0)

    def _census(self, session: Session, offset: int | None) -> None:
        worker = get_current_worker()
        try:
            while offset is not None and not worker.is_cancelled:
                page = session.calls.list_modules(offset, FIRST_PAGE if offset == 0 else PAGE)
                offset = page["next"]
                self._generation = page["generation"]
                self.post_message(self.Arrived(page, offset is None))
            self.post_message(self.Journal(session.calls.journal()))
        except Exception as error:
            self._gone(error)

    def _gone(self, error: Exception) -> None:
        found = trouble(error)
        if found.lost:
            self.lose(found)
        else:
            self.post_message(self.Failed(found))

    def lose(self, why: Trouble) -> None:
        """The target has gone; told once."""
        if self.session is not None:
            self.session = None
            self.post_message(self.Lost(why))

    # ------------------------------------------------------------ what changes

    def _tick(self) -> None:
        busy = self.paused or self._polling or not self.app.app_focus
        if self.session is not None and self._generation >= 0 and not busy:
            self._polling = True
            self._poll(self.session)

    @work(thread=True, group="poll", exit_on_error=False)
    def _poll(self, session: Session) -> None:
        try:
            changes = session.calls.changes(self._generation)
            self._generation = changes["generation"]
            if changes["added"] or changes["removed"]:
                self.post_message(self.Changed(changes))
        except Exception as error:
            self._gone(error)
        finally:
            self._polling = False

    @work(thread=True, group="judge", exit_on_error=False)
    def judge(self, names: list[str] | None, saved: frozenset[str] = frozenset()) -> None:
        """Ask for verdicts of these modules, or of all."""
        if self.session is None:
            return
        try:
            self.post_message(self.Judged(self.session.calls.freshness(names), saved))
        except Exception as error:
            self._gone(error)

    @work(thread=True, group="journal", exit_on_error=False)
    def journal(self) -> None:
        """Ask for the journal."""
        if self.session is None:
            return
        try:
            self.post_message(self.Journal(self.session.calls.journal()))
        except Exception as error:
            self._gone(error)

    # ------------------------------------------------------------ files

    @work(thread=True, exclusive=True, group="keep", exit_on_error=False)
    def study(self, records: list[shapes.Record]) -> None:
        """In the background: settle what the first look left open, and keep what is fresh.

        Kept texts are what a later edit differs from. The project comes first.
        """
        session = self.session
        if session is None:
            return
        try:
            self._restore(session)
            try:
                self._keep(session, [one for one in records if one["place"] == "project"])
            finally:
                self.post_message(self.Kept())
            self._settle(session, records)
            self._keep(session, records)
            self._prove(session, records)
        except OSError as error:
            self.post_message(self.Failed(Trouble(f"Sources cannot be kept: {error}")))
        except Exception as error:
            self._gone(error)

    @work(thread=True, group="keep-new", exit_on_error=False)
    def keep_new(self, records: list[shapes.Record]) -> None:
        """Keep the texts of modules that were imported just now."""
        if self.session is None:
            return
        try:
            self._keep(self.session, records)
        except OSError as error:
            self.post_message(self.Failed(Trouble(f"Sources cannot be kept: {error}")))
        except Exception as error:
            self._gone(error)

    @work(thread=True, group="keep-new", exit_on_error=False)
    def note_loaded(self, names: list[str]) -> None:
        """Note what a reload or an undo of ours has loaded, for the sessions to come."""
        if self.session is None or self.stores is None:
            return
        try:
            self.stores().follow(self.session.calls, names)
        except OSError as error:
            self.post_message(self.Failed(Trouble(f"Sources cannot be kept: {error}")))
        except Exception as error:
            self._gone(error)

    def _keep(self, session: Session, records: list[shapes.Record]) -> None:
        if self.stores is not None:
            from modtui.source.store import keep

            worker = get_current_worker()
            keep(session.calls, records, self.stores(), stop=lambda: worker.is_cancelled)

    def _restore(self, session: Session) -> None:
        if self.stores is not None and self.stores().restore(session.calls):
            self.post_message(self.Judged(session.calls.freshness(None), frozenset()))

    def _settle(self, session: Session, records: list[shapes.Record]) -> None:
        """Asked for by name, the agent compares the code itself, not only what is cheap."""
        worker = get_current_worker()
        by_name = {one["name"]: one for one in open_questions(records, "project")}
        names = list(by_name)
        for start in range(0, len(names), SETTLED_AT_ONCE):
            if worker.is_cancelled:
                return
            verdicts = session.calls.freshness(names[start : start + SETTLED_AT_ONCE])
            for name, verdict in verdicts.items():
                by_name[name]["freshness"] = verdict
            self.post_message(self.Judged(verdicts, frozenset()))

    def _prove(self, session: Session, records: list[shapes.Record]) -> None:
        """What is open still is compared by a helper process, slowly."""
        from modtui.source.prove import prove

        for place in ("project", "site-packages"):
            names = [one["name"] for one in open_questions(records, place)]
            if names and not get_current_worker().is_cancelled:
                target, root = session.target, session.root
                verdicts = prove(session.calls, names, target, root, pause=PROOF_PAUSE)
                self.post_message(self.Judged(verdicts, frozenset()))

    @work(thread=True, exclusive=True, group="watch", exit_on_error=False)
    def watch_files(self, files: Mapping[str, tuple[str, ...]], root: str) -> None:
        """Watch files; a save leads to new verdicts of the modules loaded from them."""
        # Deferred: watchdog takes 50 ms to import, and the first rows do not need it.
        from modtui.source.watch import Watch

        self._files = files
        directories = {os.path.dirname(file) for file in files}
        if self._watch is None:
            self._watch = Watch(
                directories,
                self._saved,
                files=files,
                root=root,
                on_state=lambda state: self._tell(self.Watching(state)),
            )
            self._watch.start()
        else:
            self._watch.update(directories, files)
        # What was saved between the census and now, nobody has seen.
        self.judge(None)

    def _saved(self, paths: set[str]) -> None:
        # On the watch's own thread: straight to the agent, no detour over the screen's.
        from modtui.source.watch import touched

        session = self.session
        if session is None or self.paused:
            return
        hit = frozenset(touched(paths, self._files))
        names = [name for path in hit for name in self._files[path]]
        if not names:
            return
        try:
            self._tell(self.Judged(session.calls.freshness(names), hit))
        except Exception as error:
            self._gone(error)

    def _tell(self, message: Message) -> None:
        if self.is_running:
            self.post_message(message)

    def _stop_watching(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop(0.5)

    def forget(self) -> None:
        """Before attaching to another process."""
        self.give_up()
        self.session = None
        self._generation = -1
        self._stop_watching()


def open_questions(records: Iterable[shapes.Record], place: str) -> list[shapes.Record]:
    """The modules of that place whose verdict may be bettered by comparing their code."""
    return [
        one
        for one in records
        if one["place"] == place
        and one["file"]
        and (one["freshness"]["verdict"], one["freshness"]["proof"])
        in (("unknown", "none"), ("fresh", "likely"))
    ]
