"""What a reload's report says of a module: an empty form, and which names became what."""

from __future__ import annotations

import sys

from . import holders, loading, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from . import shapes
    from .planning import Step

_VALUES = raw.ids(int, float, str, bytes)


def new_report(name: str) -> shapes.ModuleReport:
    """The report of a module to which nothing happened yet."""
    return {
        "name": name,
        "ok": True,
        "replaced": False,
        "error": None,
        "names": _no_names(),
        "left_behind": holders.nothing(),
        "patched": {},
        "could_not_patch": [],
        "output": "",
        "warnings": [],
        "seconds": 0.0,
    }


def names_report(before: Dict[Any, Any], after: Dict[Any, Any], step: Step) -> shapes.NamesReport:
    """Which names came, changed their object, kept it, or were left over from the old text."""
    # What is no name of the new code was not bound by it; `import *` nobody can tell.
    bound = None if step.code is None else set(step.code.co_names)
    if bound is not None and loading.has_star(step.code):
        bound = None
    names = _no_names()
    for name, value in raw.items(after):
        if type(name) is not str or (name.startswith("__") and name.endswith("__")):
            continue
        if name not in before:
            names["added"].append(name)
        elif before[name] is not value and not _same_value(before[name], value):
            names["changed"].append(name)
        elif bound is None or name in bound or _is_submodule(step.name, name, value):
            names["unchanged"].append(name)
        else:
            names["kept_from_before"].append(name)
    return names


def _no_names() -> shapes.NamesReport:
    return {
        "added": [],
        "changed": [],
        "in_place": [],
        "removed": [],
        "unchanged": [],
        "kept_from_before": [],
    }


def _same_value(before: Any, after: Any) -> bool:
    # A number or a text that is another object with the same value: nobody can tell them apart.
    return type(before) is type(after) and id(type(after)) in _VALUES and bool(before == after)


def _is_submodule(module: str, name: str, value: Any) -> bool:
    return sys.modules.get("%s.%s" % (module, name)) is value and raw.is_module(value)
