"""Instances that lack what the new code relies on: attributes that only the new `__init__` sets."""

from __future__ import annotations

from . import bytecode, hooks, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set, Tuple

    from .pairing import Pairing

    Added = List[Tuple[Tuple[str, ...], Set[str]]]  # (names that lead to the class, attributes)

_FIELDS = "__dataclass_fields__"


def added(pairing: Pairing, functions: List[Any]) -> Added:
    """What new `__init__`s set and the old ones, among the live functions, did not.

    Asked before the patch is committed.
    """
    found: Added = []
    for old, new in pairing.merged:
        before, after = (raw.get(raw.class_dict(one), _FIELDS) for one in (old, new))
        if type(before) is dict and type(after) is dict and set(after) - set(before):
            found.append((tuple(raw.class_qualname(new).split(".")), set(after) - set(before)))
        elif raw.derives(new, tuple):
            more = _tuple_fields(new) - _tuple_fields(old)
            if more:
                found.append((tuple(raw.class_qualname(new).split(".")), more))
    for function in functions:
        if function.__code__.co_name == "__init__":
            way = pairing.old_way(function)
            code = pairing.paths.by_path[way] if way is not None else None
            if code is None or not pairing.paths.is_static(way):
                continue
            names = tuple(name for name, _ in way[:-1] if not name.startswith("<"))
            more = _set_by(code) - _set_by(function.__code__)
            if names and more:
                found.append((names, more))
    return found


def _tuple_fields(cls: Any) -> Set[str]:
    fields = (raw.class_dict(cls) or {}).get("_fields")
    return {name for name in fields if type(name) is str} if type(fields) is tuple else set()


def _set_by(code: Any) -> Set[str]:
    """The attributes that a method sets on its first argument."""
    found: Set[str] = set()
    this = code.co_varnames[0] if code.co_varnames else None
    before: Any = ("",)
    for _, token in bytecode.tokens(code):
        if token[0] == "STORE_ATTR" and (before[-1] == this or before[0].endswith("DEREF")):
            found.add(token[1])
        before = token
    return found


def complaints(live: Dict[Any, Any], wanted: Added) -> List[Dict[str, str]]:
    """What to say of instances that are there and have not got these attributes."""
    found: List[Dict[str, str]] = []
    for names, attributes in wanted:
        cls: Any = live.get(names[0])
        for name in names[1:]:
            cls = (raw.class_dict(cls) or {}).get(name)
        if not raw.is_class(cls):
            continue
        counts: Dict[str, int] = {}
        for one in hooks.instances_of([cls]):
            for name in attributes - set(raw.instance_dict(one) or {}):
                if _lacks(one, name):
                    counts[name] = counts.get(name, 0) + 1
        if counts:
            found.append(_complaint(cls, counts))
    return found


def _lacks(instance: Any, name: str) -> bool:
    if raw.derives(type(instance), tuple):
        fields = getattr(type(instance), "_fields", ())
        return name in fields and tuple.__len__(instance) <= fields.index(name)
    return not any(name in (raw.class_dict(base) or {}) for base in raw.mro(type(instance)))


def _complaint(cls: Any, counts: Dict[str, int]) -> Dict[str, str]:
    missing = ", ".join(sorted(counts))
    why = (
        "they were made by the old __init__ and have no attribute %s"
        " (a method __modtui_upgrade__ can set it)" % missing
    )
    if raw.derives(cls, tuple):
        why = "they are tuples of the old length and have no field %s" % missing
    what = "%d instance(s) of %s" % (max(counts.values()), raw.class_qualname(cls))
    return {"what": what, "why": why}
