"""When entries of sys.modules came and went, as far as the agent has looked."""

from __future__ import annotations

import time
from _weakref import ref

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple


class Line:
    """What is known of one entry: which object it is, and since when it has been that one."""

    __slots__ = ("_address", "_ref", "after_ns", "generation")

    def __init__(self, value: object, generation: int, after_ns: Optional[int]) -> None:
        self.generation = generation
        self.after_ns = after_ns  # it was loaded after this; None: before we first looked
        self._address = id(value)
        self._ref = weak(value)

    def is_of(self, value: object) -> bool:
        """Whether the entry is still this very object."""
        if self._ref is not None:
            return self._ref() is value
        return self._address == id(value)


def weak(value: object) -> Any:
    """A weak reference that calls nobody; None to what cannot have one."""
    if not raw.is_module(value):
        return None  # a foreign type's weak references are its own affair
    try:
        return ref(value)
    except TypeError:
        return None


class Ledger:
    """All entries by name. It keeps no module alive.

    Threads of several inspectors may update at once: each makes a whole new state and then puts it
    in place, and no two have the same generation, so that at worst a change is told twice.
    """

    def __init__(self) -> None:
        self._state: Tuple[int, Dict[str, Line], Dict[str, int]] = (0, {}, {})
        self._looked_ns: Optional[int] = None
        self._generations = iter(range(1, 1 << 62))

    def update(self) -> Tuple[int, raw.Entries]:
        """Look again: (generation, entries)."""
        looking_ns = time.time_ns()
        entries = raw.entries()
        generation, lines, removed = self._state
        fresh: Dict[str, Line] = {}
        changed = []
        for name, _, value in entries:
            line = lines.get(name)
            if line is not None and line.is_of(value):
                fresh[name] = line
            else:
                changed.append((name, value))
        gone = [name for name in lines if name not in fresh]
        if changed or gone or not generation:
            generation = next(self._generations)
            for name, value in changed:
                fresh[name] = Line(value, generation, self._looked_ns)
            removed = dict(removed)
            removed.update((name, generation) for name in gone)
            for name, _ in changed:
                removed.pop(name, None)
            self._state = (generation, fresh, removed)
        self._looked_ns = looking_ns
        return generation, entries

    def since(self, generation: int) -> Tuple[List[str], List[str]]:
        """(names that came or are another object, names that went) after that generation."""
        _, lines, removed = self._state
        added = [name for name, line in lines.items() if line.generation > generation]
        gone = [name for name, when in removed.items() if when > generation]
        return added, gone

    def loaded_after_ns(self, name: str, value: object) -> Optional[int]:
        """A time (ns since the epoch) before which this entry was not there; None if not known."""
        line = self._state[1].get(name)
        return line.after_ns if line is not None and line.is_of(value) else None


ledger = Ledger()
