"""Who still holds objects of a module: from-imports, instances, subclasses, held functions.

Objects that the collector names are asked nothing: `type(x)` and `is`, no more.
"""

from __future__ import annotations

import gc
import sys
from itertools import chain

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

    from . import shapes

    Older = Tuple[str, str, Any]  # module, name, an object that has this name no longer

# Walking the heap once for a few classes is cheap, its cost grows with their number; in between the
# target's threads get their turn.
CLASSES_PER_WALK = 8
MOST_WALKS = 12
MOST_HOLDERS = 40
SPACES_AT_ONCE = 64
_VALUES = (int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented))
# By identity: `in` would compare classes, and their metaclass may have an `__eq__` of its own.
_VALUE_IDS = frozenset(map(id, _VALUES))
_DESCRIPTORS = raw.ids(raw.GetSetDescriptorType, raw.MemberDescriptorType)
_WRAPPERS = raw.ids(property, staticmethod, classmethod)
_dict_values = dict.values
_KEY_IDS = frozenset(map(id, (str, int, bytes, bool, float)))


class Owned:
    """The objects that belong to some modules: what a reload of them replaces, or has replaced.

    `older` is what earlier reloads have replaced and somebody still held then.
    """

    def __init__(
        self,
        spaces: Dict[str, Dict[Any, Any]],
        older: Sequence[Older] = (),
    ) -> None:
        self.spaces = spaces
        self.by_id: Dict[int, Tuple[str, str]] = {}  # id -> (module, name)
        self.classes: List[Tuple[str, Any]] = []
        self.functions: List[Tuple[str, Any]] = []
        self._keep: List[Any] = []
        # Asked for the ids of containers of ours that hold the objects, too.
        self.ignored: Callable[[], Set[int]] = set
        # A reference that is no news is that of the namespace, or of a copy where an object was
        # replaced. How many more there are, by its id, is asked for where there are more.
        self.private: Callable[[Set[int]], Dict[int, int]] = lambda wanted: {}
        self.found: Set[int] = set()  # the ids of what somebody holds
        self._foreign: Optional[Set[int]] = None  # the ids of what they took from others
        for module, space in spaces.items():
            for name, value in raw.items(space):
                if type(name) is not str or (name.startswith("__") and name.endswith("__")):
                    continue
                if self._belongs(module, space, value):
                    self._add(module, name, value)
        self._foreign = None
        self.older = {id(value) for _, _, value in older}
        for module, name, value in older:
            if module in spaces:
                self._add(module, name, value)

    def _add(self, module: str, name: str, value: Any) -> None:
        if id(value) not in self.by_id:
            self.by_id[id(value)] = module, name
            self._keep.append(value)
            self._sort(name, value)

    def held(self) -> List[Older]:
        """(module, name, object) of what somebody holds, once that was looked for."""
        named = [(*self.by_id[id(value)], value) for value in self._keep if id(value) in self.found]
        inner = [
            (raw.class_module(cls) or "", name, cls)
            for name, cls in self.classes
            if id(cls) in self.found and id(cls) not in self.by_id
        ]
        return named + inner

    def _sort(self, name: str, value: Any) -> None:
        if type(value) is raw.FunctionType:
            self.functions.append((name, value))
        elif raw.is_class(value):
            self.classes.append((raw.class_qualname(value), value))
            for inner in (raw.class_dict(value) or {}).values():
                if raw.is_class(inner) and raw.class_module(inner) == raw.class_module(value):
                    if not any(inner is known for _, known in self.classes):
                        self._sort(name, inner)

    def _belongs(self, module: str, space: Any, value: Any) -> bool:
        kind = type(value)
        if kind is raw.FunctionType and value.__globals__ is space:
            return True
        if id(kind) in _VALUE_IDS or kind is raw.ModuleType or raw.is_module(value):
            return False
        if raw.is_class(value):
            return raw.class_module(value) == module
        if kind is tuple and not value:
            return False
        if self._foreign is None:
            self._foreign = _foreign_objects(self.spaces)
        return id(value) not in self._foreign


def _foreign_objects(spaces: Dict[str, Dict[Any, Any]]) -> Set[int]:
    """The ids of what the modules took from modules that they import: not theirs."""
    found: Set[int] = set()
    seen = {id(space) for space in spaces.values()}
    for space in spaces.values():
        values = [value for _, value in raw.items(space)]
        kinds = {id(kind): kind for kind in map(type, values)}
        sources = {raw.class_module(kind) for kind in kinds.values()}
        for value in values:
            if type(value) is raw.FunctionType:
                sources.add(raw.exact_str(value.__module__))
            elif raw.is_class(value):
                sources.add(raw.class_module(value))
            else:
                other = raw.module_dict(value)
                if other is not None and id(other) not in seen:
                    seen.add(id(other))
                    found.update(id(one) for _, one in raw.items(other))
        for name in sources:
            other = raw.module_dict(sys.modules.get(name)) if name else None
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                found.update(id(one) for _, one in raw.items(other))
    return found


