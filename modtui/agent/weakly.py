"""Weak references to what a patch replaces: what executed statements put into a WeakSet, a
WeakKeyDictionary or a list of references is registered for the object that stays.
"""

from __future__ import annotations

import gc
import sys
from _weakref import ReferenceType, getweakrefcount, getweakrefs

from . import heap, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Set

    from .references import Replacing


_MOST_ROUNDS = 5  # tuples in tuples


def note(replacing: Replacing) -> List[Any]:
    """Note a reference to the object that stays for each one to what it replaces; returns these."""
    found = [one for new in replacing.keys() if getweakrefcount(new) for one in _held(new)]
    for one in found:
        replacing.put(one, _instead(one, replacing.resolve(one())))
    return found


def holders(
    found: List[Any], replacing: Replacing, young: List[Any], private: Callable[[], Set[int]]
) -> List[Any]:
    """What holds these references, or tuples with them."""
    own, held, inner = private(), [], found
    for _ in range(_MOST_ROUNDS if found else 0):
        referrers = gc.get_referrers(*inner)
        skip = own | heap.made_since(young)  # the arguments of that call among them
        some = [one for one in referrers if heap.is_holder(one, skip)]
        held += [one for one in some if not _of_subclasses(one, found)]
        # Tuples are made anew, and what holds them is to be found in turn.
        inner = [one for one in some if type(one) is tuple and id(one) not in replacing.by_id]
        replacing.settle(inner)
        inner = [one for one in inner if id(one) in replacing.by_id]
        if not inner:
            break
    return held


def _held(new: Any) -> List[Any]:
    found = []
    # A class is referenced by its bases, which know their subclasses so; here are `ref`, the list
    # and the call's argument besides.
    own = len(new.__bases__) + 3 if raw.is_class(new) else 0
    for ref in getweakrefs(new):
        if type(ref) is not ReferenceType and raw.class_name(type(ref)) != "KeyedRef":
            continue
        if ref.__callback__ is not None or sys.getrefcount(ref) > own:
            found.append(ref)
    return found


def _instead(ref: Any, stays: Any) -> Any:
    for one in getweakrefs(stays):
        if type(one) is type(ref) and one.__callback__ is ref.__callback__:
            if type(ref) is ReferenceType or one.key is ref.key:
                return one
    if type(ref) is ReferenceType:
        return ReferenceType(stays, ref.__callback__)
    return type(ref)(stays, ref.__callback__, ref.key)


def _of_subclasses(holder: Any, found: List[Any]) -> bool:
    """Whether a dict is a class's own of its subclasses, by their addresses."""
    if type(holder) is not dict:
        return False
    ids = set(map(id, found))
    return any(type(key) is int and id(value) in ids for key, value in raw.items(holder))
