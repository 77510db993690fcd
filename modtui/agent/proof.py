"""Gathering what speaks for and against a touched file: live code, pycs, the file's own code.

Verdicts are remembered as long as file, pyc and module are the same.
"""

from __future__ import annotations

import sys
from marshal import dumps

from . import capture, codes, compiling, deciding, disk, pycs, residue, sources, witnesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from . import shapes
    from .cases import Case
    from .entries import Entry


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
    pyc = None if case.pyc_path is None else pycs.read(case.pyc_path)
    witness = witnesses.find(case, live)
    current = compiling.current(entry, case.stamp)
    if current.top is None and current.error is None:
        return deciding.without_compiling(case, live, pyc, witness, current.why_not), False
    running = codes.running_top(entry.namespace, filenames(entry))
    verdict = deciding.decide(case, live, current, witness, running)
    if verdict["verdict"] == "unknown" and entry.namespace is not None:
        verdict = _with_hints(case, verdict, residue.differences(entry.namespace, current.data))
    return verdict, True


def _with_hints(case: Case, silent: shapes.Freshness, hints: List[str]) -> shapes.Freshness:
    """A verdict of unknown, with what memory holds of a module's top level against the text.

    Programs bind names anew and delete some. Of a file that was written since the process started,
    an edit is the likelier reason.
    """
    if not hints:
        return silent
    told = ", and ".join(hints)
    if case.started_ns is not None and case.stamp[3] > case.started_ns:
        return case.answer("stale", "likely", told)
    return {**silent, "reason": "%s; %s" % (silent["reason"], told)}


def live_code(entry: Entry, stamp: Optional[disk.Stamp], judge: Any) -> shapes.LiveCode:
    """What a helper process needs to do the same with a compiler of its own."""
    live = live_functions(entry)
    running = codes.running_top(entry.namespace, filenames(entry))
    answer: shapes.LiveCode = {
        "name": entry.name,
        "file": entry.source_file,
        "plain": compiling.is_plain(entry),
        "code": _marshalled([[name, code] for name, code in live]),
        "running": None if running is None else _marshalled(running),
        "values": _marshalled(residue.values(entry.namespace or {})),
        "pyc": None,
        "pyc_sure": False,
        "pyc_old": False,
        "pyc_early": False,
        "pyc_dated": False,
        "stamp": None if stamp is None else list(stamp),
        "after_ns": None,
        "started_ns": None,
        "optimize": sys.flags.optimize,
        "magic": pycs.magic().hex(),
    }
    if stamp is not None:
        case = judge.case(entry, stamp)
        answer["after_ns"], answer["started_ns"] = case.after_ns, case.started_ns
        witness = witnesses.find(case, live)
        # What is of the file as it is now, and may have been written since, is no witness there.
        if witness is not None and (
            witness.old or witness.early or not witnesses.fits(case, witness.header)
        ):
            answer["pyc"] = witness.data.decode("latin-1")
            answer["pyc_sure"] = witness.sure
            answer["pyc_old"], answer["pyc_early"] = witness.old, witness.early
            answer["pyc_dated"] = witness.dated
    return answer


def _marshalled(value: Any) -> Optional[str]:
    try:
        return dumps(value).decode("latin-1")
    except ValueError:  # somebody forged a code object
        return None
