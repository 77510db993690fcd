"""Plain functions: new code for an old one, the same one for another namespace, forwarding."""

from __future__ import annotations

import gc
import sys
from _weakref import ref

from . import batch, codes, raw
from .batch import MISSING
from .entries import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple

    from .batch import Batch

    Resolve = Callable[[Any], Any]

CO_HAS_DOCSTRING = 0x4000000  # 3.14+
_PLAIN = raw.ids(int, str, float, bool, bytes, raw.ModuleType, type(None), type(MISSING))
_CODE = raw.ids(raw.FunctionType, staticmethod, classmethod, property)
_CONTAINERS = raw.ids(dict, list, set, tuple)
MOST_INSIDE = 1_000  # of a container in which functions are looked for
_TARGET = "__modtui_target__"


def docstring_of(code: Any) -> Any:
    """The docstring that a function of this code is made with."""
    if sys.version_info >= (3, 14) and not code.co_flags & CO_HAS_DOCSTRING:
        return None
    first = code.co_consts[0] if code.co_consts else None
    return first if type(first) is str else None


def fits(old: Any, code: Any) -> bool:
    """Whether a function's cells are the ones that the code expects."""
    return bool(old.__code__.co_freevars == code.co_freevars)


def set_code(step: Batch, function: Any, code: Any) -> bool:
    """Give a function the new code of its own definition; says whether the code does differ."""
    old = function.__code__
    if old is code:
        return False
    added = old.co_flags & codes.CO_ITERABLE_COROUTINE
    if added and not code.co_flags & added:
        code = code.replace(co_flags=code.co_flags | added)  # types.coroutine was here
    differs = not codes.same(old, code)
    if not differs and codes.same_place(old, code):
        return False
    step.attribute(function, "__code__", code, old)
    before, after = docstring_of(old), docstring_of(code)
    if function.__doc__ == before and before != after:
        step.attribute(function, "__doc__", after, function.__doc__)
    return differs


def take_over(step: Batch, old: Any, new: Any, code: Any, resolve: Resolve) -> None:
    """Make the old function what the new one is; the cells are somebody else's business."""
    step.attribute(old, "__code__", code, old.__code__)
    for name in ("__defaults__", "__kwdefaults__", "__doc__", "__module__"):
        step.attribute(old, name, resolve(getattr(new, name)), getattr(old, name))
    for name in ("__name__", "__qualname__"):
        if getattr(old, name) != getattr(new, name):
            step.attribute(old, name, getattr(new, name), getattr(old, name))
    if sys.version_info >= (3, 12):
        step.attribute(old, "__type_params__", resolve(new.__type_params__), old.__type_params__)
    if sys.version_info >= (3, 14):
        annotate = old.__annotate__
        if annotate is not None or new.__annotate__ is not None:
            step.attribute(old, "__annotate__", resolve(new.__annotate__), annotate)
    else:
        notes, before = new.__annotations__, old.__annotations__
        if notes or before:
            step.attribute(old, "__annotations__", resolve(notes), before)


def made_over(new: Any, space: Dict[Any, Any], code: Any) -> Any:
    """The same function with another namespace as its globals. It shares the other's cells."""
    made = raw.FunctionType(code, space, new.__name__, new.__defaults__, new.__closure__)
    for name in ("__kwdefaults__", "__doc__", "__module__", "__qualname__"):
        setattr(made, name, getattr(new, name))
    if new.__dict__:
        made.__dict__.update(new.__dict__)
    if sys.version_info >= (3, 12):
        made.__type_params__ = new.__type_params__
    if sys.version_info >= (3, 14):
        if new.__annotate__ is not None:
            made.__annotate__ = new.__annotate__
    elif new.__annotations__:
        made.__annotations__ = new.__annotations__
    return made


_forwarders: Dict[Tuple[str, ...], Any] = {}


def _forwarder(names: Tuple[str, ...]) -> Any:
    """Code with these free variables that calls the keyword-only default `_TARGET`."""
    known = _forwarders.get(names)
    if known is None:
        lines = ["def outer():"]
        lines += [" %s = None" % name for name in names]
        lines.append(" def forward(*args, %s, **kwargs):" % _TARGET)
        lines += ["  if 0: %s" % name for name in names]
        lines.append("  return %s(*args, **kwargs)" % _TARGET)
        lines.append(" return forward")
        space: Dict[str, Any] = {}
        exec(compile("\n".join(lines), "<modtui>", "exec", dont_inherit=True), space)
        known = _forwarders[names] = space["outer"]().__code__
    return known


