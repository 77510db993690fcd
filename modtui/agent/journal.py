"""What was reloaded in this agent's life, each entry undoable while the world is as it left it."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Set, Union

    from . import shapes
    from .holders import Older

    Space = Dict[Any, Any]
    Held = Union[Space, List[Any]]

MOST_UNDOABLE = 50  # older entries let go of the old objects


class Change:
    """What one reload has changed: the way back, and what is held only for the sake of it."""

    older: Sequence[Older] = ()  # what it replaced, or others had, and somebody held

    def undo(self) -> List[str]:
        """Take it back; returns notes on what stays different."""
        raise NotImplementedError

    def redo(self) -> None:
        """Take an undo back, right after it; plain reloads only."""
        raise NotImplementedError

    def why_not(self) -> Optional[str]:
        """Why it cannot be undone now, or None."""
        raise NotImplementedError

    def private_ids(self) -> Set[int]:
        """The ids of what holds objects only to be able to undo."""
        raise NotImplementedError

    def held(self) -> List[Held]:
        """Dicts and lists of the functions and classes held, each as often as it is."""
        raise NotImplementedError

    def holds(self, space: Space) -> int:
        """How often a namespace is held."""
        raise NotImplementedError

    def copies(self) -> Dict[int, Space]:
        """Copies of the namespaces as it has left them, by the ids of these."""
        return {}


class Entry:
    """One reload that went well. It has no change any more when it was let go of."""

    __slots__ = ("_why", "at", "change", "mode", "modules", "number")

    def __init__(self, number: int, mode: str, modules: List[str], change: Change) -> None:
        self.number, self.mode, self.modules = number, mode, modules
        self.at = time.time()
        self.change: Optional[Change] = change
        self._why = ""

    def why_not(self) -> Optional[str]:
        """Why it cannot be undone now, or None."""
        return self._why if self.change is None else self.change.why_not()

    def let_go(self, why: str) -> None:
        """Hold no old objects any longer; `why` it cannot be undone from now on."""
        self.change, self._why = None, why


class Journal:
    """The entries, oldest first. Only the newest can be undone, then the one before it ..."""

    def __init__(self) -> None:
        self._entries: List[Entry] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, mode: str, modules: List[str], change: Change) -> None:
        """Note a reload."""
        self._count += 1
        self._entries.append(Entry(self._count, mode, modules, change))
        for entry in self._entries[:-MOST_UNDOABLE]:
            entry.let_go("its old objects were let go of")

    def _changes(self) -> List[Change]:
        return [entry.change for entry in self._entries if entry.change is not None]

    def settle(self) -> None:
        """Before another reload: let go of what can never be undone.

        That is all of it when the newest entry cannot: the others come after it.
        """
        last = self.last()
        if last is not None and last.change is not None and last.why_not() is not None:
            for entry in self._entries:
                entry.let_go(entry.why_not() or "a later reload cannot be taken back")

    def private_ids(self) -> Set[int]:
        """The ids of all that holds objects only so that something can be undone."""
        found: Set[int] = set()
        for change in self._changes():
            found |= change.private_ids()
        return found

    def older(self) -> List[Older]:
        """What plain reloads replaced and somebody still held after the last one of that module."""
        newest: Dict[str, Entry] = {}
        for entry in self._entries:
            if entry.mode == "reload":
                newest.update(dict.fromkeys(entry.modules, entry))
        return [
            one
            for module, entry in newest.items()
            for one in (() if entry.change is None else entry.change.older)
            if one[0] == module
        ]

    def references(self, wanted: Set[int], besides: Set[int]) -> Dict[int, int]:
        """How often each of these objects (ids) is held only so that something can be undone.

        `besides`: the ids of those holders that are not counted here.
        """
        counts = dict.fromkeys(wanted, 0)
        seen = set(besides)
        for change in self._changes():
            for held in change.held():
                values: Any = held
                if type(held) is dict:
                    if id(held) in seen:
                        continue  # one reload has left what the next one found
                    seen.add(id(held))
                    values = held.values()
                for key in filter(wanted.__contains__, map(id, values)):
                    counts[key] += 1
        return counts

    def holds(self, space: Space) -> int:
        """How often a namespace is held only so that something can be undone."""
        return sum(change.holds(space) for change in self._changes())

    def copies(self) -> Dict[int, Space]:
        """How the newest reload has left namespaces, by their ids; nobody changes these copies."""
        last = self.last()
        return {} if last is None or last.change is None else last.change.copies()

    def last(self) -> Optional[Entry]:
        """The newest entry."""
        return self._entries[-1] if self._entries else None

    def put_back(self, entry: Entry) -> None:
        """Take up again what was undone and then done again."""
        self._entries.append(entry)

    def drop_last(self) -> None:
        """Forget the newest entry: it was undone."""
        self._entries.pop()

    def entries(self) -> List[shapes.JournalEntry]:
        """All entries, oldest first, for an inspector."""
        return [self._described(entry) for entry in self._entries]

    def _described(self, entry: Entry) -> shapes.JournalEntry:
        why = entry.why_not()
        return {
            "number": entry.number,
            "at": entry.at,
            "mode": entry.mode,  # type: ignore[typeddict-item]
            "modules": list(entry.modules),
            "undoable": why is None,
            "why_not": why,
        }
