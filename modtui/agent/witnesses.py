"""The pyc that a module was loaded from: found, judged, and copied away before it is overwritten.

Any import of an edited file by anybody writes its pyc anew. So the pycs of touched files are copied
at first sight, and again before anything is reloaded.
"""

from __future__ import annotations

import sys

from . import capture, codes, disk, pycs, raw, sources
from .deciding import Witness
from .system import os, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

    from .cases import Case

MAX_BYTES = 32_000_000  # packed, of all copies
W_OK = 2  # of access(2)


class _Copy:
    __slots__ = ("early", "old", "packed", "tie")

    def __init__(self, case: Case, data: bytes, old: bool, early: bool) -> None:
        self.tie, self.packed = capture.Tie(case.entry.value), capture.pack(data)
        self.old, self.early = old, early


_copies: Dict[str, _Copy] = {}
_useless: Dict[str, object] = {}  # the states of file and pyc in which there was nothing to copy


def copy_away(case: Case) -> bool:
    """Keep the pyc of a file, if it may be of the text as loaded. Whether it is kept."""
    name = case.entry.name
    kept = _copies.get(name)
    if kept is not None and kept.tie.holds(case.entry.value):
        return True
    if case.pyc_stamp is None or _useless.get(name) == case.key:
        return False
    header = pycs.header(case.pyc_path or "")
    old, early = _is_old(case), _is_early(case)
    if header is None or (not old and not early and header.is_of(case.stamp)):
        _useless[name] = case.key  # of the file as it is now, whoever wrote it
        return False
    try:
        data, _, sure = disk.read(case.pyc_path or "")
    except (OSError, ValueError):
        return False
    if not sure or sum(len(each.packed) for each in _copies.values()) > MAX_BYTES:
        return False
    _copies[name] = _Copy(case, data, old, early)
    return True


def _is_old(case: Case) -> bool:
    """Whether nobody can have written the pyc since the module was loaded."""
    if case.after_ns is None or case.pyc_path is None:
        return False
    try:
        return disk.Paths().look(case.pyc_path)[1] < case.after_ns
    except (OSError, ValueError):
        return False


def _is_early(case: Case) -> bool:
    """Whether the pyc was there before the file was last touched."""
    return case.pyc_stamp is not None and case.pyc_stamp[4] < case.stamp[4]


def find(case: Case, live: codes.Live) -> Optional[Witness]:
    """The pyc that the module was loaded from, as far as can be told; None without one."""
    found = _bytes(case)
    if found is None:
        return None
    data, old, early = found
    try:
        code, header = pycs.code_of(data), pycs.Header(data)
    except (ValueError, EOFError, TypeError):
        return None
    if type(code) is not raw.CodeType:
        return None
    if live:
        if not codes.Comparison(live, codes.Tree(code)).all_exact:
            return None
    elif not old:
        return None
    # Had it not been of the file when that was imported, it would have been written anew.
    certain = header.unchecked or _are_written(case.pyc_path or "")
    dated = not certain and not fits(case, header)
    return Witness(data, code, old=old, sure=old and certain, early=early, dated=dated)


def _bytes(case: Case) -> Optional[Tuple[bytes, bool, bool]]:
    """The pyc's bytes, whether it is older than the module, and than the last touch of the file."""
    if copy_away(case):
        kept = _copies[case.entry.name]
        return capture.unpack(kept.packed), kept.old, kept.early
    pyc = None if case.pyc_path is None else pycs.read(case.pyc_path)
    return None if pyc is None else (pyc.data, _is_old(case), _is_early(case))


def _are_written(path: str) -> bool:
    """Whether this process writes pycs there when it imports."""
    if raw.get(raw.module_dict(sys), "dont_write_bytecode") or sys.flags.dont_write_bytecode:
        return False
    try:
        return os.access(split(path)[0] or ".", W_OK)
    except (OSError, ValueError):
        return False


def fits(case: Case, header: pycs.Header) -> bool:
    """Whether a pyc is of the file as it is now, going by its header."""
    if not header.hash_based:
        return header.is_of(case.stamp)
    _, data, _ = sources.read_source(case.entry)
    return data is not None and pycs.source_hash(data) == header.hash
