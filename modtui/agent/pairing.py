"""Which new object is which old one, so that the old one can take over what the new one brings.

Objects are paired by the place where they stand: the same name in the namespace, the same attribute
of paired classes, the same cell of paired closures, the same key of a dict; functions also by their
way through the code of the module.
"""

from __future__ import annotations

from _functools import partial  # type: ignore[import-not-found]

from . import classes, codes, functions, generics, raw
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

    from .batch import Batch
    from .bytecode import Paths
    from .references import Replacing
    from .staging import Staging

_CONSTANTS = raw.ids(int, float, complex, bool, str, bytes, type(None))
_BOUND = raw.ids(staticmethod, classmethod)
_INSIDE = raw.ids(dict, list, tuple)
_INNER = raw.ids(raw.FunctionType, dict, list, tuple, property, staticmethod, classmethod)
_KEYS = raw.ids(str, int, bytes)
_VALUES = raw.ids(int, float, complex, str, bytes)
_CHANGEABLE = raw.ids(list, dict, set, bytearray)
_DEEP = 30


class Pairing:
    """The pairs of one module, and the steps that bring the old objects up to date."""

    def __init__(
        self,
        step: Batch,
        replacing: Replacing,
        live: Dict[Any, Any],
        staging: Staging,
        paths: Paths,
        old_paths: Optional[Paths],
    ) -> None:
        self.step, self.replacing = step, replacing
        self.live, self.staging = live, staging
        self.paths, self.old_paths = paths, old_paths
        self.bodies: Dict[str, Tuple[Dict[str, str], Set[str], bool]] = {}  # of classes, see there
        self.filled: Dict[str, Set[str]] = {}  # containers of classes; see creation.py
        self.assigned: Set[str] = set()  # a.b that edited statements assign to
        self.counts: Dict[str, int] = {}
        self.could_not: List[Dict[str, str]] = []
        self.succeeded: List[Tuple[Any, Any]] = []  # (old, new) classes that could not be merged
        self.merged: List[Tuple[Any, Any]] = []  # (old, new) classes
        self.claimed: Set[int] = set()  # old functions that are dealt with
        self.cleared: List[Any] = []  # caches to be emptied afterwards
        self.young: Set[int] = set()  # ids of what was made while the statements were executed
        self.forwarders: List[Any] = []  # old functions that call what took their place
        self._forwarded: List[Tuple[Any, Any]] = []
        self._functions: List[Tuple[Any, Any]] = []
        self._later: List[Callable[[], None]] = []
        self._seen: Dict[Tuple[int, int], Any] = {}
        self._alive: List[Any] = []

    def count(self, what: str, by: int = 1) -> None:
        """Count something for the report."""
        self.counts[what] = self.counts.get(what, 0) + by

    def failed(self, what: str, why: str) -> None:
        """Note what could not be carried over."""
        entry = {"what": what, "why": why}
        if entry not in self.could_not:
            self.could_not.append(entry)

    def later(self, step: Callable[[], None]) -> None:
        """Have a step made when it is known what every new object is replaced by."""
        self._later.append(step)

    def resolve(self, value: Any) -> Any:
        """What stays in the place of a value."""
        return self.replacing.resolve(value)

    def keep(self, old: Any, new: Any) -> Any:
        """The old object stays in the place of the new one."""
        self.replacing.put(new, old)
        return old

    def is_new(self, function: Any) -> bool:
        """Whether a function was made by the statements that were just executed."""
        return type(function) is raw.FunctionType and function.__globals__ is self.staging

    def is_old(self, function: Any) -> bool:
        """Whether a function belongs to the live module."""
        return type(function) is raw.FunctionType and function.__globals__ is self.live

    # Pairs

    def pair(self, old: Any, new: Any, keep_state: bool = False, deep: int = 0) -> Any:
        """What is to stand where `new` stands, and `old` stood.

        `keep_state`: an instance of the same class goes on with its state; else its state becomes
        that of the new one.
        """
        if old is new or old is MISSING or deep > _DEEP:
            return new
        key = (id(old), id(new))
        if key in self._seen:
            return self._seen[key]
        self._seen[key] = new  # for what contains itself
        self._alive += [old, new]
        self._seen[key] = result = self._pair(old, new, keep_state, deep + 1)
        return result

    def _pair(self, old: Any, new: Any, keep_state: bool, deep: int) -> Any:
        kind = type(new)
        if id(kind) in _CONSTANTS:
            return new
        if id(new) in self.replacing.by_id:
            return self.resolve(new)  # another old object stands for it: an alias
        if raw.is_module(new) or raw.is_module(old):
            return new
        if kind is raw.FunctionType:
            return self._function(old, new, deep)
        if raw.is_class(new):
            if raw.is_class(old):
                return classes.pair(self, old, new)
            self._forward_to(old, new)
            return new
        if type(old) is not kind and self.resolve(kind) is not type(old):
            self._forward_to(old, new)
            return new
        if id(kind) in _BOUND:
            function = self.pair(old.__func__, new.__func__, keep_state, deep)
            return self.keep(old, new) if function is old.__func__ else new
        if kind is property:
            return self._property(old, new, deep)
        if id(kind) in _INSIDE:
            if id(new) in self.young:
                self._inside(old, new, deep)
            return new
        if raw.class_name(kind) == "_lru_cache_wrapper":
            return self._lru_cache(old, new, deep)
        return self._instance(old, new, keep_state, deep)

    def _property(self, old: Any, new: Any, deep: int) -> Any:
        same = old.__doc__ == new.__doc__
        for name in ("fget", "fset", "fdel"):
            before, after = getattr(old, name), getattr(new, name)
            if before is None or after is None:
                same = same and before is after
            else:
                same = self.pair(before, after, False, deep) is before and same
        return self.keep(old, new) if same else new

    def _inside(self, old: Any, new: Any, deep: int) -> None:
        """Pair the functions and classes inside of two containers."""
        if type(new) is dict:
            by_key: Dict[int, Any] = {}
            for key, value in raw.items(new):
                if id(type(key)) in _KEYS:
                    self._inner(old.get(key, MISSING), value, deep)
                    continue
                by_key = by_key or {id(one): before for one, before in raw.items(old)}
                self._inner(by_key.get(id(self.resolve(key)), MISSING), value, deep)
        elif len(new) < 10_000:
            for before, after in zip(old, new):
                self._inner(before, after, deep)

    def _inner(self, old: Any, new: Any, deep: int) -> None:
        if id(type(new)) in _INNER:
            self.pair(old, new, False, deep)

    def _lru_cache(self, old: Any, new: Any, deep: int) -> Any:
        before, after = functions.wrapped(old), functions.wrapped(new)
        parameters = getattr(new, "cache_parameters", None)
        same = old.cache_info().maxsize == new.cache_info().maxsize
        if parameters is not None:
            same = parameters() == old.cache_parameters()
        inner = self.pair(before, after, False, deep)
        if same and inner is before:
            self.cleared.append(old)
            return self.keep(old, new)
        return new

    def _instance(self, old: Any, new: Any, keep_state: bool, deep: int) -> Any:
        """Two instances of one class: what decorators made, enum members, partials."""
        name = raw.class_name(type(new))
        if name == "partial" and type(new).__module__ == "functools":
            if self.pair(old.func, new.func, False, deep) is old.func:
                after = (old.func, new.args, new.keywords, new.__dict__ or None)
                before = (old.func, old.args, old.keywords, old.__dict__ or None)
                self.step.add(partial(old.__setstate__, after), partial(old.__setstate__, before))
                return self.keep(old, new)
            return new
        if id(new) not in self.young:
            return new  # it was not made by the statements: it is somebody's own
        space, fresh = raw.instance_dict(old), raw.instance_dict(new)
        if not _same_payload(old, new) or (space is None) is not (fresh is None):
            return new
        if space is None or fresh is None or classes.has_filled_slots(new):
            return new
        self.keep(old, new)
        for key, value in raw.items(fresh):
            self._attribute(space, key, value, keep_state, deep)
        return old

    def _attribute(
        self, space: Dict[Any, Any], key: Any, value: Any, keep_state: bool, deep: int
    ) -> None:
        before = space.get(key, MISSING)
        if before is not MISSING and keep_state and not functions.holds_code(value):
            return
        result = self.pair(before, value, keep_state, deep)
        self.later(lambda: self.step.item(space, key, self.resolve(result)))

    # Functions

    def _function(self, old: Any, new: Any, deep: int) -> Any:
        if type(old) is not raw.FunctionType:
            if raw.is_class(old):
                self.failed(
                    raw.class_qualname(old),
                    "it is a function now; who holds the old class goes on with it",
                )
            self._forward_to(old, new)
            return new
        if id(old) in self.claimed:
            return new
        both = self.is_old(old) and self.is_new(new)
        foreign = not self.is_new(new) and (
            old.__code__ is new.__code__ or _generated_alike(old, new)
        )
        if not foreign and _made_by_exec(old, new):
            # The names that the generator gave it are its globals.
            self._merge_registry(old.__globals__, new.__globals__, deep)
            foreign = True
        if (both or foreign) and functions.fits(old, self._code(new)):
            self.claimed.add(id(old))
            self.keep(old, new)
            self._functions.append((old, new))
            self._pair_cells(old, new, deep)
            self._pair_attributes(old, new, deep)
            return old
        made_alike = old.__code__.co_filename == new.__code__.co_filename
        if self.is_old(old) or (made_alike and id(new) in self.young):
            self.claimed.add(id(old))
            self._forwarded.append((old, new))
        return new

    def follow(self, old: Any, new: Any) -> bool:
        """Give an old method the new code, while the new one lives on beside it."""
        if type(old) is not type(new):
            return False
        if id(type(new)) in _BOUND:
            return self.follow(old.__func__, new.__func__)
        if type(new) is property:
            names = ("fget", "fset", "fdel")
            pairs = [(getattr(old, name), getattr(new, name)) for name in names]
            return all(a is b or self.follow(a, b) for a, b in pairs)
        if not (self.is_old(old) and self.is_new(new)) or id(old) in self.claimed:
            return False
        if not functions.fits(old, self._code(new)):
            return False
        self.claimed.add(id(old))
        self._functions.append((old, new))
        return True

    def _forward_to(self, old: Any, new: Any) -> None:
        """An old function became something else that may be callable."""
        if self.is_old(old) and id(old) not in self.claimed and callable(new):
            self.claimed.add(id(old))
            self._forwarded.append((old, new))
        for one in self.forwarders:  # those that became what is replaced now
            if functions.target_of(one) is old and callable(new):
                self._forwarded.append((one, new))

    def _code(self, new: Any) -> Any:
        code = self.paths.at_place(new.__code__)
        if code is None or code.co_flags != new.__code__.co_flags:
            return new.__code__  # a decorator has changed it
        return code

    def _pair_cells(self, old: Any, new: Any, deep: int) -> None:
        ours, theirs = functions.cells(old), functions.cells(new)
        for name, cell in ours.items():
            other = theirs.get(name)
            if other is None or other is cell:
                continue
            before, after = functions.contents(cell), functions.contents(other)
            if after is MISSING or before is MISSING or name in ("__class__", "__classdict__"):
                continue
            if type(before) is dict and type(after) is dict:
                self._merge_registry(before, after, deep)
                self.keep(before, after)
                continue
            result = self.pair(before, after, False, deep)
            self._fill_later(cell, result, before)

    def _fill_later(self, cell: Any, result: Any, before: Any) -> None:
        self.later(lambda: self.step.cell(cell, self.resolve(result), before))

    def _merge_registry(self, old: Any, new: Any, deep: int) -> None:
        """A dict in a decorator's closure: what was registered by others stays."""
        for key, value in raw.items(new):
            before = old.get(key, MISSING) if _plain_hash(key) else MISSING
            result = self.pair(before, value, False, deep)
            self._item_later(old, key, result)
        if generics.is_registry(new):
            self.later(lambda: generics.drop(self, old, new))

    def _item_later(self, mapping: Any, key: Any, result: Any) -> None:
        self.later(lambda: self.step.item(mapping, self.resolve(key), self.resolve(result)))

    def _pair_attributes(self, old: Any, new: Any, deep: int) -> None:
        space, fresh = old.__dict__, new.__dict__
        for key, value in raw.items(fresh):
            before = space.get(key, MISSING)
            if "%s.%s" % (new.__qualname__, key) in self.assigned:
                self._item_later(space, key, value)
            elif id(type(value)) in _CONSTANTS or functions.holds_code(value) or before is MISSING:
                result = self.pair(before, value, False, deep)
                self._item_later(space, key, result)
            elif type(before) is not type(value):
                self._item_later(space, key, value)
        if functions.forwards(old):
            functions.stop_forwarding(self.step, old)

    def pair_by_path(self, new_functions: List[Any], old_functions: List[Any]) -> None:
        """Pair what no place in the namespace told: a function that only a registry holds."""
        by_path: Dict[Any, List[Any]] = {}
        for old in old_functions:
            if id(old) not in self.claimed:
                way = self.old_way(old)
                if way is not None:
                    by_path.setdefault(way, []).append(old)
        for new in new_functions:
            if id(new) in self.replacing.by_id:
                continue
            way = self.paths.way_at_place(new.__code__)
            candidates = by_path.get(way, ()) if way is not None else ()
            if len(candidates) == 1 and self.paths.is_static(way):
                self._function(candidates[0], new, 0)

    def old_way(self, old: Any) -> Any:
        """The way, in the new code, to the counterpart of an old function's code."""
        if self.old_paths is not None:
            way = self.old_paths.path_of(old.__code__)
            return None if way is None else self.paths.counterparts(self.old_paths).get(way)
        return self.paths.way_by_name(old)

    def finish(self, new_functions: List[Any]) -> List[Any]:
        """Make over the new functions that nothing old stands for; returns what was made."""
        made = []
        for new in new_functions:
            if id(new) not in self.replacing.by_id:
                function = functions.made_over(new, self.live, self._code(new))
                self.replacing.put(new, function)
                self.replacing.added.add(id(function))
                made.append(function)
        return made

    def successors(self) -> List[Tuple[Any, Any]]:
        """(old, new) of what does not stay itself: the new one is in its place, or called by it."""
        forwarded = [(old, self.resolve(new)) for old, new in self._forwarded]
        return self.succeeded + [(old, new) for old, new in forwarded if new is not old]

    def make_steps(self) -> None:
        """Add the steps, now that it is known what every new object is replaced by."""
        for old, new in self._functions:
            functions.take_over(self.step, old, new, self._code(new), self.resolve)
            if not codes.same(old.__code__, new.__code__):
                self.count("functions")
        for old, new in self._forwarded:
            target = self.resolve(new)
            if target is not old:
                functions.forward(self.step, old, target)
                self.count("forwarded")
        for step in self._later:
            step()


