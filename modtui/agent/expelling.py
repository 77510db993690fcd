"""After a failure: taking what the failed text made out of the registries that it was put into."""

from __future__ import annotations

import gc

from . import raw
from .batch import MISSING, Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set

MOST = 2_000  # new objects that are looked for


def expel(made: List[Any], spaces: Set[int], modules: Set[str], before: List[Any]) -> None:
    """Remove new functions and classes of these modules from dicts, lists and sets.

    `made` is what was made since, `spaces` are the ids of the modules' namespaces. `before` are
    functions and classes that were there: one of the same name takes the place of a new one in a
    dict.
    """
    new: Dict[int, Any] = {}
    for one in made:
        if _is_of(one, spaces, modules) and len(new) < MOST:
            new[id(one)] = one
    old = {_name(one): one for one in reversed(before)}
    if not new:
        return
    for _ in range(2):  # a second time for what holds tuples of them
        step = Batch()
        tuples: List[Any] = []
        for holder in _holders(list(new.values())):
            _clean(step, holder, new, old, tuples)
        step.commit()
        if not tuples:
            return
        new = {id(one): one for one in tuples}


def _is_of(one: Any, spaces: Set[int], modules: Set[str]) -> bool:
    if type(one) is raw.FunctionType:
        space = one.__globals__
        # A staging namespace is no exact dict; its functions are all new.
        return id(space) in spaces or getattr(space, "live", None) is not None
    return raw.is_class(one) and raw.class_module(one) in modules


def _name(one: Any) -> str:
    return raw.class_qualname(one) if raw.is_class(one) else str(one.__qualname__)


def _holders(objects: List[Any]) -> Iterator[Any]:
    for start in range(0, len(objects), 8):
        batch = objects[start : start + 8]
        for one in gc.get_referrers(*batch):
            if one is not objects and one is not batch:
                yield one


def _clean(step: Batch, holder: Any, new: Dict[int, Any], old: Any, tuples: List[Any]) -> None:
    kind = type(holder)
    if holder is new:
        return
    if kind is list:
        kept = [one for one in holder if id(one) not in new]
        if len(kept) != len(holder):
            step.elements(holder, kept)
    elif kind is set:
        for one in [one for one in holder if id(one) in new]:
            step.content(holder, {other for other in holder if other is not one})
    elif kind is dict and "__name__" not in holder and "__module__" not in holder:
        for key, value in raw.items(holder):
            if id(value) in new and type(key) is not int:
                instead = MISSING if type(value) is tuple else old.get(_name(value), MISSING)
                step.item(holder, key, instead)
    elif kind is tuple:
        tuples.append(holder)
