"""The verdict on a touched file from what was gathered. Nothing here looks at the process.

Functions alone see little more than half of all real edits, so that their silence proves nothing.
The pyc that the module was loaded from is the best witness: all of the module's code, and the size
and time of the text. It is the one whose functions are exactly the live ones.
"""

from __future__ import annotations

import time

from . import codes, disk, pycs, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from . import compiling, shapes


class Facts:
    """A file that was touched, and what is known of when its module was loaded."""

    __slots__ = ("after_ns", "stamp", "started_ns")

    def __init__(
        self, stamp: disk.Stamp, after_ns: Optional[int], started_ns: Optional[int]
    ) -> None:
        self.stamp = stamp
        self.after_ns = after_ns  # the module was loaded after this
        self.started_ns = started_ns

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

    def answer(self, verdict: shapes.Verdict, sure: shapes.Proof, reason: str) -> shapes.Freshness:
        """A verdict in its JSON shape, with the time in front of the reason."""
        return {"verdict": verdict, "proof": sure, "reason": "%s; %s" % (self.written, reason)}


class Witness:
    """A pyc whose functions are exactly the live ones, or that is older than the process.

    `old`: nobody can have written it since the module was loaded. `sure`: nor can it have been out
    of date then. `early`: at least it was there before the file was last touched. `dated`: it may
    have been out of date already, as this process writes none and the file is another one now.
    """

    __slots__ = ("code", "data", "dated", "early", "header", "old", "sure")

    def __init__(
        self,
        data: bytes,
        code: Any = None,
        *,
        old: bool = False,
        sure: bool = False,
        early: bool = False,
        dated: bool = False,
    ) -> None:
        self.data, self.header = data, pycs.Header(data)
        self.code = pycs.code_of(data) if code is None else code
        self.old, self.sure, self.early, self.dated = old, sure, early, dated

    def speaks(self, facts: Facts, current: compiling.Current) -> bool:
        """Whether it tells of the text as loaded, and not just of the file as it is now.

        Anybody who imported the file after an edit has written a pyc that fits it.
        """
        if self.dated:
            return False
        if self.old or self.early or not codes.same(self.code, current.top):
            return True
        if self.header.hash_based:
            return pycs.source_hash(current.data) != self.header.hash
        return not self.header.is_of(facts.stamp)


def decide(
    facts: Facts,
    live: codes.Live,
    current: compiling.Current,
    witness: Optional[Witness],
    running: Any,
) -> shapes.Freshness:
    """The verdict from the live functions, the compiled file, the pyc as loaded, and the code of
    the module's top level if that is still running."""
    if current.error is not None:
        return facts.answer("stale", "proved", current.error)
    if witness is not None and not witness.speaks(facts, current):
        witness = None
    found = codes.Comparison(live, codes.Tree(current.top))
    differs = _functions_differ(facts, found, current, witness)
    if differs is not None:
        return differs
    if running is not None:
        return _by_running(facts, running, current.top)
    if witness is not None:
        return _by_witness(facts, witness, current)
    return _silent(facts, live)


def _functions_differ(
    facts: Facts,
    found: codes.Comparison,
    current: compiling.Current,
    witness: Optional[Witness],
) -> Optional[shapes.Freshness]:
    if found.changed:
        verb = "differs" if len(found.changed) == 1 else "differ"
        reason = "%s in memory %s from the file" % (words.functions(found.changed), verb)
        if _fits(witness, facts):
            reason += ", though its old pyc fits the file's size and time of writing"
            return facts.answer("stale", "likely", reason)
        return facts.answer("stale", "proved", reason)
    if found.moved:
        return _moved(facts, found, current, witness)
    if found.missing and not current.makes_code:
        return facts.answer("stale", "likely", _missing(found.missing))
    return None


def _fits(witness: Optional[Witness], facts: Facts) -> bool:
    # Either somebody edited it and put its time back, or the pyc was made by another release of
    # this Python, whose compiler was a little different.
    return witness is not None and witness.old and witness.header.is_of(facts.stamp)


