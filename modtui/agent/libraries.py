"""Extension modules: is the library that is mapped the file that lies at its path?

A file put in its place is compared with the mapping, by the build id that linkers write (ld(1),
`--build-id`) or, without one, by everything that is mapped read-only. An installer that puts the
same build there once more has changed nothing.
"""

from __future__ import annotations

import sys

from . import disk
from .system import is_absolute, os, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Tuple

    Mapping = Tuple[int, int]  # where it begins in memory, and its file's inode
    Read = Callable[[int, int], bytes]  # of so many bytes at an offset in the file as it was linked

_HEADER = 64  # bytes of an Elf64_Ehdr, elf(5)
_LOAD, _NOTE = 1, 4  # p_type
_WRITABLE = 2  # p_flags
_BUILD_ID = 3  # n_type of a note of "GNU"
_MOST_NOTES = 1 << 16  # bytes of notes that are read
_BLOCK = 1 << 20  # bytes that are compared at once


def mapped() -> Dict[str, Mapping]:
    """Where each file that this process has mapped begins (Linux, proc_pid_maps(5)), by path.

    Of a file that was deleted the path ends in " (deleted)". Empty where there is no such list.
    """
    try:
        data = read("/proc/self/maps", in_pieces=True)
    except OSError:
        return {}
    found: Dict[str, Mapping] = {}
    for line in data.splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5][:1] == b"/" and int(fields[2], 16) == 0:
            path = fields[5].decode(sys.getfilesystemencoding(), "surrogateescape")
            found.setdefault(path, (int(fields[0].split(b"-")[0], 16), int(fields[4])))
    return found


def replaced(path: str, maps: Dict[str, Mapping]) -> Optional[str]:
    """Why the mapped library is not the file at that path any more; None if nothing says so."""
    try:
        status = os.stat(path)
    except OSError as error:
        if path + " (deleted)" in maps:
            return "the library that is mapped was deleted"
        moved = maps and disk.is_gone(error) and is_absolute(path)
        return "the library that is mapped was moved away" if moved else None
    old = maps.get(path + " (deleted)")
    if old is None or old[1] == status.st_ino or path in maps:
        return None
    if _same_build(old[0], path):
        return None
    return "the library that is mapped was replaced by another build"


def overwritten(path: str, maps: Dict[str, Mapping], since_ns: Optional[int]) -> bool:
    """Whether the very file that is mapped was written after that time."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    same = path in maps and maps[path][1] == status.st_ino
    return same and since_ns is not None and status.st_mtime_ns + disk.CLOCK_LAG_NS > since_ns


def _same_build(start: int, path: str) -> bool:
    """Whether the library mapped there was made from a file like this one; False if not known."""
    descriptors: List[int] = []

    def reader(of: str, at: int) -> Read:
        descriptor = disk.opened(of)
        descriptors.append(descriptor)
        return lambda offset, size: os.pread(descriptor, size, at + offset)

    try:
        memory, file = reader("/proc/self/mem", start), reader(path, 0)
        return _equal(memory, file)
    except (OSError, ValueError, OverflowError):
        return False
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _equal(memory: Read, file: Read) -> bool:
    segments = _segments(memory)
    if not segments or segments != _segments(file):
        return False
    ours, theirs = _build_id(memory, segments, True), _build_id(file, segments, False)
    if ours is not None or theirs is not None:
        return ours == theirs
    return all(
        memory(address + at, min(_BLOCK, size - at)) == file(offset + at, min(_BLOCK, size - at))
        for kind, flags, offset, address, size in segments
        if kind == _LOAD and not flags & _WRITABLE
        for at in range(0, size, _BLOCK)
    )


def _segments(of: Read) -> List[Tuple[int, int, int, int, int]]:
    """(type, flags, offset, address, size) of each segment; none if this is no 64-bit ELF."""
    header = of(0, _HEADER)
    if len(header) < _HEADER or header[:6] != b"\x7fELF\x02\x01":
        return []
    first, size, count = _number(header, 32, 8), _number(header, 54, 2), _number(header, 56, 2)
    table = of(first, size * count)
    return [
        (
            _number(table, at, 4),
            _number(table, at + 4, 4),
            _number(table, at + 8, 8),
            _number(table, at + 16, 8),
            _number(table, at + 32, 8),
        )
        for at in range(0, len(table) - size + 1, size)
    ]


def _build_id(
    of: Read, segments: List[Tuple[int, int, int, int, int]], in_memory: bool
) -> Optional[bytes]:
    for kind, _, offset, address, size in segments:
        if kind == _NOTE and size <= _MOST_NOTES:
            found = _gnu_note(of(address if in_memory else offset, size))
            if found is not None:
                return found
    return None


def _gnu_note(notes: bytes) -> Optional[bytes]:
    at = 0
    while at + 12 <= len(notes):
        name, size, kind = (_number(notes, at + more, 4) for more in (0, 4, 8))
        value = at + 12 + (name + 3 & ~3)
        if kind == _BUILD_ID and notes[at + 12 : at + 16] == b"GNU\0":
            return notes[value : value + size]
        at = value + (size + 3 & ~3)
    return None


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
