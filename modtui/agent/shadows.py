"""What an import would find first now, as importlib's path finder looks; nothing is loaded."""

from __future__ import annotations

import sys

from . import raw
from .system import SEPARATORS, os, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional

    from .entries import Entry


def found_first(entry: Entry) -> Optional[str]:
    """The path that an import of this name would be loaded from now, if it is not the entry's own.

    None where it is the same, where nothing is found, or where no search path is known.
    """
    own = entry.file or entry.origin
    if own is None or entry.name == "__main__" or entry.loader_status is None:
        return None
    for candidate in _candidates(entry.name):
        state = _state(candidate)
        if state is not None:
            mine = _state(own)
            return None if mine is None or mine == state else candidate
    return None


def _candidates(name: str) -> Iterator[str]:
    last = name.rpartition(".")[2]
    endings = [*_extension_endings(), ".py", ".pyc"]
    for folder in _search_path(name):
        base = "%s/%s" % (folder.rstrip(SEPARATORS) or "", last) if folder else last
        # A package comes before a module of its name.
        for ending in endings:
            yield "%s/__init__%s" % (base, ending)
        for ending in endings:
            yield base + ending


def _extension_endings() -> List[str]:
    function = raw.get(raw.namespace("_imp"), "extension_suffixes")
    kind: object = type(function)
    if kind is not raw.BuiltinFunctionType:
        return []
    return raw.exact_strs(function())


def _search_path(name: str) -> List[str]:
    parent = name.rpartition(".")[0]
    if not parent:
        return raw.exact_strs(raw.get(raw.module_dict(sys), "path"))
    locations = raw.get(raw.namespace(parent), "__path__")
    if type(locations) is not list:
        locations = raw.attribute(locations, "_path")  # importlib's _NamespacePath
    return raw.exact_strs(locations)


def _state(path: str) -> object:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def source_beside(entry: Entry) -> Optional[str]:
    """The Cython source that lies beside an extension module; None without one."""
    if entry.status != "extension" or entry.file is None:
        return None
    folder, file = split(entry.file)
    path = "%s/%s.pyx" % (folder, file.partition(".")[0])
    return path if _state(path) is not None else None
