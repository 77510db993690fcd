"""Is what is loaded what is on disk? A verdict for each module, with its proof and its reason.

The ladder, cheapest first; a rung that cannot tell leaves it to the next:

1. there is no source to compare: n/a; the file is gone: missing
2. the text as loaded is known (captured at import, or an inspector kept it): its digest decides
3. neither the file nor the way to it has changed since before anything was loaded: fresh
4. the live functions, the pyc and the file's compiled text are compared (`proof`)
5. otherwise unknown: silence of a comparison is no proof
"""

from __future__ import annotations

import time

from . import (
    capture,
    cases,
    disk,
    entries,
    identity,
    libraries,
    proof,
    pycs,
    sources,
    witnesses,
    words,
)
from .ledger import ledger
from .system import is_absolute, os, pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from . import shapes
    from .entries import Entry

# In a pass over everything, so much time goes into comparing code; the rest waits to be asked for.
COMPARE_SECONDS = 0.4
# And so long after it began, a look does not begin to copy pycs away any more.
COPY_SECONDS = 0.5
# Pythons' own start-up takes longer than the clock tick that the start of a process is rounded to.
PAUSE_SECONDS = 0.001


def verdicts(names: Optional[List[str]] = None) -> Dict[str, shapes.Freshness]:
    """Look again at these entries (None: all). Names that are not there are left out.

    A named module is compared as deep as the target can do cheaply; in a pass over everything that
    is done within a budget of time, the project's own files first.
    """
    ledger.update()
    if names is not None:
        return _named(names)
    judge = Judge()
    answers, suspects = {}, []
    for entry in entries.look():
        answers[entry.name] = judge.cheap(entry)
        if judge.suspect:
            suspects.append(entry)
    until = time.monotonic() + COMPARE_SECONDS
    suspects.sort(key=lambda entry: (entry.place != "project", entry.place == "agent"))
    for entry in suspects:
        if time.monotonic() > until:
            break
        answers[entry.name] = judge.full(entry)
        pause(PAUSE_SECONDS)
    return answers


def _named(names: List[str]) -> Dict[str, shapes.Freshness]:
    judge, answers = Judge(), {}
    for entry in entries.look_at_all(names):
        answers[entry.name] = judge.full(entry)
        if judge.compared:
            pause(PAUSE_SECONDS)
    return answers


def verdict_for(entry: Entry) -> shapes.Freshness:
    """The verdict for one entry, compared as deep as the target can do cheaply."""
    return Judge().full(entry)


def live_code(name: str) -> shapes.LiveCode:
    """What a helper process needs to compare this module's live code with its file.

    Raises UnknownModule.
    """
    entry = entries.look_at(name)
    stamp = None
    if entry.source_file is not None and entry.status != "zip":
        try:
            stamp = disk.stamp(os.stat(entry.source_file))
        except (OSError, ValueError):
            stamp = None
    return proof.live_code(entry, stamp, Judge())


def copy_away(found: List[Entry]) -> None:
    """Copy the pycs of these away before anything happens to them."""
    judge = Judge()
    for entry in found:
        if entry.source_file is None or entry.status == "zip":
            continue
        try:
            stamp = disk.stamp(os.stat(entry.source_file))
        except (OSError, ValueError):
            continue
        witnesses.copy_away(judge.case(entry, stamp))


# Thousands of modules get one of a few answers. One object for all of them spares the target's
# garbage collector thousands of new ones, and so a full collection while somebody looks.
_answers: Dict[Tuple[str, str, str], shapes.Freshness] = {}
MAX_ANSWERS = 256


def answer(verdict: shapes.Verdict, sure: shapes.Proof, reason: str) -> shapes.Freshness:
    """A verdict in its JSON shape; it may be shared, so it is never to be changed."""
    key = (verdict, sure, reason)
    found = _answers.get(key)
    if found is None:
        if len(_answers) >= MAX_ANSWERS:
            _answers.clear()
        found = _answers[key] = {"verdict": verdict, "proof": sure, "reason": reason}
    return found


