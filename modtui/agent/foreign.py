"""What other modules' names were bound to before, while a patch carries new values on."""

from __future__ import annotations

from . import raw
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

    Names = Set[str]


# A module's own statements were told of changes of these when it was patched.
_AT_ONCE = (raw.FunctionType, list, dict, set)


class Before:
    """The values that a name had before, oldest first, and when the last of them went."""

    __slots__ = ("serial", "values")

    def __init__(self, value: Any) -> None:
        self.values = [value]
        self.serial = 0


class Foreign:
    """The names of modules, as (module, name), whose values are other ones now."""

    def __init__(self) -> None:
        self._before: Dict[Tuple[str, str], Before] = {}
        self._heirs: Dict[Tuple[str, str], int] = {}
        self._said: Dict[Tuple[str, str], int] = {}
        # What stayed the same object, by id: it, attributes, module, when that was noted.
        self._same: Dict[int, Tuple[Any, Names, str, int]] = {}
        self._here, self._since = "", 0
        self.unfinished: Set[str] = set()  # modules that another thread was importing
        self.serial = 0

    def __len__(self) -> int:
        return len(self._before) + len(self._heirs) + len(self._said)

    def __contains__(self, key: Tuple[Any, str]) -> bool:
        return key in self._before

    def __iter__(self) -> Iterator[Tuple[str, str]]:
        return iter(self._before)

    def add(self, module: str, name: str, before: Any) -> None:
        """Note that a name had another value before."""
        self.serial += 1
        known = self._before.setdefault((module, name), Before(before))
        known.serial = self.serial
        if known.values[-1] is not before:
            known.values.append(before)

    def had(self, module: str, name: str, value: Any) -> bool:
        """Whether a name, or what an import made of it, could hold that value only by an import."""
        known = self._before.get((module, name))
        return known is not None and any(one is value or one is MISSING for one in known.values)

    def look_from(self, module: str, since: int) -> None:
        """Have `attributes` answer for a module that has seen what there was at that number."""
        self._here, self._since = module, since

    def add_same(self, module: str, says: str, value: Any, attributes: Names) -> None:
        """Note what is the same object: a function that gives something else, a container with
        other content, a class that has other values under these names; `says` is what a text that
        uses it contains."""
        known = self._same.get(id(value))
        if known is None or attributes - known[1] or (module, says) not in self._said:
            self.serial += 1
            self._said[module, says] = self.serial
            before = set() if known is None else known[1]
            self._same[id(value)] = (value, before | attributes, module, self.serial)

    def attributes(self, value: Any) -> Optional[Names]:
        """Which values of a class, or of nothing of another object, are other ones now; None if it
        is as it was, or if the module has taken that into account."""
        known = self._same.get(id(value))
        if known is None or known[3] <= self._since:
            return None
        return None if known[2] == self._here and type(value) in _AT_ONCE else known[1]

    def same_ids(self) -> Set[int]:
        """The ids of what stayed the same object."""
        return set(self._same)

    def said(self, since: int) -> Dict[str, Names]:
        """By their modules, what texts contain that use what has changed so after that."""
        found: Dict[str, Names] = {}
        for (module, says), serial in self._said.items():
            if serial > since:
                found.setdefault(module, set()).add(says)
        return found

    def add_heir(self, module: str, name: str) -> None:
        """Note that a class is to be made anew, because of what one of its bases has now."""
        self.serial += 1
        self._heirs[module, name] = self.serial

    def heirs(self, module: Any) -> Names:
        """The classes of a module that are to be made anew."""
        return {name for home, name in self._heirs if home == module}

    def homes(self, visited: Dict[str, int]) -> Names:
        """The modules with such classes that were not visited since that became known."""
        waiting = self._heirs.items()
        return {home for (home, _), serial in waiting if serial > visited.get(home, 0)}

    def changes(self) -> Iterator[Tuple[str, str, List[Any]]]:
        """(module, name, what it was bound to before, the oldest first) of each."""
        for (module, name), before in self._before.items():
            yield module, name, before.values

    def sources(self, since: int) -> Set[str]:
        """The modules with names that got other values after that serial number."""
        return {module for (module, _), one in self._before.items() if one.serial > since}

    def private_ids(self) -> Set[int]:
        """The ids of what holds the values only to be compared with."""
        return {id(one.values) for one in self._before.values()}