def forward(step: Batch, old: Any, target: Any) -> None:
    """Have an old function call the target, for those who hold it."""
    own = old.__code__
    code = _forwarder(own.co_freevars).replace(
        co_name=own.co_name, co_filename=own.co_filename, co_firstlineno=own.co_firstlineno
    )
    step.attribute(old, "__code__", code, own)
    step.attribute(old, "__defaults__", None, old.__defaults__)
    step.attribute(old, "__kwdefaults__", {_TARGET: target}, old.__kwdefaults__)
    step.item(old.__dict__, "__wrapped__", target)


def forwards(function: Any) -> bool:
    """Whether a function was made to forward to another one."""
    return target_of(function) is not None


def target_of(function: Any) -> Any:
    """What a function was made to forward to, or None."""
    return (function.__kwdefaults__ or {}).get(_TARGET)


def stop_forwarding(step: Batch, function: Any) -> None:
    """Undo what `forward` left in a function that gets code of its own again."""
    if "__wrapped__" in function.__dict__:
        step.item(function.__dict__, "__wrapped__", MISSING)


def cells(function: Any) -> Dict[str, Any]:
    """A function's cells by the names of its free variables."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or ()))


def contents(cell: Any) -> Any:
    """What a cell holds; MISSING when it is empty."""
    return batch.contents_of(cell)


def all_of(space: Dict[Any, Any], holders: Iterable[Any]) -> List[Any]:
    """Of what refers to a namespace, the functions that have it as their globals."""
    return [one for one in holders if type(one) is raw.FunctionType and one.__globals__ is space]


_elsewhere: Dict[str, List[Any]] = {}  # weak references by module, as the last walk found them


def of_module(name: str, space: Dict[Any, Any], users: int) -> List[Any]:
    """All functions with a module's namespace as their globals, whoever holds them.

    `users` is how many references to it may be theirs. The heap is walked only if there are more of
    them than the namespace leads to and an earlier walk has found.
    """
    inside = {id(one): one for one in within(space)}
    known = [one() for one in _elsewhere.get(name, ())]
    others = [one for one in all_of(space, known) if id(one) not in inside]
    if len(inside) + len(others) < users:
        found = all_of(space, gc.get_referrers(space))
        others = [one for one in found if id(one) not in inside]
    _elsewhere[name] = [ref(one) for one in others]
    return [*inside.values(), *others]


def within(space: Dict[Any, Any]) -> List[Any]:
    """The functions with that namespace as their globals to which the namespace itself leads."""
    found: Dict[int, Any] = {}
    seen: Set[int] = {id(space)}
    queue = list(space.values())
    while queue:
        value = queue.pop()
        if id(type(value)) in _PLAIN or id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is raw.FunctionType and value.__globals__ is space:
            found[id(value)] = value
        queue += _inside(value, space)
    return list(found.values())


def _inside(value: Any, space: Dict[Any, Any]) -> List[Any]:
    """What functions may be found in: of a wrapper, a class of the module, a small container."""
    kind = type(value)
    if kind is raw.FunctionType:
        inside = [contents(cell) for cell in value.__closure__ or ()]
        return [*inside, getattr(value, "__annotate__", None)]
    if kind is staticmethod or kind is classmethod:
        return [value.__func__]
    if kind is property:
        return [value.fget, value.fset, value.fdel]
    if id(kind) in _CONTAINERS and len(value) <= MOST_INSIDE:
        return list(value.values()) if kind is dict else list(value)
    if raw.is_class(value) and raw.class_module(value) == space.get("__name__"):
        return list((raw.class_dict(value) or {}).values())
    return [wrapped(value)]


def references_beside(entry: Entry) -> int:
    """How many references there are to a module's namespace, but for the module's and the entry's.

    Each function with that namespace as its globals is one.
    """
    sample = Entry()
    sample.namespace = {}
    return sys.getrefcount(entry.namespace) - sys.getrefcount(sample.namespace) - 1


def wrapped(value: Any) -> Optional[Any]:
    """What a wrapper says that it wraps."""
    space = raw.instance_dict(value)
    return None if space is None else space.get("__wrapped__")


def holds_code(value: Any) -> bool:
    """Whether it is a function, a class, or what wraps one."""
    kind = type(value)
    return (
        id(kind) in _CODE
        or raw.is_class(value)
        or raw.class_name(kind) in ("_lru_cache_wrapper", "partial")
    )
