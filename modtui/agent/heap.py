"""What a patch needs of the heap: who holds new objects, instances, caches, what is running."""

from __future__ import annotations

import gc
import sys
from _functools import partial  # type: ignore[import-not-found]

from . import classes, functions, raw
from .batch import MISSING, Batch
from .references import Replacing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple

    from .pairing import Pairing
    from .selecting import Selection
    from .statements import Statement

MANY = 50_000  # objects that are looked at one by one in Python
_PLAIN = raw.ids(int, float, complex, bool, str, bytes, tuple, type(None), type(MISSING))
_BOUND = raw.ids(staticmethod, classmethod)
_GENERATOR_FLAGS = 0x20 | 0x80 | 0x200


def home_of(module: Any, namespace: Optional[Dict[Any, Any]]) -> Dict[Any, Any]:
    """The globals of a module's code: its namespace, unless it put another object in its place."""
    space = namespace if namespace is not None else {}
    kind = type(module)
    if kind is raw.ModuleType or raw.class_module(kind) != space.get("__name__"):
        return space
    for value in (raw.class_dict(kind) or {}).values():
        if type(value) is raw.FunctionType and value.__module__ == space.get("__name__"):
            return value.__globals__  # type: ignore[no-any-return]
    return space


def instances_of_twins(pairing: Pairing, young: List[Any]) -> List[Tuple[Any, Any]]:
    """(instance, class): instances of new classes whose old ones stay.

    They are young; or a statement has assigned the new class to `__class__` of an object that the
    module has, or of the module.
    """
    twins = {id(new): (old, new) for old, new in pairing.merged}
    if not twins:
        return []
    found = []
    possible: Dict[int, bool] = {}
    there = [sys.modules.get(pairing.live.get("__name__", "")), *pairing.live.values()]
    for one in [*young, *there]:
        key = id(type(one))
        if key not in twins or id(one) in pairing.replacing.by_id:
            continue
        old, new = twins[key]
        if key not in possible:
            possible[key] = _can_move(pairing, one, old, new)
        if possible[key]:
            found.append((one, old))
    return found


def _can_move(pairing: Pairing, instance: Any, old: Any, new: Any) -> bool:
    """Whether an instance of a twin can become one of the old class; prepares the twin for it."""
    # Layouts are only the same if they are inherited from the same classes.
    bases = classes.new_bases(pairing, new)
    trial = Batch()
    trial.bases(old, bases, old.__bases__)
    trial.bases(new, bases, new.__bases__)
    trial.class_of(instance, old)
    try:
        trial.commit()
    except TypeError as error:
        pairing.failed(
            "instances of %s made by the new text" % raw.class_qualname(old),
            "they cannot become instances of the old class (%s)" % error,
        )
        return False
    trial.revert()
    if not classes.same_objects(new.__bases__, bases):
        pairing.step.bases(new, bases, new.__bases__)
    return True


def added_classes(pairing: Pairing, young: List[Any]) -> Set[int]:
    """The ids of the new classes of the module that no old one stands for."""
    module = pairing.live.get("__name__")
    return {
        id(one)
        for one in young
        if raw.is_class(one)
        and id(one) not in pairing.replacing.by_id
        and raw.class_module(one) == module
    }


def unexplained(
    replacing: Replacing, young: List[Any], private: Callable[[], Set[int]]
) -> List[Any]:
    """Older objects that hold new ones: registries that the statements put them into.

    The references from young objects are counted; only if a new object has more than these is the
    heap walked.
    """
    suspects = replacing.keys() + [one for one in young if id(one) in replacing.added]
    if not suspects:
        return []
    suspects += _carriers(replacing, young)
    wanted = {id(one): 0 for one in suspects}
    if len(young) <= MANY:
        for one in young:
            for referent in gc.get_referents(one):
                key = id(referent)
                if key in wanted:
                    wanted[key] += 1
        # The list of suspects, the list in `replacing`, this loop, the call's argument; and the
        # list of new functions, the pairs, closures that are steps to be made.
        suspects = [one for one in suspects if sys.getrefcount(one) > wanted[id(one)] + 4]
    if not suspects:
        return []
    skip = private() | set(map(id, young)) | made_since(young)
    return [one for one in gc.get_referrers(*suspects) if is_holder(one, skip)]


def _carriers(replacing: Replacing, young: List[Any]) -> List[Any]:
    """New tuples and objects that hold new functions or classes: undoing takes these out, too."""
    found = []
    if len(young) <= MANY:
        for one in young:
            if type(one) is tuple:
                parts = list(one)
            elif raw.class_module(type(one)) == "builtins" or raw.is_class(one):
                continue
            else:
                parts = [value for _, value in raw.items(raw.instance_dict(one) or {})]
            if any(id(replacing.resolve(part)) in replacing.added for part in parts):
                found.append(one)
    for one in found:
        replacing.added.add(id(one))
        replacing.added.add(id(replacing.resolve(one)))
    return found