def _generated_alike(old: Any, new: Any) -> bool:
    """Whether both were made by the same generator: a dataclass's `__init__`, for one."""
    ours, theirs = old.__code__, new.__code__
    return (
        ours.co_filename == theirs.co_filename
        and ours.co_name == theirs.co_name
        and old.__globals__ is new.__globals__
    )


def _made_by_exec(old: Any, new: Any) -> bool:
    """Whether both are of one text that a decorator executes in a dict made for it."""
    for space in (old.__globals__, new.__globals__):
        if "__spec__" in space or "__file__" in space or len(space) > 200:
            return False
    return codes.same(old.__code__, new.__code__)


def _same_payload(old: Any, new: Any) -> bool:
    """Whether two instances differ in their attributes only, not in a value that cannot change."""
    for cls in raw.mro(type(new)):
        if cls is tuple or id(cls) in _VALUES:
            if cls is tuple:
                ours, theirs = tuple.__getitem__(old, slice(None)), tuple(new)
                return len(ours) == len(theirs) and all(a is b for a, b in zip(ours, theirs))
            return bool(cls.__eq__(old, new) is True)
        if id(cls) in _CHANGEABLE:
            return False
    return True


def _plain_hash(key: Any) -> bool:
    return id(type(key)) in _KEYS or raw.is_class(key)
