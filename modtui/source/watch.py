"""Which files change on disk, told within a tenth of a second, from few watches.

watchdog stays behind this one class. Paths are the target's own: with a `root` (the target's `/` as
we see it) they are looked up below it and reported without it.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from modtui.source.roots import Root, choose, is_below, resolve

COALESCE = 0.05  # seconds that events are gathered; a save of an editor is up to eight of them
POLL = 1.0  # seconds between looks where the kernel does not tell
POLLED_FILES = 5_000
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_NOISE = frozenset(
    {
        "__pycache__",
        "node_modules",
        *(".git", ".hg", ".svn", ".tox", ".idea"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache"),
    }
)
_NOISE_ENDINGS = (".pyc", "~", ".swp", ".swx", ".swo", ".tmp")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchState:
    """How well we see: `live` (the kernel tells), or by looking now and then, with the reason."""

    live: bool
    directories: int
    text: str


class Watch:
    """Calls `on_change` (on a thread of its own) with the paths that changed, coalesced.

    Reported are files, and directories that came, went or were replaced as a whole: see `touched`.
    `files` are watched also where they are reached by symbolic links; they are what is polled when
    the kernel cannot tell. `on_state` is called whenever `state` changes.
    """

    def __init__(
        self,
        directories: Iterable[str],
        on_change: Callable[[set[str]], None],
        *,
        files: Iterable[str] = (),
        root: str = "",
        on_state: Callable[[WatchState], None] | None = None,
    ) -> None:
        self._directories = frozenset(directories)
        self._files = frozenset(files)
        self._root = root
        self._on_change = on_change
        self._on_state = on_state
        self._observer: BaseObserver | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Condition()
        self._pending: set[str] = set()
        self._rebuild = self._moved = False
        self._stopping = False
        self._polled: dict[str, tuple[int, int, int] | None] = {}
        self._aliases: dict[str, set[str]] = {}
        self._edges: set[str] = set()
        self._roots: list[Root] = []
        self._watched: dict[Root, ObservedWatch] = {}
        self._handler = _Handler(self._note)
        self.state = WatchState(False, 0, "not watching")

    def start(self) -> None:
        """Begin; returns when the watches are set. Never raises: see `state`."""
        if self._thread is not None:
            return
        self._stopping = False
        self._schedule()
        thread = threading.Thread(target=self._run, name="modtui-watch", daemon=True)
        thread.start()
        self._thread = thread  # only now: who stops us meanwhile must not wait for it

    def stop(self, timeout: float = 2.0) -> None:
        """End; afterwards `on_change` is not called again."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        self._drop_observer(timeout)
        self._tell(WatchState(False, 0, "not watching"))

    def update(self, directories: Iterable[str], files: Iterable[str] = ()) -> None:
        """Watch these instead; costs nothing where they are covered already."""
        directories, files = frozenset(directories), frozenset(files)
        if directories == self._directories and files == self._files:
            return
        self._directories, self._files = directories, files
        with self._wake:
            self._rebuild = True
            self._wake.notify_all()

    # The observer.

    def _schedule(self, anew: bool = False) -> None:
        """Set the watches as they are needed now; all of them `anew` if directories were moved."""
        self._roots, left, self._edges = self._plan()
        if anew:
            self._drop_observer(1.0)
        failure = self._watch()
        if failure is None and not left:
            self._polled = {}
            total = len(self._directories)
            self._tell(WatchState(True, total, f"watching {_count(total, 'directory')}"))
            return
        before = self._polled
        self._polled = {p: before.get(p) or self._stamp(p) for p in self._to_poll()}
        why = failure or f"{_count(len(left), 'directory')} too far apart to watch"
        text = f"{why}; looking at {_count(len(self._polled), 'file')} every second instead"
        self._tell(WatchState(False, len(self._directories), text))

    def _plan(self) -> tuple[list[Root], list[str], set[str]]:
        """The roots, the directories without one, and the entries whose parent is watched.

        These edges are the roots themselves and the symbolic links that lead to them: when one is
        replaced, what we watch is no longer what the target would read.
        """
        real: set[str] = set()
        edges: set[str] = set()
        aliases: dict[str, set[str]] = {}
        for path in (*self._directories, *self._files):
            place, links = resolve(path, self._root)
            edges.update(links)
            if place != path:
                aliases.setdefault(place, set()).add(path)
            if path in self._directories:
                real.add(place)
            elif place != path or not self._directories:
                real.add(os.path.dirname(place))
        self._aliases = aliases
        present = {path for path in real if os.path.isdir(self._root + path)}
        edges |= real - present
        roots, left = choose(present, self._root)
        edges.update(place.path for place in roots if place.path != "/")
        return roots, left, edges

    def _wanted(self) -> list[Root]:
        recursive = [place for place in self._roots if place.recursive]
        flat = {place.path for place in self._roots if not place.recursive}
        for parent in {os.path.dirname(edge) for edge in self._edges}:
            if not any(is_below(parent, place.path) for place in recursive):
                flat.add(parent)
        here = [Root(path, False) for path in sorted(flat) if os.path.isdir(self._root + path)]
        return here + recursive

    def _watch(self) -> str | None:
        """Schedule what is missing, drop what is not wanted; in words why not all could be."""
        wanted = self._wanted()
        try:
            observer = self._observer
            if observer is None:
                observer = self._observer = Observer()
                observer.daemon = True
                observer.start()
            for place in wanted:
                if place not in self._watched:
                    self._watched[place] = self._add(observer, self._root + place.path, place[1])
            # Below a recursive root watchdog keeps quiet about a full table; a probe finds out.
            with tempfile.TemporaryDirectory(prefix="modtui-") as probe:
                observer.unschedule(self._add(observer, probe, False))
            for place in set(self._watched) - set(wanted):
                observer.unschedule(self._watched.pop(place))
        except OSError as error:
            return _in_words(error)
        return None

    def _add(self, observer: BaseObserver, path: str, recursive: bool) -> ObservedWatch:
        return observer.schedule(
            self._handler, path, recursive=recursive, event_filter=list(_EVENTS)
        )

    def _drop_observer(self, timeout: float) -> None:
        observer, self._observer = self._observer, None
        self._watched = {}
        if observer is not None and observer.is_alive():
            observer.unschedule_all()
            observer.stop()
            observer.join(timeout)

    # Events, on watchdog's threads.

    def _note(self, path: str) -> None:
        path = path[len(self._root) :] or "/"
        edge = path in self._edges
        if not edge and self._is_noise(path):
            return
        with self._wake:
            self._pending.add(path)
            self._moved |= edge
            self._wake.notify_all()

    def _is_noise(self, path: str) -> bool:
        if path.endswith(_NOISE_ENDINGS):
            return True
        inside = path
        for place in self._roots:
            if is_below(path, place.path):
                inside = path[len(place.path) :]
                break
        else:
            return True  # a neighbour of a root, seen only because its parent is watched
        return not _NOISE.isdisjoint(inside.split("/"))

    # Our thread.

    def _run(self) -> None:
        while True:
            with self._wake:
                if not (self._pending or self._rebuild or self._stopping):
                    self._wake.wait(POLL if self._polled else None)
                if self._stopping:
                    return
                happened = bool(self._pending)
            if happened:
                time.sleep(COALESCE)
            with self._wake:
                paths, self._pending = self._pending, set()
                rebuild, self._rebuild = self._rebuild, False
                moved, self._moved = self._moved, False
            if self._polled:
                paths |= self._poll()
            paths = self._as_given(paths)
            if rebuild or moved:
                self._schedule(anew=moved)
                paths |= self._as_given(paths)
            if paths and not self._stopping:
                self._call(paths)

    def _call(self, paths: set[str]) -> None:
        try:
            self._on_change(paths)
        except Exception:
            logger.exception("a listener for changed files failed")

    def _as_given(self, paths: set[str]) -> set[str]:
        """The paths, and the names under which they are known through symbolic links."""
        found = set(paths)
        for real, given in self._aliases.items():
            for path in paths:
                if is_below(path, real):
                    found.update(name + path[len(real) :] for name in given)
        return found

    def _to_poll(self) -> list[str]:
        if self._files:
            return sorted(self._files)[:POLLED_FILES]
        found: list[str] = []
        for directory in sorted(self._directories):
            try:
                with os.scandir(self._root + directory) as entries:
                    found += [f"{directory}/{e.name}" for e in entries if e.name.endswith(".py")]
            except OSError:
                continue
        return found[:POLLED_FILES]

    def _poll(self) -> set[str]:
        changed = set()
        for path, before in self._polled.items():
            now = self._stamp(path)
            if now != before:
                self._polled[path] = now
                changed.add(path)
        return changed

    def _stamp(self, path: str) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._root + path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _tell(self, state: WatchState) -> None:
        if state != self.state:
            self.state = state
            if self._on_state is not None:
                self._on_state(state)


class _Handler(FileSystemEventHandler):
    def __init__(self, note: Callable[[str], None]) -> None:
        self._tell = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        # An editor that saves by renaming names the file only as the place where the move ends.
        for path in (event.src_path, event.dest_path):
            if path:
                self._tell(os.fsdecode(path))


def touched(changed: Collection[str], files: Iterable[str]) -> set[str]:
    """Those of `files` that a report of changed paths may concern: named, or below one of them."""
    found = set()
    for file in files:
        path = file
        while path not in ("", "/"):
            if path in changed:
                found.add(file)
                break
            path = os.path.dirname(path)
    return found


def _count(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what[:-1]}ies" if what.endswith("y") else f"{number} {what}s"


def _in_words(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        limit = _limit("max_user_watches")
        return f"the kernel's limit of watches is reached (fs.inotify.max_user_watches{limit})"
    if error.errno == errno.EMFILE:
        limit = _limit("max_user_instances")
        return f"the kernel's limit of watchers is reached (fs.inotify.max_user_instances{limit})"
    return f"directories cannot be watched ({error.strerror or error})"


def _limit(name: str) -> str:
    try:
        with open(f"/proc/sys/fs/inotify/{name}") as file:
            return f" = {file.read().strip()}"
    except OSError:
        return ""
