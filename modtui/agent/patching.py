"""A patch: the new text goes into the objects that are there, or everything is as it was before.

Each module's statements, as far as they changed or depend on what changed, are executed beside the
live namespace. What they made is paired with what is there, and then one step, that no other thread
can see half done, brings the old objects up to date.
"""

from __future__ import annotations

import gc
import sys
import time

from . import baseline, deriving, describing, effects, functions, loading, raw, snapshot, undoing
from .foreign import Foreign
from .modulepatch import ModulePatch
from .reporting import names_report, new_report
from .youngest import Youngest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set

    from . import shapes
    from .batch import Batch
    from .journal import Journal
    from .planning import Making, Step


class Patch:
    """One patch of all modules of a plan."""

    def __init__(self, making: Making, journal: Journal) -> None:
        self._making, self._journal = making, journal
        self._names = [step.name for step in making.steps]
        self.batches: List[Batch] = []
        self._made_classes = False
        self.foreign = Foreign()
        self._visited: Dict[str, int] = {}  # module -> serial number of what it has seen
        self._reports: List[shapes.ModuleReport] = []
        self._surroundings = effects.Surroundings()
        self._known = baseline.snapshot([step.entry for step in making.steps])
        self._imports = snapshot.Imports()

    def run(self) -> shapes.Report:
        """Execute and patch, or put everything back. Raises nothing for what the modules do."""
        before = snapshot.Snapshot(self._names, {})
        loading.forget_directories()
        try:
            with self._imports, Youngest():
                failed = self._do(before)
                made = None if failed is None else gc.get_objects(generation=0)
        except BaseException:  # a fault of the engine's own: nothing may stay half done then either
            self._put_back(before, None)
            raise
        side_effects = self._surroundings.changes()
        if failed is not None:
            describing.cut(failed)
            failed = None
            side_effects += self._put_back(before, made)
            return self._report(False, side_effects)
        if self._made_classes:
            _empty_caches_of_typing()
            gc.collect(1)  # those that nobody needs are still their bases' subclasses
        self.batches.insert(0, before.registries.taking_back())
        undoing.note_patch(self._journal, self._names, self.batches, self._known)
        return self._report(True, side_effects)

    def _do(self, before: snapshot.Snapshot) -> Optional[BaseException]:
        for step in self._making.steps:
            failed = self._patch(step, before)
            if failed is not None:
                return failed
        return self._derive(before)

    def _put_back(self, before: snapshot.Snapshot, made: Optional[List[Any]]) -> List[str]:
        for batch in reversed(self.batches):
            batch.revert()
        self.batches = []
        notes = before.restore(self._imports.names, made)
        baseline.restore(self._known)
        return notes

    def _private(self) -> Set[int]:
        """The ids of what holds objects only to be able to undo."""
        found: Set[int] = self._journal.private_ids() | self.foreign.private_ids()
        for batch in self.batches:
            found |= batch.private_ids()
        return found

    def _patch(self, step: Step, before: snapshot.Snapshot) -> Optional[BaseException]:
        report = new_report(step.name)
        self._reports.append(report)
        work = self._work(step, before, derived=False)
        error = self._guarded(report, work.run, self.batches)
        if error is None:
            self._note(work)
            old = before.space(step.name) or {}
            report["replaced"] = work.replaced
            report["names"] = names_report(old, work.live, step)
            _say_changed(report["names"], work.touched)
            report["names"]["removed"] = sorted(work.removed)
            report["patched"] = work.counts
            report["could_not_patch"] = work.could_not  # type: ignore[typeddict-item]
            self._made_classes = self._made_classes or work.made_classes
            report["left_behind"] = work.left_behind()
        return error

    def _work(self, step: Step, before: snapshot.Snapshot, derived: bool) -> ModulePatch:
        users = self._users(step, before)
        self.foreign.look_from(step.name, self._visited.get(step.name, 0))
        return ModulePatch(step, self.foreign, self._private, users, derived)

    def _users(self, step: Step, before: snapshot.Snapshot) -> int:
        """How many references to a module's namespace may be those of its functions."""
        found = functions.references_beside(step.entry)
        space = step.entry.namespace or {}
        found -= self._journal.holds(space) + before.holds(space)
        return found - sum(one is space for batch in self.batches for one in batch.dicts())

    def _note(self, work: ModulePatch) -> None:
        seen = self.foreign.serial
        for name, before in work.changed.items():
            self.foreign.add(work.known_as, name, before)
        for says, value, attributes in work.same:
            if says not in work.changed:
                self.foreign.add_same(work.known_as, says, value, attributes)
        work.changed = {}
        for module, cls in work.heirs:
            self.foreign.add_heir(module, cls)
        self._visited[work.name] = seen

    def _guarded(
        self, report: shapes.ModuleReport, work: Any, batches: List[Batch]
    ) -> Optional[BaseException]:
        captured = effects.Captured()
        error: Optional[BaseException] = None
        start = time.perf_counter()
        try:
            with captured:
                work(batches)
        except BaseException as raised:  # SystemExit and KeyboardInterrupt are the module's too
            error = raised
        report["seconds"] = time.perf_counter() - start
        report["output"] += captured.output
        report["warnings"] += captured.warnings
        if error is not None:
            report["ok"] = False
            report["error"] = describing.error_info(error)
        return error

    def _derive(self, before: snapshot.Snapshot) -> Optional[BaseException]:
        """Carry changed values on to the modules that imported them or computed with them."""
        for step in deriving.steps(self.foreign, self._visited):
            report = self._known_report(step.name) or new_report(step.name)
            work = self._work(step, before, derived=True)
            error = self._guarded(report, work.run, self.batches)
            if error is not None or work.touched or work.removed or work.could_not:
                if self._known_report(step.name) is None:
                    self._reports.append(report)
            if error is not None:
                return error
            same = work.touched - set(work.changed)
            self._note(work)
            self._made_classes = self._made_classes or work.made_classes
            for what, count in work.counts.items():
                report["patched"][what] = report["patched"].get(what, 0) + count
            report["could_not_patch"] += work.could_not  # type: ignore[arg-type]
            names = report["names"]
            names["in_place"] += sorted(same - set(names["changed"]))
            names["changed"] += sorted(work.touched - set(names["changed"]))
            names["removed"] += sorted(work.removed)
            names["unchanged"] = [one for one in names["unchanged"] if one not in work.touched]
        self._say_left()
        return None

    def _say_left(self) -> None:
        """Name the modules, and classes to be made anew in them, that nothing was done with."""
        said: Any = self._reports[-1]["could_not_patch"] if self._reports else []
        for home in sorted(self.foreign.unfinished):
            why = "another thread is importing it and may have bound what was there before"
            said.append({"what": home, "why": why})
        for home in sorted(self.foreign.homes(self._visited) - self.foreign.unfinished):
            for name in sorted(self.foreign.heirs(home)):
                why = (
                    "it was made from what its base class had before, and nothing proves that the"
                    " text of its module is the one that was loaded: reload that module, too"
                )
                said.append({"what": "%s.%s" % (home, name), "why": why})

    def _known_report(self, name: str) -> Optional[shapes.ModuleReport]:
        return next((report for report in self._reports if report["name"] == name), None)

    def _report(self, ok: bool, side_effects: List[str]) -> shapes.Report:
        return {
            "ok": ok,
            "rolled_back": not ok,
            "mode": "patch",
            "thread": describing.thread_name(),  # type: ignore[typeddict-item]
            "modules": self._reports,
            "side_effects": side_effects,
            "refused": self._making.refused,
        }


def _empty_caches_of_typing() -> None:
    """Have `typing` forget what it made of new classes that old ones have taken over: its caches
    would give `Optional[...]` of these to who asks for those."""
    cleanups = raw.get(raw.module_dict(sys.modules.get("typing")), "_cleanups")
    for cleanup in list(cleanups) if type(cleanups) is list else ():
        cleanup()


def _say_changed(names: shapes.NamesReport, touched: Set[str]) -> None:
    """A function that was patched is the same object, but not what it was."""
    for name in list(names["unchanged"]):
        if name in touched:
            names["unchanged"].remove(name)
            names["changed"].append(name)
            names["in_place"].append(name)
