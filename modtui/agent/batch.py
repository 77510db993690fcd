"""Many changes as one step that no other thread can see half done, each with its way back.

Every change is a call of a C function, and they are run by a loop in C: between two of them the
interpreter never gets to a place where it would switch threads.
"""

from __future__ import annotations

import gc
import sys
from _functools import partial  # type: ignore[import-not-found]

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set, Tuple

    Step = Tuple["partial[Any]", "partial[Any]"]

MISSING: Any = type("MISSING", (), {"__slots__": ()})()

_call = partial.__call__
_set_attribute = type.__setattr__
_delete_attribute = type.__delattr__
_set_class = object.__dict__["__class__"].__set__
_set_cell = raw.CellType.__dict__["cell_contents"].__set__
_delete_cell = raw.CellType.__dict__["cell_contents"].__delete__


class Batch:
    """Steps to be done together; `undo_steps` takes them back, the last first."""

    def __init__(self) -> None:
        self._steps: List[Step] = []
        self._alive: List[Any] = []  # nothing may be finalised between two steps
        self._copies: List[Any] = []  # containers that only this batch knows
        self.done = 0
        self.made_classes = False  # whether there are classes that only these steps have put there

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, forth: partial[Any], back: partial[Any], *alive: Any) -> None:
        """A step of its own: two partials of C functions, there and back."""
        self._steps.append((forth, back))
        self._alive.extend(alive)

    def item(self, mapping: Dict[Any, Any], key: Any, value: Any) -> None:
        """Set, or with MISSING delete, an item of a dict as it is now."""
        before = dict.get(mapping, key, MISSING)
        if before is value:
            return
        self.add(set_item(mapping, key, value), set_item(mapping, key, before), before, value)

    def attribute(self, target: Any, name: str, value: Any, before: Any) -> None:
        """Set an attribute that C code serves: of a function, a partial, a property ..."""
        if before is value:
            return
        self.add(
            partial(setattr, target, name, value), partial(setattr, target, name, before), before
        )

    def slot(self, descriptor: Any, target: Any, value: Any, before: Any) -> None:
        """Set what a slot's descriptor keeps in an instance; MISSING for an empty slot."""
        if before is not value:
            forth, back = (
                partial(descriptor.__delete__, target)
                if one is MISSING
                else partial(descriptor.__set__, target, one)
                for one in (value, before)
            )
            self.add(forth, back, before, value)

    def class_attribute(self, cls: Any, name: str, value: Any, before: Any) -> None:
        """Set, or with MISSING delete, an attribute of a class past its metaclass."""
        if before is value:
            return
        self.add(
            set_class_attribute(cls, name, value),
            set_class_attribute(cls, name, before),
            before,
            value,
        )

    def class_of(self, instance: Any, cls: Any) -> None:
        """Make an instance one of another class of the same layout."""
        before = type(instance)
        if before is not cls:
            self.add(partial(_set_class, instance, cls), partial(_set_class, instance, before))

    def bases(self, cls: Any, bases: Tuple[Any, ...], before: Tuple[Any, ...]) -> None:
        """Give a class other bases of the same layout."""
        if len(bases) == len(before) and all(a is b for a, b in zip(bases, before)):
            return
        self.class_attribute(cls, "__bases__", bases, before)

    def cell(self, cell: Any, value: Any, before: Any) -> None:
        """Fill, or with MISSING empty, a closure's cell."""
        if before is value:
            return
        self.add(set_cell(cell, value), set_cell(cell, before), before, value)

    def elements(self, sequence: List[Any], values: List[Any]) -> None:
        """Give a list other elements."""
        before, every = sequence[:], slice(None)
        self._copies += [before, values]
        self.add(
            partial(list.__setitem__, sequence, every, values),
            partial(list.__setitem__, sequence, every, before),
            before,
        )

    def content(self, container: Any, value: Any, before: Any = None) -> None:
        """Give a dict or a set the content of another one, order included.

        Undoing gives it that of `before`, or what it has now.
        """
        kind = dict if raw.derives(type(container), dict) else set
        before = kind.copy(container) if before is None else before
        self.add(partial(kind.clear, container), partial(kind.update, container, before))
        self.add(partial(kind.update, container, value), partial(kind.clear, container))
        self._copies.append(before)

    def own(self, copy: Any) -> Any:
        """Note that a container is a copy that only this batch knows; returns it."""
        self._copies.append(copy)
        return copy

    def private_ids(self) -> Set[int]:
        """The ids of all that holds objects only so that this batch can be undone."""
        found = {id(one) for one in self._copies}
        found |= {id(self._steps), id(self._alive), id(self._copies), id(self.__dict__), id(self)}
        for step in self._steps:
            found.add(id(step))
            for one in step:
                found.add(id(one))
                found.add(id(one.args))
        return found

    def dicts(self) -> List[Any]:
        """The dicts that the steps change, each as often as they hold it."""
        firsts = [call.args[0] for step in self._steps for call in step if call.args]
        return [one for one in firsts if type(one) is dict]

    def commit(self) -> None:
        """Do all steps. If one raises, those before it are taken back and it raises."""
        calls = [forth for forth, _ in self._steps]
        results: List[Any] = []
        collecting = gc.isenabled()
        gc.disable()  # a collection could run finalisers, which are Python code
        try:
            results.extend(map(_call, calls))
            self.done = len(calls)
        except BaseException:
            self.done = len(results)
            self.revert()
            raise
        finally:
            if collecting:
                gc.enable()

    def revert(self) -> None:
        """Take back what was done of it."""
        calls = [back for _, back in self._steps[: self.done]]
        calls.reverse()
        results: List[Any] = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            results.extend(map(_call, calls))
            self.done = 0
        finally:
            if collecting:
                gc.enable()


def set_item(mapping: Dict[Any, Any], key: Any, value: Any) -> partial[Any]:
    """Set, or with MISSING delete, an item of a dict."""
    if value is MISSING:
        return partial(dict.pop, mapping, key, None)
    return partial(dict.__setitem__, mapping, key, value)


def set_class_attribute(cls: Any, name: str, value: Any) -> partial[Any]:
    """Set, or with MISSING delete, an attribute of a class, past what its metaclass says to it."""
    if _refuses(cls):
        return (
            partial(delattr, cls, name) if value is MISSING else partial(setattr, cls, name, value)
        )
    if value is MISSING:
        return partial(_delete_attribute, cls, name)
    return partial(_set_attribute, cls, name, value)


def _refuses(cls: Any) -> bool:
    """Whether the metaclass is made in C and wants to see changes itself (ctypes' structures)."""
    try:
        _delete_attribute(cls, " no attribute ")
    except AttributeError:
        return False
    except TypeError:
        return True
    return False


def set_cell(cell: Any, value: Any) -> partial[Any]:
    """Fill, or with MISSING empty, a cell."""
    return partial(_delete_cell, cell) if value is MISSING else partial(_set_cell, cell, value)


def contents_of(cell: Any) -> Any:
    """What a cell holds; MISSING when it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def other_threads() -> int:
    """How many threads besides the calling one have a Python frame."""
    return len(sys._current_frames()) - 1