def made_since(young: List[Any]) -> Set[int]:
    """The ids of what came after that list of the youngest objects: the agent's own records.

    Collecting is off, so nothing has left the youngest generation meanwhile.
    """
    return set(map(id, gc.get_objects(generation=0))).difference(map(id, young))


def is_holder(one: Any, skip: Set[int]) -> bool:
    """Whether it is the program's, neither a frame nor the agent's own nor to be skipped."""
    if id(one) in skip or raw.type_name(one) == "frame":
        return False
    module = raw.class_module(type(one)) or ""
    return not module.startswith(_OURS)


_OURS = __name__.rpartition(".")[0]


class Succession:
    """New classes that take the place of old ones, everywhere."""

    def __init__(self, pairing: Pairing, young: List[Any], private: Callable[[], Set[int]]) -> None:
        self._pairs = pairing.succeeded
        self._young = young
        self._pairing = pairing
        self._private = private

    def make_steps(self, step: Batch) -> None:
        """Rebind all holders, give instances the new class, subclasses the new base."""
        if not self._pairs:
            return
        own = self._own_parts()
        replacing = Replacing(step, own, reversible=True)
        for old, new in self._pairs:
            replacing.put(old, self._pairing.resolve(new))
        holders = gc.get_referrers(*[old for old, _ in self._pairs])
        skip = own | self._private() | made_since(self._young)
        holders = [one for one in holders if is_holder(one, skip)]
        instances, rest = self._sorted(holders)
        replacing.know_classes(
            [one for one in rest if raw.is_class(one)] + [type(one) for one in instances]
        )
        # Tuples are made anew, and what holds them must be found in turn.
        replacing.settle(rest)
        remade = [one for one in rest if id(one) in replacing.by_id and type(one) is tuple]
        if remade:
            outer = [one for one in gc.get_referrers(*remade) if is_holder(one, skip)]
            rest += [one for one in outer if one is not rest and one is not holders]
        replacing.apply([one for one in rest if not self._is_subclass_that_stays(one)])
        self._instances(step, instances)
        self._pairing.count("classes replaced", len(self._pairs))
        replacing.forget()

    def _own_parts(self) -> Set[int]:
        """What belongs to the old classes themselves, and the agent's records of them."""
        found = {id(self._pairs), id(self._pairing._alive), id(self._pairing._seen)}
        for pair in self._pairs:
            found.add(id(pair))
            for cls in pair:
                found.add(id(cls))
                found.add(id(cls.__mro__))
                for one in gc.get_referents(cls):
                    if type(one) is dict and "__module__" in one:
                        found.add(id(one))
                for value in (raw.class_dict(cls) or {}).values():
                    for function in _functions_of(value):
                        found.update(id(cell) for cell in function.__closure__ or ())
        return found

    def _sorted(self, holders: List[Any]) -> Tuple[List[Any], List[Any]]:
        olds = {id(old) for old, _ in self._pairs}
        instances = [one for one in holders if id(type(one)) in olds]
        rest = [one for one in holders if id(type(one)) not in olds]
        if sys.version_info < (3, 9):  # there an instance does not visit its class
            instances = [one for one in gc.get_objects() if id(type(one)) in olds]
        return instances, [one for one in rest if not _is_mro(one)]

    def _is_subclass_that_stays(self, one: Any) -> bool:
        if not raw.is_class(one):
            return False
        trial = Batch()
        successors = {id(old): new for old, new in self._pairs}
        bases = tuple([successors.get(id(base), base) for base in one.__bases__])
        trial.bases(one, bases, one.__bases__)
        try:
            trial.commit()
        except TypeError as error:
            self._pairing.failed(
                raw.class_qualname(one),
                "it is a subclass of the old class and cannot get the new base (%s)" % error,
            )
            return True
        trial.revert()
        return False

    def _instances(self, step: Batch, instances: List[Any]) -> None:
        successors = {id(old): new for old, new in self._pairs}
        possible: Dict[int, bool] = {}
        for one in instances:
            key = id(type(one))
            new = successors[key]
            if key not in possible:
                trial = Batch()
                trial.class_of(one, new)
                try:
                    trial.commit()
                    trial.revert()
                    possible[key] = True
                except TypeError as error:
                    possible[key] = False
                    count = sum(type(other) is type(one) for other in instances)
                    self._pairing.failed(
                        "%d instance(s) of %s" % (count, raw.class_qualname(type(one))),
                        "they cannot become instances of the new class (%s)" % error,
                    )
            if possible[key]:
                step.class_of(one, new)


def _is_mro(value: Any) -> bool:
    return type(value) is tuple and any(raw.mro(one) is value for one in value)


def _functions_of(value: Any) -> List[Any]:
    if type(value) is raw.FunctionType:
        return [value]
    if id(type(value)) in _BOUND:
        return _functions_of(value.__func__)
    if type(value) is property:
        return [one for one in (value.fget, value.fset, value.fdel) if _functions_of(one)]
    return []