def _moved(
    facts: Facts,
    found: codes.Comparison,
    current: compiling.Current,
    witness: Optional[Witness],
) -> shapes.Freshness:
    sure: shapes.Proof = "likely" if _fits(witness, facts) else "proved"
    if found.missing:
        return facts.answer("stale", sure, _missing(found.missing))
    if witness is not None:
        if codes.same(witness.code, current.top):
            return facts.answer("stale", sure, "only comments or layout changed")
        reason = "statements outside of the functions in memory changed"
        return facts.answer("stale", sure, reason)
    stand = "stands" if len(found.moved) == 1 else "stand"
    reason = "%s %s on other lines or columns now" % (words.functions(found.moved), stand)
    return facts.answer("stale", sure, reason)


def _missing(names: List[str]) -> str:
    verb = "is" if len(names) == 1 else "are"
    return "%s %s in memory but not in the file" % (words.functions(names), verb)


def _by_witness(facts: Facts, witness: Witness, current: compiling.Current) -> shapes.Freshness:
    sure: shapes.Proof = "proved" if witness.sure else "likely"
    header = witness.header
    if not codes.same(witness.code, current.top):
        reason = "statements outside of functions differ from what was loaded"
        return facts.answer("stale", "likely" if _fits(witness, facts) else sure, reason)
    if not codes.same_place(witness.code, current.top):
        return facts.answer("stale", sure, "only comments or layout changed")
    if header.hash_based:
        if pycs.source_hash(current.data) == header.hash:
            reason = "the pyc that it was loaded from holds the hash of the very same text"
            return facts.answer("fresh", sure, reason)
        return facts.answer("stale", sure, "only comments or blank space changed")
    if header.size != facts.stamp[2] & 0xFFFFFFFF:
        return facts.answer("stale", sure, "only comments or blank space changed")
    if header.is_of(facts.stamp) and witness.sure:
        # Somebody may have changed a comment and put the time back.
        reason = "its code, size and time of writing are those of the pyc from before the start"
        return facts.answer("fresh", "likely", reason)
    reason = "it has the size and the code of what was loaded; only comments could differ"
    return facts.answer("fresh", "likely", reason)


def _by_running(facts: Facts, running: Any, current: Any) -> shapes.Freshness:
    if not codes.same(running, current):
        return facts.answer("stale", "proved", "statements differ from those that are running")
    if not codes.same_place(running, current):
        return facts.answer("stale", "proved", "only comments or layout changed")
    reason = "every statement is exactly the one that is running; only comments could differ"
    return facts.answer("fresh", "likely", reason)


def _silent(facts: Facts, live: codes.Live) -> shapes.Freshness:
    if not live:
        return facts.answer("unknown", "none", "it has no functions in memory to compare")
    exact = "all %s in memory are exactly those of the file" % words.counted(len(live), "function")
    if len(live) == 1:
        exact = "its one function in memory is exactly the one of the file"
    if facts.after_ns is not None and facts.stamp[4] + disk.CLOCK_LAG_NS < facts.after_ns:
        return facts.answer("fresh", "likely", exact + "; a folder above it was changed since")
    return facts.answer(
        "unknown", "none", exact + ", but statements outside of functions cannot be checked"
    )


def without_compiling(
    facts: Facts,
    live: codes.Live,
    pyc: Optional[pycs.Pyc],
    witness: Optional[Witness],
    why_not: str,
) -> shapes.Freshness:
    """The verdict when the file cannot be compiled here; a pyc that fits it stands for it."""
    if pyc is not None and pyc.header.is_of(facts.stamp):
        found = codes.Comparison(live, codes.Tree(pyc.code))
        differing = found.changed or found.moved or found.missing
        if differing:
            reason = "%s in memory and in the pyc of the file differ" % words.functions(differing)
            return facts.answer("stale", "likely", reason)
    if witness is not None and not witness.header.hash_based and not witness.dated:
        if witness.header.size != facts.stamp[2] & 0xFFFFFFFF:
            reason = "it has another size than the text that was loaded"
            return facts.answer("stale", "proved" if witness.sure else "likely", reason)
    return facts.answer("unknown", "none", why_not)
