"""Generic functions (`functools.singledispatch`): overloads that the new text has not are to go."""

from __future__ import annotations

import gc

from . import raw
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from .pairing import Pairing
    from .selecting import Selection

_BOUND = raw.ids(staticmethod, classmethod)


def is_generic(value: Any) -> bool:
    """Whether a value is a function with overloads."""
    return type(value) is raw.FunctionType and {"registry", "dispatch"} <= set(value.__dict__)


def is_registry(mapping: Dict[Any, Any]) -> bool:
    """Whether a dict in a closure is that of a generic function: it has what serves any object."""
    return any(key is object for key in mapping)


def drop(pairing: Pairing, old: Dict[Any, Any], new: Dict[Any, Any]) -> None:
    """Take out of a registry what only the old text of the module registered there."""
    kept = {id(pairing.resolve(key)) for key in new}
    for key, value in raw.items(old):
        if id(key) not in kept and _is_overload(pairing, value):
            pairing.step.item(old, key, MISSING)


def _is_overload(pairing: Pairing, value: Any) -> bool:
    """Whether the old text's top level, or one of its classes, defines that function."""
    function = value.__func__ if id(type(value)) in _BOUND else value
    if not pairing.is_old(function):
        return False
    if pairing.old_paths is None:
        return "<locals>" not in function.__qualname__
    way = pairing.old_paths.path_of(function.__code__)
    return way is not None and pairing.old_paths.is_static(way)


class Elsewhere:
    """The generic functions of other modules of which a text registers all its overloads again;
    to be made before it does."""

    def __init__(self, selection: Selection, live: Dict[Any, Any]) -> None:
        self._found: List[Tuple[Dict[Any, Any], Dict[Any, Any]]] = []
        self._caches: List[Dict[Any, Any]] = []
        for name in sorted(selection.generic - selection.made):
            attributes = live[name].__dict__
            for registry in gc.get_referents(attributes["registry"]):
                if type(registry) is dict:
                    self._found.append((registry, registry.copy()))
            cache = getattr(attributes.get("_clear_cache"), "__self__", None)
            known = (raw.instance_dict(cache) or {}).get("data")
            if type(known) is dict:
                self._caches.append(known)

    def make_steps(self, pairing: Pairing) -> None:
        """Drop what was not registered again; undoing brings back what was there."""
        pairing.cleared += self._caches
        for registry, before in self._found:
            after = {
                key: pairing.resolve(value)
                for key, value in raw.items(registry)
                if not _is_overload(pairing, value)
            }
            pairing.step.content(registry, pairing.step.own(after), pairing.step.own(before))