def lift(live: Dict[Any, Any], statement: Statement, batches: List[Batch]) -> bool:
    """A definition raised: take what it defined before out of the registries that hold it.

    Frameworks refuse to register a name twice. Only dicts, lists and sets in the namespaces of
    other modules and of classes, or in their objects, are looked at; the step is undone with the
    patch if that fails. Returns whether there was anything to take out.
    """
    old = live.get(statement.node.name, MISSING)
    if id(type(old)) in _PLAIN or raw.is_module(old):
        return False
    step = Batch()
    space = {id(one) for one in gc.get_referents(old) if type(one) is dict}
    skip = space | {id(live)}
    entries = [one for one in gc.get_referrers(old) if type(one) is tuple and not _is_mro(one)]
    gone = {id(one) for one in [old, *entries]}
    holders = gc.get_referrers(old, *entries) if entries else gc.get_referrers(old)
    for holder in holders:
        if id(holder) in skip or holder is entries or raw.type_name(holder) == "Staging":
            continue
        take_out(step, holder, gone)
    if not len(step):
        return False
    step.commit()
    batches.append(step)
    return True


def take_out(step: Batch, holder: Any, gone: Set[int]) -> None:
    """Take objects, by their ids, out of a dict, list or set that is a registry."""
    if type(holder) is dict and _is_registry(holder):
        for key, value in raw.items(holder):
            if id(value) in gone:
                step.item(holder, key, MISSING)
    elif type(holder) is list and any(id(one) in gone for one in holder):
        step.elements(holder, [one for one in holder if id(one) not in gone])
    elif type(holder) is set and any(id(one) in gone for one in holder):
        step.content(holder, {one for one in holder if id(one) not in gone})


def _is_registry(holder: Dict[Any, Any]) -> bool:
    """Whether a dict is a container of its own, and not the attributes of something."""
    if "__name__" in holder or "__module__" in holder:
        return False
    return not any(raw.instance_dict(one) is holder for one in gc.get_referrers(holder))


def stale_caches(live: Dict[Any, Any], selection: Selection, changed: Set[str]) -> List[Any]:
    """The lru_caches of the module whose function, or what that calls, is new."""
    found = []
    for name, value in list(live.items()):
        for key, one in [(name, value)] + _attributes(value, live):
            if raw.type_name(one) != "_lru_cache_wrapper":
                continue
            inner = functions.wrapped(one)
            own = getattr(inner, "__name__", key)
            if own in changed or selection.reach(own) & changed:
                found.append(one)
    return found


def clear_on_undo(caches: List[Any]) -> Batch:
    """What empties caches when it is undone, to be put before the batch that patches: what was
    computed by the new code is not for the old one."""
    batch = Batch()
    for one in caches:
        batch.add(partial(bool), partial(clear, one))
    batch.commit()
    return batch


def clear(cache: Any) -> None:
    """Empty an lru_cache, or the dict in which a generic function keeps what it found."""
    if type(cache) is dict:
        cache.clear()
    else:
        cache.cache_clear()


def _attributes(value: Any, live: Dict[Any, Any]) -> List[Tuple[Any, Any]]:
    if not raw.is_class(value) or raw.class_module(value) != live.get("__name__"):
        return []
    found = []
    for name, one in (raw.class_dict(value) or {}).items():
        inner = one.__func__ if id(type(one)) in _BOUND else one
        found.append((name, inner))
    return found


def in_flight(changed: Set[str], live: Dict[Any, Any], codes: Iterable[Any]) -> Any:
    """Generators and coroutines that run on the code from before; `codes` are all new ones.

    Returns entries for `could_not_patch`.
    """
    current: Dict[str, Any] = {}
    if not any(code.co_flags & _GENERATOR_FLAGS and code.co_name in changed for code in codes):
        return []
    for function in functions.all_of(live, gc.get_referrers(live)):
        if function.__name__ in changed and function.__code__.co_flags & _GENERATOR_FLAGS:
            current[function.__name__] = function.__code__
    if not current:
        return []
    counts: Dict[str, int] = {}
    kinds = _kinds()
    for one in [one for one in gc.get_objects() if id(type(one)) in kinds]:
        code = getattr(one, kinds[id(type(one))])
        if code.co_name in current and code is not current[code.co_name]:
            if code.co_filename == current[code.co_name].co_filename:
                counts[code.co_name] = counts.get(code.co_name, 0) + 1
    return [
        {"what": name, "why": "%d that run or wait finish on the old code" % count}
        for name, count in sorted(counts.items())
    ]


def _kinds() -> Dict[int, str]:
    """By the ids of the types of what can be in flight: where each has its code."""

    def generator() -> Any:
        yield

    async def coroutine() -> None:
        return None

    async def asynchronous() -> Any:
        yield

    waiting = coroutine()
    waiting.close()
    return {
        id(type(generator())): "gi_code",
        id(type(waiting)): "cr_code",
        id(type(asynchronous())): "ag_code",
    }
