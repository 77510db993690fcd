"""The transaction: all modules of a plan are reloaded, or everything is as it was before."""

from __future__ import annotations

import _thread
import time

from . import (
    baseline,
    describing,
    effects,
    holders,
    loading,
    planning,
    previous,
    raw,
    snapshot,
    undoing,
)
from .errors import Busy, CannotUndo, FileChanged, NothingToUndo
from .journal import Journal
from .loading import reload_module
from .reporting import names_report, new_report
from .youngest import Youngest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from . import shapes
    from .journal import Change, Entry
    from .planning import Making, Step

__all__ = ["journal", "reload", "reload_module", "undo"]

journal = Journal()
_busy = _thread.allocate_lock()


def reload(
    names: List[str],
    patch: bool = False,
    dependents: bool = False,
    yes: bool = False,
    expect: Optional[Dict[str, str]] = None,
) -> shapes.Report:
    """Reload these modules on the calling thread; see `calls.Calls.reload`."""
    if not _busy.acquire(False):
        raise Busy("another reload or undo is under way")
    try:
        journal.settle()
        if patch:
            return _patch(names, dependents, yes, expect or {})
        making = planning.Making(names, patch, dependents)
        making.check(yes)
        _check_texts(making, expect or {})
        return Reload(making).run()
    finally:
        _busy.release()


def _patch(names: List[str], dependents: bool, yes: bool, expect: Dict[str, str]) -> shapes.Report:
    """Patch; what plain reloads of these modules have left behind is patched, too.

    The objects left behind are those of before: so the plain reloads are taken back first, and
    done again if the patch comes to nothing.
    """
    from . import patching

    taken_back = _take_plain_back(names)
    done = False
    try:
        making = planning.Making(names, True, dependents)
        making.check(yes)
        _check_texts(making, expect)
        report = patching.Patch(making, journal).run()
        done = report["ok"]
    finally:
        if not done:
            for entry, change in reversed(taken_back):
                change.redo()
                journal.put_back(entry)
    return report


def _take_plain_back(names: List[str]) -> List[Tuple[Entry, Change]]:
    taken = []
    entry = journal.last()
    while (
        entry is not None
        and entry.mode == "reload"
        and entry.change is not None
        and set(entry.modules) <= set(names)
        and entry.why_not() is None
    ):
        entry.change.undo()
        journal.drop_last()
        taken.append((entry, entry.change))
        entry = journal.last()
    return taken


def undo() -> shapes.UndoReport:
    """Take the last reload back; see `calls.Calls.undo`."""
    if not _busy.acquire(False):
        raise Busy("another reload or undo is under way")
    try:
        entry = journal.last()
        if entry is None:
            raise NothingToUndo("nothing was reloaded that could be taken back")
        why = entry.why_not()
        if why is not None or entry.change is None:
            raise CannotUndo(why or "its old objects were let go of")
        notes = entry.change.undo()
        journal.drop_last()
        return {"undone": entry.number, "modules": list(entry.modules), "notes": notes}
    finally:
        _busy.release()


def _check_texts(making: Making, expect: Dict[str, str]) -> None:
    for step in making.steps:
        wanted = expect.get(step.name)
        if wanted is not None and step.digest != wanted:
            raise FileChanged(
                "%s is not the text that was shown any more" % (step.path or step.name)
            )


class Reload:
    """One plain reload, importlib.reload for each module of the plan, in order."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._names = [step.name for step in making.steps]
        self._reports: List[shapes.ModuleReport] = []
        self._surroundings = effects.Surroundings()
        self._known = baseline.snapshot([step.entry for step in making.steps])
        self._imports = snapshot.Imports()

    def run(self) -> shapes.Report:
        """Execute, or put everything back. Raises nothing for what the modules do."""
        failed: Optional[BaseException] = None
        made: Optional[List[Any]] = None
        with self._imports, Youngest() as youngest:
            owned = self._owned()
            before = snapshot.Snapshot(self._names, journal.copies())
            loading.forget_directories()
            for step in self._making.steps:
                failed = self._execute(step, before)
                if failed is not None:
                    made = youngest.objects()
                    break
        side_effects = self._surroundings.changes()
        if failed is not None:
            describing.cut(failed)
            del failed
            side_effects += before.restore(self._imports.names, made)
            baseline.restore(self._known)
            return self._report(False, side_effects)
        before.forget_objects()
        copies = {id(saved) for _, saved in before.spaces}
        owned.ignored = lambda: copies | journal.private_ids()
        owned.private = lambda wanted: journal.references(wanted, copies)
        self._left_behind(owned)
        undoing.note_plain(journal, self._names, before, self._known, owned.held())
        return self._report(True, side_effects)

    def _owned(self) -> holders.Owned:
        spaces = {}
        for step in self._making.steps:
            if step.entry.namespace is not None:
                spaces[step.name] = step.entry.namespace
        return holders.Owned(spaces, journal.older())

    def _execute(self, step: Step, before: snapshot.Snapshot) -> Optional[BaseException]:
        captured = effects.Captured()
        error: Optional[BaseException] = None
        module = step.entry.value
        result = module
        start = time.perf_counter()
        try:
            with captured:
                if step.error is not None and step.data is not None:
                    raise step.error
                result = reload_module(module, step.code)
        except BaseException as raised:  # SystemExit and KeyboardInterrupt are the module's too
            error = raised
        seconds = time.perf_counter() - start
        report = new_report(step.name)
        report["seconds"] = seconds
        report["output"], report["warnings"] = captured.output, captured.warnings
        if error is not None:
            report["ok"] = False
            report["error"] = describing.error_info(error)
        else:
            report["replaced"] = result is not module
            old = before.space(step.name) or {}
            report["names"] = names_report(old, raw.module_dict(result) or {}, step)
            if step.data is not None:
                previous.executed(step.name, step.data, step.code)
        self._reports.append(report)
        return error

    def _left_behind(self, owned: holders.Owned) -> None:
        left = holders.left_behind(_replaced(owned), self._names)
        for report in self._reports:
            report["left_behind"] = left.get(report["name"], holders.nothing())

    def _report(self, ok: bool, side_effects: List[str]) -> shapes.Report:
        return {
            "ok": ok,
            "rolled_back": not ok,
            "mode": "reload",
            "thread": describing.thread_name(),  # type: ignore[typeddict-item]
            "modules": self._reports,
            "side_effects": side_effects,
            "refused": self._making.refused,
        }


def _replaced(owned: holders.Owned) -> holders.Owned:
    """Of what the modules had, what is bound no longer."""
    for module, space in owned.spaces.items():
        now = {id(value) for _, value in raw.items(space)}
        for key, (of, _) in list(owned.by_id.items()):
            if of == module and key in now:
                del owned.by_id[key]
        owned.functions = [one for one in owned.functions if id(one[1]) not in now]
        owned.classes = [one for one in owned.classes if id(one[1]) not in now]
    return owned