def nothing() -> shapes.LeftBehind:
    """Nobody holds anything."""
    return {"from_imports": [], "instances": [], "subclasses": [], "functions": []}


def left_behind(owned: Owned, names: Iterable[str]) -> Dict[str, shapes.LeftBehind]:
    """For each module of `owned`, who holds its objects outside of the modules in `names`."""
    result = {module: nothing() for module in owned.spaces}
    inside = set(names)
    suspects = _suspects(owned)
    for found in _from_imports(owned, inside, suspects):
        result[found["of"].rpartition(".")[0]]["from_imports"].append(found)
    counts = instance_counts([cls for _, cls in owned.classes if id(cls) in suspects])
    instances: Dict[Tuple[str, str], int] = {}  # of all classes that had that name
    for qualname, cls in owned.classes:
        module = raw.class_module(cls) or ""
        left = result.get(module)
        if left is None:
            continue
        count = counts.get(id(cls), 0)
        instances[module, qualname] = instances.get((module, qualname), 0) + count
        if count:
            owned.found.add(id(cls))
        for subclass in type.__subclasses__(cls):
            if raw.class_module(subclass) not in inside:
                owned.found.add(id(cls))
                name = "%s.%s" % (raw.class_module(subclass), raw.class_qualname(subclass))
                left["subclasses"].append({"class": name, "of": qualname})
    for (module, qualname), count in instances.items():
        if count:
            result[module]["instances"].append({"class": qualname, "count": count})
    for module, held in _held_functions(owned, suspects):
        result[module]["functions"].append(held)
    return result


def _from_imports(
    owned: Owned, inside: Set[str], suspects: Dict[int, Any]
) -> List[shapes.FromImport]:
    """The names in other modules that are bound to objects of these."""
    found: List[shapes.FromImport] = []
    # What is expected of references is so for what was bound last.
    counted = owned.functions + owned.classes
    nobodys = {id(one) for _, one in counted}.difference(suspects, owned.older)
    wanted = {key: of for key, of in owned.by_id.items() if key not in nobodys}
    own = {id(space) for space in owned.spaces.values()}
    others = []
    for module, _, value in raw.entries() if wanted else ():
        space = raw.module_dict(value)
        if space is None or module in inside or id(space) in own:
            continue
        own.add(id(space))  # aliases in sys.modules are the same module
        others.append((module, space))
    for module, space in _holding(others, wanted):
        for name, held in raw.items(space):
            source = wanted.get(id(held))
            if source is not None and type(name) is str:
                owned.found.add(id(held))
                found.append({"module": module, "name": name, "of": "%s.%s" % source})
    return found


def _holding(
    spaces: List[Tuple[str, Dict[Any, Any]]], wanted: Dict[int, Any]
) -> Iterator[Tuple[str, Dict[Any, Any]]]:
    """Those of these namespaces that may hold one of the wanted objects; most hold none.

    Several are searched at once by a loop in C.
    """
    ids = wanted.keys()
    for start in range(0, len(spaces), SPACES_AT_ONCE):
        some = spaces[start : start + SPACES_AT_ONCE]
        values = chain.from_iterable(map(_dict_values, [space for _, space in some]))
        try:
            if ids.isdisjoint(map(id, values)):
                continue
        except RuntimeError:  # one of them has changed its size meanwhile
            pass
        yield from some


def instance_counts(classes: List[Any]) -> Dict[int, int]:
    """How many instances of each class the collector knows, by the class's id."""
    counts = {id(cls): 0 for cls in classes}
    if not classes:
        return counts
    few = len(classes) <= CLASSES_PER_WALK * MOST_WALKS
    if sys.version_info >= (3, 9) and few:
        # Since 3.9 an instance visits its type, so one walk in C finds the instances.
        for start in range(0, len(classes), CLASSES_PER_WALK):
            batch = classes[start : start + CLASSES_PER_WALK]
            _count(counts, gc.get_referrers(*batch))
    else:
        for generation in range(3):
            _count(counts, gc.get_objects(generation))
    return counts


def _count(counts: Dict[int, int], objects: List[Any]) -> None:
    for one in objects:
        key = id(type(one))
        if key in counts:
            counts[key] += 1


def _held_functions(
    owned: Owned, suspects: Dict[int, Tuple[str, Any]]
) -> List[Tuple[str, shapes.HeldFunction]]:
    """Functions of the modules that containers, instances or callbacks hold."""
    kind = raw.FunctionType
    suspects = {key: one for key, one in suspects.items() if type(one[1]) is kind}
    if not suspects or len(suspects) > CLASSES_PER_WALK * MOST_WALKS:
        return []
    functions = [function for _, function in suspects.values()]
    skip = {id(owned._keep), id(owned.functions), id(functions)} | owned.ignored()
    skip |= {id(raw.module_dict(value)) for _, _, value in raw.entries()}
    held: Dict[int, List[str]] = {}
    for start in range(0, len(functions), CLASSES_PER_WALK):
        batch = functions[start : start + CLASSES_PER_WALK]
        for holder in gc.get_referrers(*batch):
            if id(holder) in skip or holder is batch:
                continue
            skip.add(id(holder))
            for key, said in _held_in(holder, suspects):
                if key not in suspects:
                    continue
                known = held.setdefault(key, [])
                if said not in known and len(known) < MOST_HOLDERS:
                    known.append(said)
    result = []
    for key, known in held.items():
        owned.found.add(key)
        result.append((owned.by_id[key][0], {"function": suspects[key][0], "held_by": known}))
    return result  # type: ignore[return-value]


