"""Everything that executing some modules may change, remembered by identity, to be put back.

Remembered are sys.modules, the namespaces of the modules and of their parents, and what is
reachable from those namespaces: functions, classes, containers and instances of the modules' own
classes, and the containers in the namespaces of project modules that they import.
"""

from __future__ import annotations

import gc
import sys
from _operator import attrgetter

from . import batch, expelling, raw
from .batch import MISSING, Batch
from .registries import Registries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

MOST_OBJECTS = 20_000
MOST_ELEMENTS = 10_000  # of one container; a larger one is not copied
_PLAIN = raw.ids(int, str, float, bool, bytes, type(None))
_CONTAINERS = raw.ids(dict, list, set)
_FUNCTION_SLOTS = (
    "__defaults__",
    "__kwdefaults__",
    "__dict__",
    "__code__",
    "__doc__",
    "__name__",
    "__qualname__",
    "__module__",
)
_state_of = attrgetter(*_FUNCTION_SLOTS)


class Snapshot:
    """The state of `names` (entries of sys.modules) and of what hangs on them.

    `copies` are copies of namespaces by their ids: one that is right is not made again.
    """

    def __init__(self, names: List[str], copies: Dict[int, Dict[Any, Any]]) -> None:
        self.entries: Dict[Any, Any] = dict.copy(sys.modules)
        self.names = names
        self.spaces: List[Tuple[Dict[Any, Any], Dict[Any, Any]]] = []
        self._seen: Set[int] = set()
        self._functions: List[Tuple[Any, Tuple[Any, ...]]] = []
        self._cells: List[Tuple[Any, Any]] = []
        self._classes: List[Tuple[Any, Dict[Any, Any], Tuple[Any, ...]]] = []
        self._containers: List[Tuple[Any, Any]] = []
        self.registries = Registries()
        self._walked_all = False
        self._owned = set(names)
        self._dicts: Set[int] = set()
        for name in names:
            self._keep_space(raw.module_dict(self.entries.get(name)), copies)
            parent = name.rpartition(".")[0]
            if parent and parent not in self._owned:
                self._keep_space(raw.module_dict(self.entries.get(parent)), copies)
        self._walk([saved for _, saved in self.spaces])

    def holds(self, space: Dict[Any, Any]) -> int:
        """How often a namespace itself is held here."""
        return sum(one is space for one, _ in self.spaces)

    def space(self, name: str) -> Optional[Dict[Any, Any]]:
        """The namespace of a module as it was; None when it is not part of this snapshot."""
        live = raw.module_dict(self.entries.get(name))
        for space, saved in self.spaces:
            if space is live:
                return saved
        return None

    def forget_objects(self) -> None:
        """Nothing is to be put back: let go of all but the namespaces."""
        self._functions, self._cells, self._classes, self._containers = [], [], [], []
        self.registries.forget()

    def _keep_space(self, space: Optional[Dict[Any, Any]], copies: Any) -> None:
        if space is not None and id(space) not in self._dicts:
            self._dicts.add(id(space))
            self._seen.add(id(space))
            known = copies.get(id(space), MISSING)
            same = known is not MISSING and _same(space, known)
            self.spaces.append((space, known if same else space.copy()))

    def _walk(self, roots: List[Dict[Any, Any]]) -> None:
        queue: List[Any] = []
        for root in roots:
            queue.extend(root.values())
        for module in self._imported(queue):
            queue += self._containers_of(module)
        # Only containers are followed: numbers and texts have nothing inside.
        keepers: Dict[int, Any] = dict.fromkeys(_PLAIN)
        seen = self._seen
        while queue and len(seen) < MOST_OBJECTS:
            inside = self._keep_functions(queue)
            for value in queue:
                key = id(type(value))
                keep = keepers.get(key, MISSING)
                if keep is MISSING:
                    keep = keepers[key] = self._keeper(type(value))
                if keep is not None and id(value) not in seen:
                    seen.add(id(value))
                    inside.extend(keep(value))
            queue = inside
        self._walked_all = not queue

    def _imported(self, values: List[Any]) -> List[Any]:
        """The modules that these values are, or come from."""
        found: Dict[int, Any] = {}
        for value in values:
            module = value if type(value) is raw.ModuleType else None
            if type(value) is raw.FunctionType:
                module = self.entries.get(value.__module__)
            elif module is None and id(type(value)) not in _PLAIN:
                cls = value if raw.is_class(value) else type(value)
                module = self.entries.get(raw.class_module(cls))
            if type(module) is raw.ModuleType:
                found[id(module)] = module
        return list(found.values())

    def _keeper(self, kind: Any) -> Optional[Callable[[Any], List[Any]]]:
        if kind is raw.FunctionType:
            return _wrapped_by
        if id(kind) in _CONTAINERS:
            return self._keep_container
        if kind is tuple:
            return list
        if kind is staticmethod or kind is classmethod:
            return lambda value: [value.__func__]
        if kind is property:
            return lambda value: [value.fget, value.fset, value.fdel]
        if raw.derives(kind, type):
            abstract = self.registries.is_abstract(kind)
            return self._keep_abstract if abstract else self._keep_class
        if self._owns(kind):
            return self._keep_instance
        return None

    def _owns(self, cls: Any) -> bool:
        return raw.class_module(cls) in self._owned

    def _containers_of(self, module: Any) -> List[Any]:
        """The containers in a project module's namespace, in its classes and its objects."""
        space = raw.module_dict(module)
        name = raw.exact_str(raw.get(space, "__file__")) or ""
        if space is None or not name or "site-packages" in name or "/lib/python" in name:
            return []
        found: List[Any] = []
        for _, value in raw.items(space):
            kind = type(value)
            if id(kind) in _PLAIN:
                continue
            if kind is raw.FunctionType:
                inside = value.__dict__
            else:
                inside = raw.class_dict(value) if raw.is_class(value) else raw.instance_dict(value)
            for one in (value, *(inside or {}).values()):
                if id(type(one)) in _CONTAINERS:
                    found.append(one)
        return found

    def _keep_functions(self, values: List[Any]) -> List[Any]:
        """Keep those of these that are functions of the modules; returns what is in them."""
        spaces, seen = self._dicts, self._seen
        found = {
            id(one): one
            for one in values
            if type(one) is raw.FunctionType and id(one.__globals__) in spaces
        }
        functions = [one for key, one in found.items() if key not in seen]
        seen.update(found)
        states = list(map(_state_of, functions))
        self._functions += zip(functions, states)
        # Few have attributes: an empty dict needs no copy.
        inside = [one for state in states for one in state[:3] if one]
        for function in functions:
            for cell in function.__closure__ or ():
                content = batch.contents_of(cell)
                self._cells.append((cell, content))
                inside.append(content)
        return inside

    def _keep_class(self, cls: Any) -> List[Any]:
        if not self._owns(cls):
            return []
        space = raw.class_dict(cls) or {}
        self._classes.append((cls, space, cls.__bases__))
        return list(space.values())

    def _keep_abstract(self, cls: Any) -> List[Any]:
        self.registries.note([cls])
        return self._keep_class(cls)

    def _keep_instance(self, instance: Any) -> List[Any]:
        space = raw.instance_dict(instance)
        return [] if space is None else [space]

    def _keep_container(self, container: Any) -> List[Any]:
        if len(container) > MOST_ELEMENTS:
            return []
        saved = container.copy()
        self._containers.append((container, saved))
        return list(saved.values()) if type(saved) is dict else list(saved)

    # Putting back

    def restore(self, imported: List[str], made: Optional[List[Any]]) -> List[str]:
        """Put everything back in one step; `imported` were loaded since and are dropped again.

        `made` are all objects that were made since, if that is known.
        Returns sentences about what could not be put back.
        """
        notes = self._put_back(imported)
        if made is not None:
            known = [function for function, _ in self._functions]
            known += [cls for cls, _, _ in self._classes]
            expelling.expel(made, self._dicts, self._owned, known)
            made.clear()
        # Classes that are gone stay in their bases' __subclasses__() until they are collected.
        gc.collect(1)
        return notes

    def _put_back(self, imported: List[str]) -> List[str]:
        notes: List[str] = []
        step = Batch()
        self._restore_entries(step, imported, notes)
        for space, saved in self.spaces:
            if not _same(space, saved):
                step.content(space, saved)
        self._restore_objects(step)
        if self._walked_all:  # then the attributes that are not known were none
            attributes = [state[2] for _, state in self._functions]
            self._containers += [(one, {}) for one in attributes if id(one) not in self._seen]
        self._restore_containers(step, notes)
        step.commit()
        self.registries.restore()
        return notes

    def _restore_entries(self, step: Batch, imported: List[str], notes: List[str]) -> None:
        modules = sys.modules
        stay = _cannot_be_loaded_twice(imported)
        if stay:
            notes.append(
                "newly imported, and still loaded because C extensions among them cannot be"
                " loaded twice: %s" % ", ".join(sorted(stay))
            )
        for name in imported:
            if name in self.entries or name in stay:
                continue
            module = modules.get(name)
            step.item(modules, name, MISSING)
            parent, _, child = name.rpartition(".")
            space = raw.module_dict(self.entries.get(parent))
            if space is not None and id(space) not in self._dicts and space.get(child) is module:
                step.item(space, child, MISSING)
        for name in self.names:
            step.item(modules, name, self.entries.get(name, MISSING))

    def _restore_objects(self, step: Batch) -> None:
        for function, state in self._functions:
            for name, value in zip(_FUNCTION_SLOTS, state):
                step.attribute(function, name, value, getattr(function, name))
        for cell, content in self._cells:
            step.cell(cell, content, batch.contents_of(cell))
        for cls, saved, bases in self._classes:
            if cls.__bases__ is not bases:
                step.bases(cls, bases, cls.__bases__)
            now = raw.class_dict(cls) or {}
            for name, value in saved.items():
                if now.get(name, MISSING) is not value:
                    step.class_attribute(cls, name, value, now.get(name, MISSING))
            for name, value in now.items():
                if name not in saved:
                    step.class_attribute(cls, name, MISSING, value)

    def _restore_containers(self, step: Batch, notes: List[str]) -> None:
        alone = batch.other_threads() == 0
        for container, saved in self._containers:
            if _same(container, saved):
                continue
            # What other threads put into a shared container meanwhile is theirs to keep.
            target = saved if alone else self._without_new(container, saved)
            if target is not saved and not _same(target, saved):
                notes.append(
                    "%s was changed in place, by the module or by another thread meanwhile;"
                    " that stays" % self._name_of(container)
                )
            if type(container) is list:
                step.elements(container, target)
            else:
                step.content(container, target)

    def _name_of(self, container: Any) -> str:
        for space, saved in self.spaces:
            for name, value in raw.items(saved):
                if value is container and type(name) is str:
                    return "%s.%s" % (space.get("__name__"), name)
        return "a %s of %d" % (type(container).__name__, len(container))

    def _without_new(self, container: Any, saved: Any) -> Any:
        known = self._seen
        if type(container) is dict:
            kept = {}
            for key, value in raw.items(container):
                if self._is_ours(value) and id(value) not in known:
                    if key in saved:
                        kept[key] = saved[key]
                elif not (self._is_ours(key) and id(key) not in known):
                    kept[key] = value
            return kept
        kept_list = [one for one in container if not self._is_ours(one) or id(one) in known]
        return kept_list if type(container) is list else set(kept_list)

    def _is_ours(self, value: Any) -> bool:
        if type(value) is raw.FunctionType:
            return id(value.__globals__) in self._dicts
        return raw.is_class(value) and self._owns(value)


