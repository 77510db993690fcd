"""What happens while a class is made: hooks of its bases run, descriptors register themselves."""

from __future__ import annotations

from . import codes, raw, syntax
from .statements import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple, Type

    from .pairing import Pairing
    from .selecting import Selection
    from .statements import Statement

_HOOK = "__init_subclass__"


class NewHooks:
    """While a class statement is executed, its bases' `__init_subclass__` have their new code.

    Else the class would be introduced to the code that is about to go.
    """

    def __init__(
        self, selection: Selection, statement: Statement, compiled: Callable[[Any], Any]
    ) -> None:
        self._codes: List[Tuple[Any, Any]] = []
        if not statement.is_class:
            return
        space = selection.space
        bases = [space.get(syntax.dotted(base).partition(".")[0]) for base in statement.node.bases]
        above = {id(one) for base in bases if raw.is_class(base) for one in raw.mro(base)}
        for other in selection.all:
            if not other.is_class or other.status != CODE or other.body.get(_HOOK) != CODE:
                continue
            cls = space.get(other.node.name)
            hook = (raw.class_dict(cls) or {}).get(_HOOK) if id(cls) in above else None
            function = getattr(hook, "__func__", None)
            if type(function) is raw.FunctionType:
                self._note(function, compiled(other.node))

    def _note(self, function: Any, module: Any) -> None:
        for body in codes.nested(module):
            for code in codes.nested(body):
                if code.co_name == _HOOK and code.co_freevars == function.__code__.co_freevars:
                    self._codes.append((function, code))

    def __enter__(self) -> None:
        self._swap()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._swap()

    def _swap(self) -> None:
        before = [(function, function.__code__) for function, _ in self._codes]
        for function, code in self._codes:
            function.__code__ = code
        self._codes = before


def filled(statement: Statement, cls: Any) -> Set[str]:
    """The names that a class's body binds to empty containers in which there is something when the
    class has been made: its descriptors or its metaclass have put that there."""
    space = raw.class_dict(cls) or {}
    found: Set[str] = set()
    for one in statement.inner:
        value: Any = getattr(one.node, "value", None)
        if syntax.kind(one.node) in ("Assign", "AnnAssign") and _is_empty(value):
            found |= {name for name in one.binds if _has_content(space.get(name))}
    return found


def _is_empty(value: Any) -> bool:
    if syntax.kind(value) == "Call":
        plain = syntax.dotted(value.func) in ("list", "dict", "set")
        return plain and not (value.args or value.keywords)
    return (
        not getattr(value, "elts", 0)
        and not getattr(value, "keys", 0)
        and (syntax.kind(value) in ("List", "Dict"))
    )


def _has_content(value: Any) -> bool:
    return id(type(value)) in _CONTAINERS and len(value) > 0


_CONTAINERS = raw.ids(list, dict, set)


def refill(pairing: Pairing, old: Any, new: Any, removed: Set[str]) -> None:
    """Give a class's container what its new version was filled with, and leave what others have put
    into it since; `removed` are names that its body binds no longer."""
    pairing.keep(old, new)
    pairing.later(lambda: _refill(pairing, old, new, removed))


def _refill(pairing: Pairing, old: Any, new: Any, removed: Set[str]) -> None:
    resolve = pairing.resolve
    if type(old) is dict:
        after: Dict[Any, Any] = {key: resolve(value) for key, value in raw.items(new)}
        for key, value in raw.items(old):
            if key not in after and not _names(key, removed):
                after[key] = value
        pairing.step.content(old, pairing.step.own(after))
        return
    both = [resolve(one) for one in new]
    there = {id(one) for one in both} | {one for one in both if type(one) is str}
    for one in list(old):
        if id(one) not in there and not (type(one) is str and one in there):
            both += [] if _names(one, removed) else [one]
    if type(old) is list:
        pairing.step.elements(old, both)
    else:
        pairing.step.content(old, pairing.step.own(set(both)))


def _names(value: Any, names: Set[str]) -> bool:
    return type(value) is str and value in names
