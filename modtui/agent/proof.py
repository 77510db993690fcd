"""The live code of one module against its file and its pyc: what can be proved of a touched file.

Functions alone see little more than half of all real edits, so that their silence proves nothing.
The pyc that the module was loaded from is the best witness: all of the module's code, and the size
and time of the text. It is the one whose functions are exactly the live ones.
"""

from __future__ import annotations

import time

from . import capture, codes, compiling, disk, pycs, sources, words
from .system import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

    from . import shapes
    from .entries import Entry

    Key = Tuple[disk.Stamp, Optional[disk.Stamp]]


class Case:
    """One touched file, and what is known of when its module was loaded."""

    __slots__ = ("after_ns", "entry", "file", "pyc_path", "pyc_stamp", "stamp", "started_ns")

    def __init__(
        self,
        entry: Entry,
        file: str,
        stamp: disk.Stamp,
        after_ns: Optional[int],
        started_ns: Optional[int],
    ) -> None:
        self.entry, self.file, self.stamp = entry, file, stamp
        self.after_ns, self.started_ns = after_ns, started_ns
        self.pyc_path = None if entry.status == "zip" else pycs.path_for(entry)
        self.pyc_stamp = _stamp_of(self.pyc_path)

    @property
    def written(self) -> str:
        """When the file was written, in words."""
        if self.started_ns is None:
            ago = words.duration(time.time() - self.stamp[3] / words.SECOND)
            return "the file was written %s ago" % ago
        when_ns = self.stamp[3]
        if when_ns < self.started_ns <= self.stamp[4]:
            when = words.since_start(self.stamp[4], self.started_ns)
            return "the file was touched %s" % when
        return "the file was written %s" % words.since_start(when_ns, self.started_ns)

    @property
    def key(self) -> Key:
        """A verdict holds as long as this does, and the module is not executed again."""
        return self.stamp, self.pyc_stamp

    def answer(self, verdict: shapes.Verdict, sure: shapes.Proof, reason: str) -> shapes.Freshness:
        """A verdict in its JSON shape, with the time in front of the reason."""
        return {"verdict": verdict, "proof": sure, "reason": "%s; %s" % (self.written, reason)}


def _stamp_of(path: Optional[str]) -> Optional[disk.Stamp]:
    if path is None:
        return None
    try:
        return disk.stamp(os.stat(path))
    except (OSError, ValueError):
        return None


class Found:
    """A verdict that was reached by comparing."""

    __slots__ = ("freshness", "key", "thorough", "tie")

    def __init__(self, case: Case, freshness: shapes.Freshness, thorough: bool) -> None:
        self.key, self.tie = case.key, capture.Tie(case.entry.value)
        self.freshness, self.thorough = freshness, thorough


_found: Dict[str, Found] = {}


def remembered(case: Case) -> Optional[Found]:
    """What comparing this case gave before, if it still holds."""
    found = _found.get(case.entry.name)
    if found is None or found.key != case.key or not found.tie.holds(case.entry.value):
        return None
    return found


def not_compared(case: Case) -> shapes.Freshness:
    """The verdict before anything is compared."""
    if case.stamp[2] == 0 and not live_functions(case.entry):
        return case.answer("unknown", "none", "it is empty now")
    return case.answer("unknown", "none", "its code was not compared yet")


def unchecked(entry: Entry, header: pycs.Header, reason: str) -> shapes.Freshness:
    """The verdict on an untouched file whose pyc is imported without a look at the source."""
    _, data, error = sources.read_source(entry)
    why = "its pyc is of the kind that is never checked against the source"
    if data is None:
        return {"verdict": "unknown", "proof": "none", "reason": "%s; %s" % (why, error)}
    if pycs.source_hash(data) == header.hash:
        text = "%s, and its pyc holds the hash of the very same text" % reason
        return {"verdict": "fresh", "proof": "proved", "reason": text}
    return {"verdict": "stale", "proof": "likely", "reason": "%s, and is of another text" % why}


def compare(case: Case) -> shapes.Freshness:
    """Compare what can be compared cheaply in the target, and remember the verdict."""
    freshness, thorough = _compare(case)
    _found[case.entry.name] = Found(case, freshness, thorough)
    return freshness


def live_functions(entry: Entry) -> codes.Live:
    """The functions of this file that the namespace of an entry leads to."""
    if entry.namespace is None:
        return []
    return codes.live_functions(entry.namespace, filenames(entry))


def filenames(entry: Entry) -> Any:
    """What `co_filename` can be in code of an entry."""
    return frozenset(path for path in (entry.source_file, entry.file, entry.origin) if path)


def _compare(case: Case) -> Tuple[shapes.Freshness, bool]:
    entry = case.entry
    if not compiling.is_plain(entry):
        reason = "it was loaded by a %s, which may compile source in its own way" % entry.loader
        return case.answer("unknown", "none", reason), True
    live = live_functions(entry)
    current = compiling.current(entry, case.stamp)
    if current.error is not None:
        return case.answer("stale", "proved", current.error), True
    pyc = None if case.pyc_path is None else pycs.read(case.pyc_path)
    witness = _witness(case, live, pyc)
    if current.top is None:
        return _without_compiling(case, live, pyc, witness, current.why_not)
    differs = _functions_differ(case, live, codes.Tree(current.top), current, witness)
    if differs is not None:
        return differs, True
    top = codes.running_top(entry.namespace, filenames(entry))
    if top is not None:
        return _by_running(case, top, current.top), True
    if witness is not None:
        return _by_witness(case, witness, current), True
    return _silent(case, live, current), True