class Judge:
    """One look at many entries. `header_seconds` bounds the reading of pyc headers (None: all)."""

    def __init__(self, header_seconds: Optional[float] = None) -> None:
        self._paths = disk.Paths()
        self._until = None if header_seconds is None else time.monotonic() + header_seconds
        started = identity.image_started()
        self.started_ns = None if started is None else int(started * words.SECOND)
        self._maps: Optional[Dict[str, libraries.Mapping]] = None
        self._reasons: Dict[int, str] = {}  # many files have been touched in the same second
        self.compared = False  # whether code was compared for the last verdict
        self.suspect = False  # whether the last cheap verdict could be bettered by comparing
        self._copying = True
        self._copy_until = time.monotonic() + COPY_SECONDS

    def cheap(self, entry: Entry) -> shapes.Freshness:
        """The verdict from stat and digests, or what comparing gave before and still holds."""
        return self._judge(entry, deep=False)

    def full(self, entry: Entry) -> shapes.Freshness:
        """The verdict from all that the target can compare cheaply."""
        return self._judge(entry, deep=True)

    def _judge(self, entry: Entry, deep: bool) -> shapes.Freshness:
        self.suspect = self.compared = False
        path = entry.source_file
        if path is None:
            return self._without_source(entry)
        if path[:1] == "<":
            return answer("n/a", "none", "it was not read from a file but from %s" % path)
        file = path
        if entry.status == "zip":
            inside = disk.archive_of(path)
            if inside is None:
                return answer("missing", "proved", "the archive that it was loaded from is gone")
            file = inside
        try:
            status, since_ns, probably_ns = self._paths.look(file)
        except (OSError, ValueError) as error:
            return _unreadable(error, path)
        if not disk.is_regular(status):
            return answer("unknown", "none", "there is a directory or a device where the file was")
        known = capture.of(entry.name, entry.value)
        if known is not None and entry.status != "zip":
            found = self._by_digest(known, path, disk.stamp(status))
            if found is not None:
                return found
        after_ns = self._loaded_after(entry)
        if after_ns is not None and since_ns < after_ns:
            return self._untouched(entry, status.st_ctime_ns, after_ns, deep)
        found = self._touched(entry, file, disk.stamp(status), deep)
        if found["verdict"] == "unknown" and after_ns is not None and probably_ns < after_ns:
            reason = self._last_touched(status.st_ctime_ns // words.SECOND)
            return answer("fresh", "likely", reason + ", and nothing says that it was moved here")
        return found

    def case(self, entry: Entry, stamp: disk.Stamp, file: str = "") -> cases.Case:
        """What is known of an entry whose file was touched."""
        file = file or entry.source_file or ""
        return cases.Case(entry, file, stamp, self._loaded_after(entry), self.started_ns)

    def _loaded_after(self, entry: Entry) -> Optional[int]:
        seen = ledger.loaded_after_ns(entry.name, entry.value)
        return self.started_ns if seen is None else seen

    def _by_digest(
        self, known: capture.Known, path: str, stamp: disk.Stamp
    ) -> Optional[shapes.Freshness]:
        how = "the text that was %s" % known.detail if known.source == "captured" else known.detail
        if known.stamp is not None and known.stamp == stamp:
            return answer("fresh", "proved", "the file has not been touched since it was imported")
        try:
            now = disk.digest_of_file(path, stamp)
        except (OSError, ValueError) as error:
            return _unreadable(error, path)
        if now is None:
            return answer("unknown", "none", "the file is being written")
        if now == known.digest:
            return answer("fresh", "proved", "the file is byte for byte the text as loaded")
        when = words.duration(time.time() - stamp[3] / words.SECOND)
        reason = "the file, last written %s ago, differs from %s" % (when, how)
        return answer("stale", "proved", reason)

    def _untouched(
        self, entry: Entry, changed_ns: int, after_ns: int, deep: bool
    ) -> shapes.Freshness:
        reason = self._last_touched(changed_ns // words.SECOND)
        if entry.status == "zip":
            return answer("fresh", "proved", reason.replace("file", "archive"))
        if self._until is not None and not deep and time.monotonic() > self._until:
            return answer("fresh", "likely", reason)
        path = pycs.path_for(entry)
        header = None if path is None else pycs.header(path)
        if header is not None and header.unchecked:
            return proof.unchecked(entry, header, reason)
        return answer("fresh", "proved", reason)

    def _last_touched(self, second: int) -> str:
        known = self._reasons.get(second)
        if known is None:
            known = "the file was last touched before the module was loaded"
            if self.started_ns is not None:
                when = words.since_start(second * words.SECOND, self.started_ns)
                known = "the file was last touched %s" % when
            self._reasons[second] = known
        return known

    def _touched(self, entry: Entry, file: str, stamp: disk.Stamp, deep: bool) -> shapes.Freshness:
        case = self.case(entry, stamp, file)
        found = proof.remembered(case)
        if found is not None and (found.thorough or not deep):
            return found.freshness
        if deep:
            self.compared = True
            return proof.compare(case)
        self.suspect = True
        if self._copying:
            self._copying = time.monotonic() < self._copy_until
            witnesses.copy_away(case)
        return proof.not_compared(case)

    def _without_source(self, entry: Entry) -> shapes.Freshness:
        if entry.status == "extension" and entry.file is not None:
            if self._maps is None:
                self._maps = libraries.mapped()
            replaced = libraries.replaced(entry.file, self._maps)
            if replaced is not None:
                return answer("stale", "proved", replaced + "; only a restart loads the new one")
            if libraries.overwritten(entry.file, self._maps, self._loaded_after(entry)):
                reason = "the library was written in place since this process started; if it was "
                reason += "loaded before, only a restart brings the new one"
                return answer("unknown", "none", reason)
        return answer("n/a", "none", sources.no_source(entry))


def _unreadable(error: Exception, path: str) -> shapes.Freshness:
    why = disk.why(error)
    if not disk.is_gone(error):
        return answer("unknown", "none", why)
    if not is_absolute(path):
        reason = "its path is relative (%s) and leads nowhere from the current directory" % path
        return answer("unknown", "none", reason)
    return answer("missing", "proved", why)
