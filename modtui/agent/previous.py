"""The code that a module runs now: what its text is compared with before it is executed again.

Either the text as loaded is known and compiled once more, or the .pyc that it was loaded from is
still there. A pyc is believed only if the live functions are in it and nobody can have written it
from a newer text.
"""

from __future__ import annotations

from . import baseline, capture, codes, disk, identity, loading, pycs, raw
from .errors import UnknownModule
from .system import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Optional, Tuple

    from .entries import Entry

# What the agent itself has executed: {name: (digest of the text, code)}. The recorder of imports
# knows the same texts; this saves compiling them again.
_executed: Dict[str, Tuple[str, Any]] = {}


def executed(name: str, data: Optional[bytes], code: Any) -> None:
    """Note that the module's namespace was brought to this text by a reload or a patch."""
    if data is None:
        _executed.pop(name, None)
        return
    digest = disk.digest(data)
    _executed[name] = (digest, code)
    baseline.reloaded(name, data, digest)


def code_for(entry: Entry, digest: str) -> Optional[CodeType]:
    """The code of the text with that digest, if it is at hand: executed before, or in the pyc.

    A pyc is taken only when the file cannot have been written after it was made: the import system
    itself goes by the whole second of the time of writing.
    """
    mine = _executed.get(entry.name)
    if mine is not None and mine[0] == digest and mine[1] is not None:
        return mine[1]  # type: ignore[no-any-return]
    path, source = pycs.path_for(entry), entry.source_file
    pyc = pycs.read(path) if path is not None and source is not None else None
    if pyc is None or source is None:
        return None
    try:
        stamp = disk.stamp(os.stat(source))
    except (OSError, ValueError):
        return None
    untouched = stamp[4] + disk.CLOCK_LAG_NS < pyc.stamp[3]
    if pyc.header.is_of(stamp) and untouched and pyc.code.co_filename == source:
        return pyc.code  # type: ignore[no-any-return]
    return None


def code_of(entry: Entry) -> Optional[CodeType]:
    """The whole module's code as it was executed last; None when nothing proves what it was."""
    known = capture.of(entry.name, entry.value)
    mine = _executed.get(entry.name)
    if known is not None and mine is not None and mine[0] == known.digest:
        return mine[1]  # type: ignore[no-any-return]
    try:
        text = baseline.loaded(entry.name)
    except UnknownModule:
        return None  # another thread has taken it out of sys.modules
    if text["data"] is not None and text["proof"] == "proved":
        return _compiled(entry, text["data"].encode("latin-1"))
    path = pycs.path_for(entry)
    pyc = pycs.read(path) if path is not None else None
    if pyc is not None and _believable(entry, pyc):
        return pyc.code  # type: ignore[no-any-return]
    return None


def _compiled(entry: Entry, data: bytes) -> Optional[CodeType]:
    loader = entry.loader_object
    if loader is None or not loading.reads_source(loader) or entry.source_file is None:
        return None
    try:
        return loader.source_to_code(data, entry.source_file)  # type: ignore[no-any-return]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _believable(entry: Entry, pyc: Any) -> bool:
    namespace = entry.namespace
    if namespace is None or not _functions_are_in(namespace, pyc.code):
        return False
    source = entry.source_file
    try:
        now = disk.stamp(os.stat(source)) if source is not None else None
    except (OSError, ValueError):
        return True  # the source is gone: nobody can have compiled a newer one
    if now is None or pyc.header.hash_based:
        return False
    # If it fits the text of now, somebody may have compiled the edited text since: unless nobody
    # has touched the file since this process began.
    return not pyc.header.is_of(now) or _untouched_since_start(now)


def _untouched_since_start(now: disk.Stamp) -> bool:
    started = identity.image_started()
    return started is not None and now[4] + disk.CLOCK_LAG_NS < int(started * 1e9)


def _functions_are_in(namespace: Dict[Any, Any], code: Any) -> bool:
    """Whether every function that the namespace directly holds and owns is in that code."""
    tree = codes.Tree(code)
    for _, value in raw.items(namespace):
        if type(value) is raw.FunctionType and value.__globals__ is namespace:
            if value.__code__.co_filename.startswith("<"):
                continue  # made by somebody's exec, a named tuple's for one
            if tree.find(value.__code__) not in ("exact", "moved"):
                return False
    return True
