"""Classes in other modules that were made from what a patched base class had: a dataclass takes its
bases' fields when it is made, a metaclass may take anything.
"""

from __future__ import annotations

import sys

from . import codes, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Set, Tuple

    from .pairing import Pairing

    Heir = Tuple[str, str]  # (module, name of the class)

_FIELDS = "__dataclass_fields__"
# Metaclasses that take nothing from a base but what inheritance gives, or whose bases stay as they
# are, or that a patch tells itself.
_HARMLESS = ("type", "ABCMeta", "EnumMeta", "EnumType", "_ProtocolMeta", "NamedTupleMeta")


def of(pairing: Pairing) -> List[Heir]:
    """The classes elsewhere that are to be made anew; asked before the patch is committed."""
    found: List[Heir] = []
    here = pairing.live.get("__name__")
    for old, new in pairing.merged:
        fields = not _same(_fields(old), _fields(new))
        values = not _same(_values(old), _values(new))
        if fields or values:
            _below(old, here, fields, values, found, set())
    return found


def _below(
    cls: Any, here: Any, fields: bool, values: bool, found: List[Heir], seen: Set[int]
) -> None:
    for sub in type.__subclasses__(cls):
        if id(sub) in seen:
            continue
        seen.add(id(sub))
        space = raw.class_dict(sub) or {}
        takes = (fields and _FIELDS in space) or (
            values and raw.class_name(type(sub)) not in _HARMLESS
        )
        module = raw.class_module(sub)
        name = raw.class_name(sub)
        if takes and module is not None and module != here:
            if raw.get(raw.module_dict(sys.modules.get(module)), name) is sub:
                found.append((module, name))
                continue  # what derives from it is told by its own patch
        _below(sub, here, fields, values, found, seen)


def _fields(cls: Any) -> List[Any]:
    """What a dataclass hands down: (name, default, factory, whether it is for `__init__`)."""
    found = (raw.class_dict(cls) or {}).get(_FIELDS)
    said: List[Any] = []
    for name, field in found.items() if type(found) is dict else ():
        said.append(name)
        said += [getattr(field, key, None) for key in ("default", "default_factory", "init")]
    return said


def _values(cls: Any) -> List[Any]:
    """The names in a class's body, annotated or bound to no code, each with its plain value."""
    space = raw.class_dict(cls) or {}
    said: List[Any] = []
    for name, value in space.items():
        if type(name) is str and not (name.startswith(("__", "_abc_")) or callable(value)):
            said += [name, value if id(type(value)) in _PLAIN else type(value)]
    notes = space.get("__annotations__")
    return said + (list(notes) if type(notes) is dict else [])


def _same(ours: List[Any], theirs: List[Any]) -> bool:
    return len(ours) == len(theirs) and all(
        one is other or codes._same_value(one, other) for one, other in zip(ours, theirs)
    )


_PLAIN = raw.ids(int, float, str, bytes, bool, tuple)
