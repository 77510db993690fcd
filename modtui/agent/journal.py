"""What was reloaded in this agent's life, each entry undoable while the world is as it left it."""

from __future__ import annotations

import time
from _functools import partial  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Union

    from . import shapes
    from .holders import Older

    Held = Union[Dict[Any, Any], List[Any]]

MOST_UNDOABLE = 50  # older entries let go of the old objects


class Entry:
    """One reload that went well."""

    __slots__ = (
        "at",
        "copies",
        "held",
        "mode",
        "modules",
        "number",
        "older",
        "private_ids",
        "redo",
        "undo",
        "why_not",
    )

    def __init__(
        self,
        number: int,
        mode: str,
        modules: List[str],
        undo: Callable[[], List[str]],
        why_not: Callable[[], Optional[str]],
        private_ids: Callable[[], Set[int]],
        redo: Optional[Callable[[], None]],
        older: Sequence[Older],
        held: Callable[[], List[Held]],
        copies: Callable[[], Dict[int, Dict[Any, Any]]],
    ) -> None:
        self.number, self.mode, self.modules = number, mode, modules
        self.at = time.time()
        self.undo: Optional[Callable[[], List[str]]] = undo  # returns notes
        self.why_not: Callable[[], Optional[str]] = why_not  # a reason, or None if it can be undone
        self.redo = redo  # takes an undo back right after it; plain reloads only
        self.older: Sequence[Older] = older  # what it replaced, or others had, and somebody held
        self.held = held  # what holds objects only to be able to undo
        self.copies = copies  # of the namespaces as it has left them, by the ids of these
        self.private_ids = private_ids  # of what holds objects only to be able to undo

    def let_go(self, why: str) -> None:
        """Hold no old objects any longer; `why` it cannot be undone from now on."""
        self.undo = self.redo = None
        self.why_not = partial(str, why)
        self.private_ids = set
        self.older, self.held, self.copies = (), list, dict


class Journal:
    """The entries, oldest first. Only the newest can be undone, then the one before it ..."""

    def __init__(self) -> None:
        self._entries: List[Entry] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        mode: str,
        modules: List[str],
        undo: Callable[[], List[str]],
        why_not: Callable[[], Optional[str]],
        private_ids: Callable[[], Set[int]],
        redo: Optional[Callable[[], None]] = None,
        older: Sequence[Older] = (),
        held: Callable[[], List[Held]] = list,
        copies: Callable[[], Dict[int, Dict[Any, Any]]] = dict,
    ) -> None:
        """Note a reload: how to take it back, and how to ask whether that still can be done."""
        self._count += 1
        entry = Entry(
            self._count, mode, modules, undo, why_not, private_ids, redo, older, held, copies
        )
        self._entries.append(entry)
        for entry in self._entries[:-MOST_UNDOABLE]:
            entry.let_go("its old objects were let go of")

    def settle(self) -> None:
        """Before another reload: let go of what can never be undone.

        That is all of it when the newest entry cannot: the others come after it.
        """
        last = self.last()
        if last is not None and last.undo is not None and last.why_not() is not None:
            for entry in self._entries:
                entry.let_go(entry.why_not() or "a later reload cannot be taken back")

    def private_ids(self) -> Set[int]:
        """The ids of all that holds objects only so that something can be undone."""
        found: Set[int] = set()
        for entry in self._entries:
            found |= entry.private_ids()
        return found

    def older(self) -> List[Older]:
        """What plain reloads replaced and somebody still held after the last one of that module."""
        newest: Dict[str, Entry] = {}
        for entry in self._entries:
            if entry.mode == "reload":
                newest.update(dict.fromkeys(entry.modules, entry))
        return [one for module, entry in newest.items() for one in entry.older if one[0] == module]

    def references(self, wanted: Set[int], besides: Set[int]) -> Dict[int, int]:
        """How often each of these objects (ids) is held only so that something can be undone.

        `besides`: the ids of those holders that are not counted here.
        """
        counts = dict.fromkeys(wanted, 0)
        seen = set(besides)
        for entry in self._entries:
            for held in entry.held():
                values: Any = held
                if type(held) is dict:
                    if id(held) in seen:
                        continue  # one reload has left what the next one found
                    seen.add(id(held))
                    values = held.values()
                for key in filter(wanted.__contains__, map(id, values)):
                    counts[key] += 1
        return counts

    def copies(self) -> Dict[int, Dict[Any, Any]]:
        """How the newest reload has left namespaces, by their ids; nobody changes these copies."""
        last = self.last()
        return {} if last is None else last.copies()

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