def _wrapped_by(function: Any) -> List[Any]:
    """What a decorator's wrapper of another module leads to: what it wraps may be ours."""
    return [raw.cell_contents(cell) for cell in function.__closure__ or ()]


def _same(now: Any, saved: Any) -> bool:
    """Whether a container holds the very same objects in the same order."""
    if len(now) != len(saved):
        return False
    try:
        if type(saved) is dict:
            pairs = zip(now.items(), saved.items())
            return all(a is c and b is d for (a, b), (c, d) in pairs)
        if type(saved) is list:
            return all(a is b for a, b in zip(now, saved))
        return set(map(id, now)) == set(map(id, saved))
    except RuntimeError:  # it changes under our eyes
        return False


def _cannot_be_loaded_twice(names: List[str]) -> Set[str]:
    """Of newly imported modules, all those of top-level packages that brought C extensions."""
    native = set()
    for name in names:
        space = raw.module_dict(sys.modules.get(name))
        file = raw.exact_str(raw.get(space, "__file__")) or ""
        if file.endswith((".so", ".pyd")):
            native.add(name.partition(".")[0])
    return {name for name in names if name.partition(".")[0] in native}


_OWN = (__name__.partition(".")[0] + ".", "opcode", "_opcode")  # what the agent itself imports


class Imports:
    """While it is entered, notes which modules the calling thread begins to import."""

    def __init__(self) -> None:
        import _thread

        self._ident = _thread.get_ident
        self._thread = _thread.get_ident()
        self.names: List[str] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Asked first by the import system for every module; finds none."""
        if self._ident() == self._thread and not name.startswith(_OWN):
            self.names.append(name)

    def invalidate_caches(self) -> None:
        """There are none."""

    def __enter__(self) -> Imports:
        # Other threads may be going through the list: taking something out of it would have them
        # miss a finder. So it is another list that is there meanwhile.
        self._path = sys.meta_path
        self._before = self._path[:]
        sys.meta_path = [self, *self._before]
        return self

    def __exit__(self, *_: object) -> None:
        now = [finder for finder in sys.meta_path if finder is not self]
        path, before = self._path, self._before
        if not _same(now, before):  # who has added a finder meanwhile did it for good
            now += [one for one in path if not any(one is known for known in now + before)]
            path[:] = now
        sys.meta_path = path
