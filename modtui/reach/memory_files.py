"""The files without a name that payloads travel in, as open descriptors of the target."""

from __future__ import annotations

import os
import re

from modtui.reach import proc
from modtui.reach.delivery import Parcel
from modtui.reach.errors import NoSuchProcess

_MEMORY_FILE = re.compile(r"/memfd:modtui:(\d+):(\d+)")
MOST_ORPHANS = 4  # closed at one stop; the next attach closes the next


def own_mark() -> str:
    """The name of our memory files: who made them."""
    return f"modtui:{os.getpid()}:{proc.Proc(os.getpid()).start_ticks}"


def orphans(process: proc.Proc) -> list[int]:
    """The target's descriptors of memory files whose inspector was killed in the middle."""
    found = []
    for name in os.listdir(f"{process.folder}/fd"):
        try:
            link = os.readlink(f"{process.folder}/fd/{name}")
        except OSError:
            continue
        match = _MEMORY_FILE.match(link)
        if match is not None and not _lives(int(match[1]), int(match[2])):
            found.append(int(name))
    return found[:MOST_ORPHANS]


def _lives(pid: int, start: int) -> bool:
    try:
        return proc.Proc(pid).start_ticks == start
    except NoSuchProcess:
        return False


def is_open(process: proc.Proc, parcel: Parcel) -> bool:
    """Has the target that parcel's file open still, under the number that it was made with?"""
    if parcel.file < 0 or parcel.descriptor is None:
        return False
    try:
        theirs = os.stat(f"{process.folder}/fd/{parcel.file}")
    except OSError:
        return False
    return os.path.samestat(theirs, os.fstat(parcel.descriptor))
