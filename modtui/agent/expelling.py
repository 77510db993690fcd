"""After a failure: taking what the failed text made out of the registries that it was put into."""

from __future__ import annotations

import gc

from . import raw
from .batch import MISSING, Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set

MOST = 2_000  # new objects that are looked for


def expel(spaces: Set[int], modules: Set[str], known: Set[int]) -> None:
    """Remove new functions and classes of these modules from dicts, lists and sets.

    `spaces` are the ids of the modules' namespaces, `known` those of the objects that were there
    before. Where an old object of the same name is known, it takes the new one's place in a dict.
    """
    new: Dict[int, Any] = {}
    old: Dict[str, Any] = {}
    for one in _definitions(spaces, modules):
        if id(one) in known:
            old.setdefault(_name(one), one)
        elif len(new) < MOST:
            new[id(one)] = one
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


def _definitions(spaces: Set[int], modules: Set[str]) -> Iterator[Any]:
    for generation in range(3):
        for one in gc.get_objects(generation=generation):
            if type(one) is raw.FunctionType:
                space = one.__globals__
                # A staging namespace is no exact dict; its functions are all new.
                if id(space) in spaces or getattr(space, "live", None) is not None:
                    yield one
            elif raw.is_class(one) and raw.class_module(one) in modules:
                yield one


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
