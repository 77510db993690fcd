"""Putting one object in the place of another one in everything that holds it.

What can be changed is changed in place; what cannot (a tuple, a bound method) is made anew and in
turn put in the place of the old one.
"""

from __future__ import annotations

import gc
import sys
from _functools import partial  # type: ignore[import-not-found]
from _weakref import ReferenceType

from . import batch, raw
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set

    from .batch import Batch

_FRAMES = ("frame", "generator", "coroutine", "async_generator")
_DESCRIPTORS = raw.ids(property, classmethod, staticmethod)
_FIXED = raw.ids(tuple, frozenset, raw.MethodType)
_FILLED = raw.ids(dict, list, set)
_TEXTS = raw.ids(str, int, bytes)


class Replacing:
    """What is to be replaced by what, and the steps that do it.

    Undoing these steps never brings a replaced object back, unless `reversible`: what the new text
    made is to go, and where the old object was before nobody knows better than where it is put now.
    """

    def __init__(self, step: Batch, private: Set[int], reversible: bool = False) -> None:
        self._step = step
        self._private = private  # ids of holders that are the agent's own or to be dropped
        self._reversible = reversible
        self.by_id: Dict[int, Any] = {}
        self.added: Set[int] = set()  # ids of what is new and stays: undoing takes it out again
        self.instead: Dict[int, Any] = {}  # id of what is added -> what it takes the place of
        self.young: Set[int] = set()  # ids of what is new altogether
        self.staying: Set[int] = set()  # ids of what took the place of something
        self._alive: List[Any] = []
        self._owners: Dict[int, Any] = {}  # id of a class's dict -> the class
        self._done: Set[int] = set()
        self.unreached: List[str] = []
        self.replaced = 0

    def put(self, old: Any, new: Any) -> None:
        """`new` is to take the place of `old`."""
        self.by_id[id(old)] = new
        self.staying.add(id(new))
        self._alive.append(old)

    def keys(self) -> List[Any]:
        """All that is to be replaced."""
        return self._alive[:]

    def resolve(self, value: Any) -> Any:
        """What a value is to be replaced by; the value itself if nothing."""
        for _ in range(20):
            found = self.by_id.get(id(value), MISSING)
            if found is MISSING or found is value:
                return value
            value = found
        return value

    def forget(self) -> None:
        """Let go of everything."""
        self.by_id = {}
        self._alive = []
        self._owners = {}
        self.instead = {}

    def _back(self, value: Any, new: Any) -> Any:
        """What undoing puts where `value` was replaced by `new`."""
        if self._reversible:
            return value
        if id(new) in self.instead:
            return self.instead[id(new)]
        return MISSING if id(new) in self.added else new

    def _wanted(self, value: Any, holder: Any) -> bool:
        """Whether there is something to do for a value in a holder."""
        key = id(value)
        if key in self.by_id:
            return self.resolve(value) is not value or self._leaves(value, holder)
        return self._leaves(value, holder)

    def _leaves(self, value: Any, holder: Any) -> bool:
        return id(value) in self.added and id(holder) not in self.young

    def know_classes(self, objects: Iterable[Any]) -> None:
        """Note which dicts are the namespaces of classes among these."""
        for one in objects:
            if raw.is_class(one):
                for referent in gc.get_referents(one):
                    if type(referent) is dict and "__module__" in referent:
                        self._owners[id(referent)] = one

    def settle(self, holders: List[Any]) -> None:
        """Make anew, round after round, what holds replaced things and cannot be changed."""
        remaining = [one for one in holders if id(one) not in self._private]
        for _ in range(20):
            found = False
            for holder in remaining:
                if id(holder) in self.by_id:
                    continue
                made = self._remade(holder)
                if made is not None:
                    self.put(holder, made)
                    found = True
            if not found:
                return

    def _remade(self, holder: Any) -> Any:
        kind = type(holder)
        resolve = self.resolve
        if raw.derives(kind, tuple):
            items = tuple.__getitem__(holder, slice(None))
            new = tuple([resolve(item) for item in items])
            if all(a is b for a, b in zip(items, new)):
                return None
            return new if kind is tuple else tuple.__new__(kind, new)
        if kind is frozenset:
            new_set = frozenset([resolve(item) for item in holder])
            changed = {id(item) for item in new_set} != {id(item) for item in holder}
            return new_set if changed else None
        if kind is raw.MethodType:
            function, owner = resolve(holder.__func__), resolve(holder.__self__)
            if function is holder.__func__ and owner is holder.__self__:
                return None
            return raw.MethodType(function, owner)
        if id(kind) in _DESCRIPTORS:
            return self._descriptor(holder)
        name = raw.class_name(kind)
        if name == "_lru_cache_wrapper":
            return self._lru_cache(holder)
        if name == "GenericAlias" and kind.__module__ == "types":
            origin, arguments = resolve(holder.__origin__), resolve(holder.__args__)
            arguments = tuple([resolve(one) for one in arguments])
            same = all(a is b for a, b in zip(arguments, holder.__args__))
            return None if origin is holder.__origin__ and same else kind(origin, arguments)
        if name in ("UnionType", "Union") and kind.__module__ in ("types", "typing"):
            members = tuple([resolve(one) for one in holder.__args__])
            return None if _same_elements(members, holder.__args__) else _union(kind, members)
        return None

    def _descriptor(self, holder: Any) -> Any:
        resolve = self.resolve
        if type(holder) is property:
            old = (holder.fget, holder.fset, holder.fdel)
            new = tuple([resolve(one) for one in old])
            if all(a is b for a, b in zip(old, new)):
                return None
            return property(new[0], new[1], new[2], holder.__doc__)
        function = resolve(holder.__func__)
        return None if function is holder.__func__ else type(holder)(function)

    def _lru_cache(self, holder: Any) -> Any:
        inner = self.resolve(holder.__wrapped__)
        if inner is holder.__wrapped__:
            return None
        import functools

        parameters = getattr(holder, "cache_parameters", None)
        chosen = parameters() if parameters else {"maxsize": holder.cache_info().maxsize}
        made = functools.lru_cache(**chosen)(inner)
        for name, value in holder.__dict__.items():
            if name != "__wrapped__":
                made.__dict__[name] = value
        return made

    def apply(self, holders: Iterable[Any]) -> None:
        """Add the steps that change these holders."""
        for holder in holders:
            key = id(holder)
            if key in self._private or key in self._done:
                continue
            if key in self.by_id and id(type(holder)) not in _FILLED:
                continue  # it is made anew
            self._done.add(key)
            change = self._change_of(holder)
            if change is not None:
                change(holder)

    def _change_of(self, holder: Any) -> Optional[Callable[[Any], None]]:
        kind = type(holder)
        mro = [id(one) for one in raw.mro(kind)]
        if id(dict) in mro:
            return self._in_dict
        if kind is raw.CellType:
            return self._in_cell
        if id(list) in mro:
            return self._in_list
        if id(set) in mro:
            return self._in_set
        if kind is raw.FunctionType:
            return self._in_function
        if id(type) in mro:
            return self._in_class
        if id(kind) in _FIXED or id(kind) in _DESCRIPTORS:
            return None
        name = raw.class_name(kind)
        if name == "deque" and kind.__module__ == "collections":
            return self._in_deque
        if name == "partial" and kind.__module__ == "functools":
            return self._in_partial
        if name in _FRAMES and kind.__module__ == "builtins":
            return None  # what runs finishes with what it has
        return self._in_instance

    def _in_dict(self, holder: Dict[Any, Any]) -> None:
        owner = self._owners.get(id(holder))
        if owner is None and type(holder) is dict and "__module__" in holder:
            owner = self._owner_of(holder)
        for key, value in raw.items(holder):
            new = self.resolve(value)
            if self._wanted(value, holder):
                self.replaced += 1
                back = self._back(value, new)
                if owner is not None:
                    forth = batch.set_class_attribute(owner, key, new)
                    self._step.add(forth, batch.set_class_attribute(owner, key, back))
                else:
                    self._step.add(
                        batch.set_item(holder, key, new), batch.set_item(holder, key, back)
                    )
            if id(key) in self.by_id:
                self._key(holder, key, new)

    def _key(self, holder: Dict[Any, Any], key: Any, value: Any) -> None:
        stays = self.resolve(key)
        self.replaced += 1
        if self._reversible:
            self._step.item(holder, key, MISSING)
            self._step.item(holder, stays, value)
            return
        back = dict.get(holder, stays, MISSING)
        gone = batch.set_item(holder, key, MISSING)
        if raw.derives(type(key), ReferenceType):
            gone = partial(bool)  # it goes by itself when the object does
        self._step.add(gone, gone)
        self._step.add(batch.set_item(holder, stays, value), batch.set_item(holder, stays, back))

    def _owner_of(self, space: Dict[Any, Any]) -> Any:
        for one in gc.get_referrers(space):
            if raw.is_class(one) and id(one) not in self.by_id:
                return one
        return None

    def _in_cell(self, cell: Any) -> None:
        value = batch.contents_of(cell)
        new = self.resolve(value)
        if new is not value:
            self.replaced += 1
            back = value if self._reversible else new
            self._step.add(batch.set_cell(cell, new), batch.set_cell(cell, back))

    def _in_list(self, holder: List[Any]) -> None:
        before = list.copy(holder)
        after: List[Any] = []
        back: List[Any] = []
        superseded = self._superseded(before)
        for value in before:
            new = self.resolve(value)
            if id(value) in superseded:
                back.append(value)
                continue
            if not self._wanted(value, holder):
                after.append(value)
                back.append(value)
                continue
            self.replaced += 1
            # Registered once already, by the object that stays.
            if new is value or not any(new is one or _alike(new, one) for one in before):
                after.append(new)
                instead = MISSING if id(value) in superseded.values() else self._back(value, new)
                if instead is not MISSING and not self._reversible:
                    back.append(instead)
            if self._reversible:
                back.append(value)
        if not _same_elements(before, after) or not _same_elements(after, back):
            every = slice(None)
            self._step.add(
                partial(list.__setitem__, holder, every, self._step.own(after)),
                partial(list.__setitem__, holder, every, self._step.own(back)),
            )

    def _superseded(self, values: List[Any]) -> Dict[int, int]:
        """The tuples that registered an object in other words than the new text does.

        By id, each with the id of what came instead.

        The definition was executed again and has put a tuple of its own into the same list, with
        the same object in the same place: `(1, handler)` before, `(2, handler)` now.
        """
        found: Dict[int, int] = {}
        for value in [] if self._reversible else values:
            new = self.resolve(value)
            if new is value or type(new) is not tuple or any(_alike(new, one) for one in values):
                continue
            for one in values:
                if type(one) is tuple and id(one) not in self.by_id and id(one) not in found:
                    if len(one) == len(new) and any(
                        a is b and id(a) in self.staying for a, b in zip(one, new)
                    ):
                        found[id(one)] = id(value)
                        break
        return found

    def _in_set(self, holder: Set[Any]) -> None:
        for value in list(set.copy(holder)):
            if not self._wanted(value, holder):
                continue
            new = self.resolve(value)
            self.replaced += 1
            had = any(new is one for one in holder) and new is not value
            if new is not value and not raw.derives(type(value), ReferenceType):
                change = set.add if self._reversible else set.discard
                self._step.add(partial(set.discard, holder, value), partial(change, holder, value))
            back = partial(set.add if had else set.discard, holder, new)
            self._step.add(partial(set.add, holder, new), back)

    def _in_deque(self, holder: Any) -> None:
        for index, value in enumerate(list(holder)):
            new = self.resolve(value)
            if new is not value:
                self.replaced += 1
                back = value if self._reversible else new
                self._step.add(
                    partial(holder.__setitem__, index, new),
                    partial(holder.__setitem__, index, back),
                )

    def _in_partial(self, holder: Any) -> None:
        before = (holder.func, holder.args, holder.keywords, holder.__dict__ or None)
        after = (
            self.resolve(before[0]),
            tuple([self.resolve(one) for one in before[1]]),
            {key: self.resolve(value) for key, value in before[2].items()},
            before[3],
        )
        same = before[0] is after[0] and all(a is b for a, b in zip(before[1], after[1]))
        if not same or any(after[2][key] is not before[2][key] for key in after[2]):
            self.replaced += 1
            back = before if self._reversible else after
            self._step.add(partial(holder.__setstate__, after), partial(holder.__setstate__, back))

    def _in_function(self, function: Any) -> None:
        names = ["__defaults__", "__kwdefaults__"]
        if sys.version_info >= (3, 12):
            names.append("__type_params__")
        if sys.version_info >= (3, 14):
            names.append("__annotate__")
        for name in names:
            value = getattr(function, name)
            new = self.resolve(value)
            if new is not value:
                self.replaced += 1
                back = value if self._reversible else new
                self._step.add(
                    partial(setattr, function, name, new), partial(setattr, function, name, back)
                )

    def _in_class(self, cls: Any) -> None:
        before = cls.__bases__
        after = tuple([self.resolve(base) for base in before])
        if any(a is not b for a, b in zip(before, after)):
            self.replaced += 1
            back = before if self._reversible else after
            self._step.add(
                batch.set_class_attribute(cls, "__bases__", after),
                batch.set_class_attribute(cls, "__bases__", back),
            )

    def _in_instance(self, holder: Any) -> None:
        space = raw.instance_dict(holder)
        found = False
        for key, value in raw.items(space or {}):
            if self._wanted(value, holder):
                new = self.resolve(value)
                back = self._back(value, new)
                self._step.add(
                    batch.set_item(space or {}, key, new), batch.set_item(space or {}, key, back)
                )
                found = True
        for descriptor in slots_of(type(holder)):
            try:
                value = descriptor.__get__(holder)
            except (AttributeError, TypeError):
                continue  # it is empty, or hidden by a class on the way
            new = self.resolve(value)
            if new is not value:
                try:
                    descriptor.__set__(holder, value)
                except (AttributeError, TypeError):
                    continue  # read-only, a member of a C type
                back = value if self._reversible else new
                self._step.add(
                    partial(descriptor.__set__, holder, new),
                    partial(descriptor.__set__, holder, back),
                )
                found = True
        if found:
            self.replaced += 1
        elif id(type(holder)) not in self.by_id and not raw.is_module(holder):
            if any(id(one) in self.by_id for one in gc.get_referents(holder)):
                self.unreached.append(raw.type_name(holder))


def slots_of(cls: Any) -> List[Any]:
    """The descriptors of the slots that instances of a class have."""
    found = []
    for one in raw.mro(cls):
        for name, value in (raw.class_dict(one) or {}).items():
            if type(value) is raw.MemberDescriptorType and name not in ("__dict__", "__weakref__"):
                found.append(value)
    return found


def _union(kind: Any, members: Any) -> Any:
    if sys.version_info >= (3, 14):
        return kind[members]
    made = members[0]
    for one in members[1:]:
        made = made | one
    return made


def _same_elements(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other))


def _alike(one: Any, other: Any) -> bool:
    """Whether two tuples or bound methods are of the very same things."""
    if type(one) is tuple and type(other) is tuple and len(one) == len(other):
        return bool(one) and all(
            a is b or (type(a) is type(b) and id(type(a)) in _TEXTS and a == b)
            for a, b in zip(one, other)
        )
    if type(one) is raw.MethodType and type(other) is raw.MethodType:
        return one.__func__ is other.__func__ and one.__self__ is other.__self__
    return False
