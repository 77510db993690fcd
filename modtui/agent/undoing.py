"""Taking a reload back: the namespaces before and after it, and what happened since."""

from __future__ import annotations

import gc
import sys
from itertools import chain

from . import baseline, entries, raw
from .batch import MISSING, Batch
from .journal import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from .holders import Older
    from .journal import Journal, Space
    from .snapshot import Snapshot


class Plain(Change):
    """How to undo a plain reload. A name that the reload did not rebind keeps its value of now."""

    def __init__(self, names: List[str], before: Snapshot, known: Any, older: List[Older]) -> None:
        self._names, self.older = names, older
        self._entries_before = {name: before.entries.get(name, MISSING) for name in names}
        self._entries_after = {name: sys.modules.get(name, MISSING) for name in names}
        self._spaces: List[Tuple[Space, Space, Space]] = [
            (space, saved, space.copy()) for space, saved in before.spaces
        ]
        self._known_before = known
        self._again: Tuple[Batch, Any] = (Batch(), None)

    def why_not(self) -> Optional[str]:
        """Why it cannot be undone now, or None."""
        for name, module in self._entries_after.items():
            if sys.modules.get(name, MISSING) is not module:
                return "sys.modules[%r] is another object now" % name
        for space, before, after in self._spaces:
            for name, value in after.items():
                if before.get(name, MISSING) is value or space.get(name, MISSING) is value:
                    continue
                if type(value) is raw.FunctionType or raw.is_class(value):
                    return "%s.%s was rebound since: something else has reloaded or patched it" % (
                        space.get("__name__"),
                        name,
                    )
        return None

    def undo(self) -> List[str]:
        """Do it; returns notes on what stays different."""
        step, notes = Batch(), []
        for name, module in self._entries_before.items():
            step.item(sys.modules, name, module)
        for space, before, after in self._spaces:
            for name in list(after):
                now, then = space.get(name, MISSING), before.get(name, MISSING)
                if after[name] is then or now is then:
                    continue
                if now is not after[name]:
                    notes.append(
                        "%s.%s was rebound since the reload; it has its value from before it again"
                        % (space.get("__name__"), name)
                    )
                step.item(space, name, then)
            for name in before:
                if name not in after and name not in space:
                    step.item(space, name, before[name])
        known_now = baseline.snapshot(entries.look_at_all(self._names))
        step.commit()
        baseline.restore(self._known_before)
        self._again = (step, known_now)
        return notes

    def redo(self) -> None:
        """Take the undo back, right after it."""
        step, known = self._again
        step.revert()
        baseline.restore(known)

    def held(self) -> List[Any]:
        """The copies of the namespaces."""
        return [copy for _, *copies in self._spaces for copy in copies]

    def holds(self, space: Space) -> int:
        """How often a namespace is held."""
        return sum(one is space for one, *_ in self._spaces)

    def copies(self) -> Dict[int, Space]:
        """How it has left the namespaces, by their ids."""
        return {id(space): after for space, _, after in self._spaces}

    def private_ids(self) -> Set[int]:
        """The ids of what holds objects only to be able to undo."""
        found = {id(self._entries_before), id(self._entries_after), id(self._spaces)}
        found |= {id(self.older)} | {id(one) for one in self.older}
        for entry in self._spaces:
            found |= {id(entry), id(entry[1]), id(entry[2])}
        return found


def note_plain(
    journal: Journal, names: List[str], before: Snapshot, known: Any, older: List[Older]
) -> None:
    """Put a plain reload into the journal; `older` is what it or earlier ones left behind."""
    journal.add("reload", names, Plain(names, before, known, older))


class Patched(Change):
    """How to undo a patch: its batches, the last first."""

    def __init__(self, names: List[str], batches: List[Batch], known: Any) -> None:
        self._names, self._batches, self._known_before = names, batches, known
        self._entries = {name: sys.modules.get(name, MISSING) for name in names}
        self._marks: List[Tuple[Space, Dict[Any, Any]]] = []  # functions and classes
        self._codes: List[Tuple[Any, Any]] = []
        for name in names:
            space = raw.module_dict(sys.modules.get(name)) or {}
            marks: Dict[Any, Any] = {}
            for key, value in raw.items(space):
                if type(value) is raw.FunctionType:
                    marks[key] = value
                    self._codes.append((value, value.__code__))
                elif raw.is_class(value):
                    marks[key] = value
            self._marks.append((space, marks))
        self._dicts: Dict[int, int] = {}  # how often dicts are held, by their ids
        held = [space for space, _ in self._marks]
        for one in chain(held, *(batch.dicts() for batch in batches)):
            self._dicts[id(one)] = self._dicts.get(id(one), 0) + 1

    def why_not(self) -> Optional[str]:
        """Why it cannot be undone now, or None."""
        for name, module in self._entries.items():
            if sys.modules.get(name, MISSING) is not module:
                return "sys.modules[%r] is another object now" % name
        for space, marks in self._marks:
            for key, value in marks.items():
                if space.get(key, MISSING) is not value:
                    return "%s.%s was rebound since" % (space.get("__name__"), key)
        for function, code in self._codes:
            if function.__code__ is not code:
                return "%s was patched by something else since" % function.__qualname__
        return None

    def undo(self) -> List[str]:
        """Do it; returns notes on what stays different."""
        made_classes = any(batch.made_classes for batch in self._batches)
        while self._batches:
            self._batches.pop().revert()
        self._marks.clear()
        self._codes.clear()
        if made_classes:
            gc.collect()  # until then they are in their bases' __subclasses__()
        baseline.restore(self._known_before)
        return []

    def held(self) -> List[Any]:
        """The functions and classes."""
        return [*[marks for _, marks in self._marks], [value for value, _ in self._codes]]

    def holds(self, space: Space) -> int:
        """How often a namespace is held."""
        return self._dicts.get(id(space), 0)

    def private_ids(self) -> Set[int]:
        """The ids of what holds objects only to be able to undo."""
        found = {id(self._marks), id(self._codes), id(self._entries)}
        found |= {id(one) for one in self._marks} | {id(one) for one in self._codes}
        found |= {id(marks) for _, marks in self._marks}
        for batch in self._batches:
            found |= batch.private_ids()
        return found


def note_patch(journal: Journal, names: List[str], batches: List[Batch], known: Any) -> None:
    """Put a patch into the journal."""
    journal.add("patch", names, Patched(names, batches, known))
