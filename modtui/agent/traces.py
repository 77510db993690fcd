"""Which modules may have imported from some others, by what they hold: so that not all the texts of
a large program are read to find the few whose imports matter.
"""

from __future__ import annotations

import sys
from itertools import chain

from . import hazards, raw
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Set

    from .foreign import Foreign

_PLAIN = raw.ids(int, str, float, bool, bytes, dict, list, set, tuple, type(None))
_dict_values = dict.values
_COMMON = raw.ids(None, True, False)  # which prove nothing
_SET_BY_IMPORT = frozenset(
    ("__builtins__", "__cached__", "__doc__", "__file__", "__loader__", "__name__")
    + ("__package__", "__path__", "__spec__", "__annotations__")
)


class Traces:
    """What modules hold that have imported from one of those with changed names.

    That is what such a name was bound to before, what stayed the same object but is not what it
    was, what else the changed modules have, an older version of it, or a changed module or a
    package on the way to it. Who imported only what was not there (and caught the error) holds none
    of these, nor does a star import that brought nothing: where that may be, every module may have
    imported.
    """

    def __init__(self, foreign: Foreign) -> None:
        self._everywhere = False
        self._ids: Set[int] = set()
        self._modules: Set[str] = set()
        self._versions: Set[Any] = set()  # of functions and classes
        self._globals: Set[int] = set()  # the ids of these functions' globals
        self._dull = set(_PLAIN)  # the ids of types whose instances tell nothing
        for _, name, values in foreign.changes():
            if name == "__all__" or any(one is None or one is MISSING for one in values):
                self._everywhere = True
            self._ids.update(map(id, values))
        self._ids |= foreign.same_ids()
        for module in {*foreign.sources(0), *foreign.said(0)}:
            self._note(module)

    def _note(self, module: str) -> None:
        for name, value in raw.items(raw.module_dict(sys.modules.get(module)) or {}):
            if type(name) is str and name not in _SET_BY_IMPORT and id(value) not in _COMMON:
                self._ids.add(id(value))
                self._versions.add(_definition(value))
                if type(value) is raw.FunctionType:
                    self._globals.add(id(value.__globals__))
        while module:
            self._modules.add(module)
            module = module.rpartition(".")[0]

    def are_in(self, *spaces: Dict[Any, Any]) -> bool:
        """Whether a module with one of these namespaces may have imported from one of them."""
        if self._everywhere:
            return True
        try:
            values = list(chain.from_iterable(map(_dict_values, spaces)))
        except RuntimeError:  # one of them has changed its size meanwhile
            return True
        if not self._ids.isdisjoint(map(id, values)):
            return True
        dull, function, theirs = self._dull, raw.FunctionType, self._globals
        possible = [
            one
            for one in values
            if id(type(one)) not in dull
            and (type(one) is not function or id(one.__globals__) in theirs)
        ]
        if any(map(self._is_one, possible)):
            return True
        return any(map(hazards.being_imported, spaces))  # then nobody knows what it will hold

    def _is_one(self, value: Any) -> bool:
        if type(value) is raw.FunctionType or raw.is_class(value):
            return _definition(value) in self._versions
        if raw.is_module(value):
            return raw.get(raw.module_dict(value), "__name__") in self._modules
        self._dull.add(id(type(value)))
        return False


def _definition(value: Any) -> Any:
    """What a function or a class has in common with its older versions; None of anything else."""
    if type(value) is raw.FunctionType:
        return id(value.__globals__), value.__qualname__
    return (raw.class_module(value), raw.class_qualname(value)) if raw.is_class(value) else None
