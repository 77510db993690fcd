"""What the old text registered and the new one does not: a decorator that is gone or another one
now, a call that is gone or has other arguments.

There is no way to take back a call. But what it has put into a list, a dict or a set that belongs
to what was called is found there, and taken out.
"""

from __future__ import annotations

from _weakref import ReferenceType

from . import agreeing, codes, heap, raw
from .batch import MISSING, Batch, set_item
from .statements import CHANGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set, Tuple

    from .bytecode import Group
    from .pairing import Pairing
    from .selecting import Selection

    Old = Tuple[List[str], List[str], Set[str]]  # names, attributes, names that it binds

_CONTAINERS = raw.ids(list, dict, set)
_PLAIN = raw.ids(int, float, complex, bool, str, bytes, type(None), tuple, frozenset, type(MISSING))
_MOST = 300  # containers that belong to one thing
_LONG = 50_000  # elements
_DEEP = 3


def statements_of(left: List[Tuple[bool, Group]]) -> List[Old]:
    """The statements that lines of the old code were, whose tokens are given: what each reads, in
    order, the attributes it takes, the names that it binds. Only those that call something."""
    found: List[List[Any]] = []
    for begins, group in left:
        if begins or not found:
            found.append([])
        found[-1] += group
    return [
        (
            [one[1] for one in tokens if one[0] in ("LOAD_NAME", "LOAD_GLOBAL")],
            [one[1] for one in tokens if one[0] in ("LOAD_ATTR", "LOAD_METHOD")],
            {one[1] for one in tokens if one[0] in ("STORE_NAME", "STORE_GLOBAL")},
        )
        for tokens in found
        if _registers({one[0] for one in tokens})
    ]


def _registers(kinds: Set[str]) -> bool:
    """Whether a statement of these instructions is a call, or a definition that is given to one."""
    if any(one.startswith("STORE_") for one in kinds):
        return "MAKE_FUNCTION" in kinds or "LOAD_BUILD_CLASS" in kinds
    return any(one.startswith("CALL") for one in kinds)


def _is_plain(value: Any) -> bool:
    return id(type(value)) in _PLAIN


class Registrations:
    """Those of one module that are to go; to be made before the new text is executed."""

    def __init__(self, selection: Selection, live: Dict[Any, Any]) -> None:
        self._selection, self._live = selection, live
        self._decorated: List[Tuple[str, List[Any]]] = []  # (name, containers)
        self._gone: Dict[int, Tuple[Any, Set[int]]] = {}  # container, ids of elements
        self._before: List[Tuple[Any, Any]] = []  # dict, a copy of it before
        self._known: Set[int] = set()  # ids of what was registered
        self._strays: List[Tuple[Any, Set[Any]]] = []  # (container, keys or ids)
        self.count = 0

    def lift(self) -> Batch:
        """Take out what calls and definitions that are gone have registered. Not committed."""
        step = Batch()
        bound: Set[str] = set()
        for statement in self._selection.all:
            bound |= statement.binds
        for names, attributes, binds in statements_of(self._selection.left):
            if not binds:
                self._lift_call(names, attributes)
            for name in sorted(binds):
                reached = self._reached(names, attributes)
                self._note(reached, _versions(self._live.get(name)))
                if name in bound:
                    self._decorated.append((name, reached))
                else:
                    self._take(reached, _versions(self._live.get(name)))
        for container, gone in self._gone.values():
            heap.take_out(step, container, gone)
        self._gone = {}
        self.count = len(step)
        return step

    def _lift_call(self, names: List[str], attributes: List[str]) -> None:
        """`register(f, 1)` or `bus.on("x", service.handle)` is gone."""
        root, *others = names or [""]
        for one in self._selection.all:
            if one.status != CHANGED and root in one.reads and one.reads & set(others):
                return  # another line registers it, too
        own = _inside(self._live.get(root), attributes)
        for name in others:
            value = self._live.get(name, MISSING)
            if raw.is_module(value) or _is_plain(value) or id(type(value)) in _CONTAINERS:
                continue
            if type(value) is raw.FunctionType or raw.is_class(value):
                self._take(self._reached(names, attributes), _versions(value))
            else:
                self._take(own, {id(value)}, (value, attributes))

    def _reached(self, names: List[str], attributes: List[str]) -> List[Any]:
        """The containers that belong to what these names stand for, or that it writes to."""
        found: List[Any] = []
        for name in names:
            found += _inside(self._live.get(name), attributes)
        return found

    def _take(self, containers: List[Any], gone: Set[int], method: Any = None) -> None:
        self._note(containers, gone)
        for container in containers:
            if len(container) <= _LONG:
                held = {id(one) for one in _elements(container) if _holds(one, gone, method)}
                self._gone.setdefault(id(container), (container, set()))[1].update(held)

    def _note(self, containers: List[Any], known: Set[int]) -> None:
        self._known |= known
        for one in containers:
            if type(one) is dict and len(one) <= _LONG:
                self._before.append((one, one.copy()))

    # Decorators that are others now

    def compare(self, pairing: Pairing) -> None:
        """Find what a decorated definition registered before, and its new version did not."""
        twins = {
            id(pairing.resolve(one)): one
            for one in pairing.replacing.keys()
            if id(type(one)) in _CONTAINERS
        }
        for name, containers in self._decorated:
            before = _versions(self._live.get(name))
            after = _versions(dict.get(pairing.staging, name)) - before
            for container in containers if after else ():
                stray = _keys(container, before)
                again = _keys(container, after) | _keys(twins.get(id(container), ()), after)
                if type(container) is dict:
                    stray -= again
                elif again:
                    continue
                if stray:
                    self._strays.append((container, stray))

    def take_strays(self) -> Batch:
        """Take that out. Not committed."""
        step = Batch()
        for container, keys in self._strays:
            if type(container) is dict:
                for key in keys:
                    step.item(container, key, MISSING)
            else:
                heap.take_out(step, container, keys)
        self.count += len(step)
        return step

    def undoing(self) -> Batch:
        """What takes out, when it is undone, that was registered under other keys; to be put before
        the batch of the patch. Not committed."""
        step = Batch()
        for container, before in self._before:
            for key, value in raw.items(container):
                if _is_safe(key) and key not in before and self._is_ours(value):
                    forth = set_item(container, key, value)
                    step.add(forth, set_item(container, key, MISSING))
        self._before = []
        return step

    def _is_ours(self, value: Any) -> bool:
        if type(value) is list:
            return any(_holds(one, self._known, None) for one in value)
        return _holds(value, self._known, None)