def _suspects(owned: Owned) -> Dict[int, Tuple[str, Any]]:
    """The functions and classes that somebody besides us holds, by id, each with its name."""
    objects = owned.functions + owned.classes
    known = {id(cls): _references_to_itself(cls) for _, cls in owned.classes}
    for key in known.keys() - owned.by_id.keys():
        known[key] -= 1  # a class in a class is not among what we keep
    found = _held_more_often(objects, known)
    if found:
        for key, count in owned.private(set(found)).items():
            known[key] = known.get(key, 0) + count
        found.clear()  # which holds them, too
        found = _held_more_often(objects, known)
    return found


def _references_to_itself(cls: Any) -> int:
    """How many references to a class are its own: of its MRO, of descriptors of its slots, of what
    `super()` in its methods goes by."""
    parts = {0: raw.mro(cls)}
    for value in (raw.class_dict(cls) or {}).values():
        if id(type(value)) in _DESCRIPTORS:
            parts[id(value)] = value
        for one in gc.get_referents(value) if id(type(value)) in _WRAPPERS else (value,):
            for cell in raw.function_slot(one, "__closure__") or ():
                parts[id(cell)] = cell
    return sum(one is cls for one in gc.get_referents(*parts.values()))


def _held_more_often(
    objects: List[Tuple[str, Any]], known: Dict[int, int]
) -> Dict[int, Tuple[str, Any]]:
    """Those with more references than are ours, by id; of some it is known how many more."""
    ours = _references_of_ours() + 1
    found: Dict[int, Tuple[str, Any]] = {}
    for name, one in objects:
        if sys.getrefcount(one) > ours + known.get(id(one), 0):
            found[id(one)] = (name, one)
    return found


def _references_of_ours() -> int:
    """How many references to an object two lists of `Owned` and the counting itself are."""
    keep: List[Any] = [lambda: None]
    functions = [("", keep[0])]
    count = 0
    for _, function in functions:
        count = sys.getrefcount(function)
    return count


def _held_in(holder: Any, wanted: Dict[int, Any]) -> Iterator[Tuple[int, str]]:
    """(id of the function, in words how the object holds it)."""
    kind = type(holder)
    if kind is dict:
        for key, value in raw.items(holder):
            if id(value) in wanted:
                yield id(value), "a dict of %d, under %s" % (len(holder), _key(key))
    elif kind is list:
        for value in holder:
            if id(value) in wanted:
                yield id(value), "a list of %d" % len(holder)
    elif kind is raw.MethodType:
        yield id(holder.__func__), "a bound method of a %s" % raw.type_name(holder.__self__)
    elif kind is raw.CellType:
        yield id(raw.cell_contents(holder)), "a closure"
    elif kind is raw.FunctionType:
        for value in holder.__defaults__ or ():
            yield id(value), "a default argument of %s" % holder.__qualname__
    elif kind is not tuple and raw.class_module(kind) != "builtins" and not raw.is_class(holder):
        for value in gc.get_referents(holder):
            if id(value) in wanted:
                yield id(value), "a %s" % raw.type_name(holder)


def _key(key: Any) -> str:
    return repr(key) if id(type(key)) in _KEY_IDS else raw.type_name(key)


def importers(
    spaces: Dict[str, Dict[Any, Any]], older: Sequence[Older] = ()
) -> Dict[str, Dict[str, str]]:
    """For each module, which others hold it or objects of it: {module: {importer: why}}.

    `older` is as for `Owned`: who holds what an earlier reload replaced has imported it, too.
    """
    owned = Owned(spaces, older)
    result: Dict[str, Dict[str, str]] = {name: {} for name in spaces}
    modules = {id(sys.modules.get(name)): name for name in spaces}
    for module, _, value in raw.entries():
        space = raw.module_dict(value)
        if space is None:
            continue
        for name, held in raw.items(space):
            source = modules.get(id(held))
            if source is not None and source != module:
                if not _is_own_submodule(module, source, name):
                    result[source].setdefault(module, "imports %s" % source)
                continue
            known = owned.by_id.get(id(held))
            if known is not None and known[0] != module and spaces[known[0]] is not space:
                result[known[0]].setdefault(module, "imports %s from %s" % (known[1], known[0]))
    return result


def _is_own_submodule(parent: str, child: str, name: Any) -> bool:
    """Whether a package holds a module only because the import system put it there."""
    return child == "%s.%s" % (parent, name)


def space_of(name: str) -> Optional[Dict[Any, Any]]:
    """The namespace of an entry of sys.modules; None without one."""
    return raw.module_dict(sys.modules.get(name))