def _functions_differ(
    case: Case,
    live: codes.Live,
    tree: codes.Tree,
    current: compiling.Current,
    witness: Optional[Witness],
) -> Optional[shapes.Freshness]:
    found = codes.Comparison(live, tree)
    if found.changed:
        verb = "differs" if len(found.changed) == 1 else "differ"
        reason = "%s in memory %s from the file" % (words.functions(found.changed), verb)
        return case.answer("stale", "proved", reason)
    if found.moved:
        if found.missing:
            return case.answer("stale", "proved", _missing(found.missing))
        if witness is not None:
            if codes.same(witness.code, tree.top):
                return case.answer("stale", "proved", "only comments or layout changed")
            reason = "statements outside of the functions in memory changed"
            return case.answer("stale", "proved", reason)
        stand = "stands" if len(found.moved) == 1 else "stand"
        reason = "%s %s on other lines or columns now" % (words.functions(found.moved), stand)
        return case.answer("stale", "proved", reason)
    if found.missing and not current.makes_code:
        return case.answer("stale", "likely", _missing(found.missing))
    return None


def _missing(names: Any) -> str:
    verb = "is" if len(names) == 1 else "are"
    return "%s %s in memory but not in the file" % (words.functions(names), verb)


class Witness:
    """A pyc whose functions are exactly the live ones, or that is older than the process."""

    __slots__ = ("code", "header", "sure")

    def __init__(self, code: Any, header: pycs.Header, sure: bool) -> None:
        self.code, self.header = code, header
        self.sure = sure  # nobody else can have written it since the module was loaded


class _Kept:
    __slots__ = ("packed", "sure", "tie")

    def __init__(self, case: Case, data: bytes, sure: bool) -> None:
        self.tie, self.packed, self.sure = capture.Tie(case.entry.value), capture.pack(data), sure


_kept: Dict[str, _Kept] = {}


def _witness(case: Case, live: codes.Live, pyc: Optional[pycs.Pyc]) -> Optional[Witness]:
    name = case.entry.name
    kept = _kept.get(name)
    if kept is not None and kept.tie.holds(case.entry.value):
        data = capture.unpack(kept.packed)
        return Witness(pycs.code_of(data), pycs.Header(data), kept.sure)
    if pyc is None:
        return None
    untouched = case.after_ns is not None and _since(case.pyc_path) < case.after_ns
    if live:
        if not codes.Comparison(live, codes.Tree(pyc.code)).all_exact:
            return None
    elif not untouched:
        return None
    # The next import by anybody may overwrite it: it is kept away at first sight.
    _kept[name] = _Kept(case, pyc.data, untouched)
    return Witness(pyc.code, pyc.header, untouched)


def _since(path: Optional[str]) -> int:
    try:
        return disk.Paths().look(path or "")[1]
    except (OSError, ValueError):
        return 1 << 63


def _by_witness(case: Case, witness: Witness, current: compiling.Current) -> shapes.Freshness:
    sure: shapes.Proof = "proved" if witness.sure else "likely"
    header = witness.header
    if not codes.same(witness.code, current.top):
        reason = "statements outside of functions differ from what was loaded"
        return case.answer("stale", sure, reason)
    if not codes.same_place(witness.code, current.top):
        return case.answer("stale", sure, "only comments or layout changed")
    if header.hash_based:
        if pycs.source_hash(current.data) == header.hash:
            reason = "the pyc that it was loaded from holds the hash of the very same text"
            return case.answer("fresh", sure, reason)
        return case.answer("stale", sure, "only comments or blank space changed")
    if header.size != case.stamp[2] & 0xFFFFFFFF:
        return case.answer("stale", sure, "only comments or blank space changed")
    if header.is_of(case.stamp) and witness.sure:
        reason = "its code, size and time of writing are those of the pyc from before the start"
        return case.answer("fresh", "proved", reason)
    reason = "it has the same size and compiles to the same code as what was loaded"
    return case.answer("fresh", "likely", reason)


def _by_running(case: Case, top: Any, current: Any) -> shapes.Freshness:
    if not codes.same(top, current):
        return case.answer("stale", "proved", "statements differ from those that are running")
    if not codes.same_place(top, current):
        return case.answer("stale", "proved", "only comments or layout changed")
    reason = "every statement is exactly the one that is running; only comments could differ"
    return case.answer("fresh", "likely", reason)


def _without_compiling(
    case: Case,
    live: codes.Live,
    pyc: Optional[pycs.Pyc],
    witness: Optional[Witness],
    why_not: str,
) -> Tuple[shapes.Freshness, bool]:
    """The file is too big to be compiled here; a pyc that fits it stands for it."""
    if pyc is not None and pyc.header.is_of(case.stamp):
        found = codes.Comparison(live, codes.Tree(pyc.code))
        differing = found.changed or found.moved or found.missing
        if differing:
            reason = "%s in memory and in the pyc of the file differ" % words.functions(differing)
            return case.answer("stale", "likely", reason), False
    if witness is not None and not witness.header.hash_based:
        if witness.header.size != case.stamp[2] & 0xFFFFFFFF:
            reason = "it has another size than the text that was loaded"
            return case.answer("stale", "proved" if witness.sure else "likely", reason), False
    return case.answer("unknown", "none", why_not), False


def _silent(case: Case, live: codes.Live, current: compiling.Current) -> shapes.Freshness:
    if not live:
        return case.answer("unknown", "none", "it has no functions in memory to compare")
    exact = "all %s in memory are exactly those of the file" % words.counted(len(live), "function")
    if len(live) == 1:
        exact = "its one function in memory is exactly the one of the file"
    if case.after_ns is not None and case.stamp[4] + disk.CLOCK_LAG_NS < case.after_ns:
        return case.answer("fresh", "likely", exact + "; a folder above it was changed since")
    return case.answer(
        "unknown", "none", exact + ", but statements outside of functions cannot be checked"
    )