def _versions(value: Any) -> Set[int]:
    """The ids of what a definition made: what is bound, the function in it, the one that wraps."""
    if value is None or value is MISSING or _is_plain(value):
        return set()
    return {id(value), id(agreeing.unwrapped(value))}


def _keys(container: Any, ids: Set[int]) -> Set[Any]:
    """The keys of a dict, or the ids of elements, with which these objects are held."""
    if type(container) is dict:
        return {
            key for key, value in raw.items(container) if _is_safe(key) and _holds(value, ids, None)
        }
    return {id(one) for one in _elements(container) if _holds(one, ids, None)}


_HASHED = raw.ids(str, int, bytes, type)


def _is_safe(key: Any) -> bool:
    """Whether to hash and to compare a key is nobody's own code."""
    return id(type(key)) in _HASHED or (type(key) is tuple and all(map(_is_safe, key)))


def _elements(container: Any) -> List[Any]:
    if type(container) is dict:
        return [value for _, value in raw.items(container)]
    return list(container)


def _holds(one: Any, ids: Set[int], method: Any) -> bool:
    """Whether an element of a container is one of these objects, or a tuple or list with one."""
    if id(one) in ids:
        return True
    if raw.derives(type(one), ReferenceType):
        return id(one()) in ids
    if type(one) is raw.MethodType:
        if method is not None:
            return one.__self__ is method[0] and one.__func__.__name__ in method[1]
        return id(one.__func__) in ids
    return type(one) is tuple and any(_holds(part, ids, method) for part in one)


def _inside(value: Any, attributes: List[str]) -> List[Any]:
    """The containers that an object has, or that a function or a method of it writes to."""
    found: Dict[int, Any] = {}
    _walk(value, attributes, found, 0)
    return list(found.values())


def _walk(value: Any, attributes: List[str], found: Dict[int, Any], deep: int) -> None:
    if deep > _DEEP or id(value) in found or len(found) > _MOST or _is_plain(value):
        return
    for one in _parts(value, attributes, deep):
        if id(type(one)) in _CONTAINERS:
            if id(one) not in found:
                found[id(one)] = one
                if len(one) < _MOST:
                    for inner in _elements(one):
                        if id(type(inner)) in _CONTAINERS:
                            found.setdefault(id(inner), inner)
        elif not raw.is_module(one) and deep < _DEEP:
            _walk(one, [], found, deep + 1)


def _parts(value: Any, attributes: Any, deep: int) -> Iterator[Any]:
    kind = type(value)
    if id(kind) in _CONTAINERS:
        yield value
    elif raw.is_module(value):
        space = raw.module_dict(value) or {}
        yield from (space[name] for name in attributes if name in space)
    elif kind is raw.FunctionType:
        yield from _of_function(value)
    elif kind is raw.MethodType:
        yield value.__self__
    elif raw.is_class(value):
        if raw.class_module(value) != "builtins":
            yield from _of_class(value)
    else:
        yield from (raw.instance_dict(value) or {}).values()
        if raw.class_module(kind) != "builtins":
            yield from _of_class(kind)


def _of_class(cls: Any) -> Iterator[Any]:
    for one in (raw.class_dict(cls) or {}).values():
        if id(type(one)) in _CONTAINERS:
            yield one


def _of_function(function: Any) -> Iterator[Any]:
    pending = [function.__code__]
    space = function.__globals__
    while pending:
        code = pending.pop()
        pending += codes.nested(code)
        yield from (space[name] for name in code.co_names if name in space)
    for cell in function.__closure__ or ():
        held = raw.cell_contents(cell)
        if held is not function:
            yield held
