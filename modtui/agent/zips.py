"""Reading a member of a zip archive afresh; a zipimporter serves garbage once it was rewritten.

Only what zipimport itself can import: stored and deflated members, no zip64, no encryption
(PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16).
"""

from __future__ import annotations

from . import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

MAX_COMMENT = 1 << 16
STORED, DEFLATED = 0, 8
LARGEST = 1 << 30  # bytes of an archive


def split_path(path: str) -> Optional[Tuple[str, str]]:
    """(archive, member) of a path that leads into an archive; None when there is no archive."""
    archive = disk.archive_of(path)
    return None if archive is None else (archive, path[len(archive) + 1 :])


def read(archive: str, member: str) -> bytes:
    """The bytes of a member. Raises OSError when there is none, or it cannot be read."""
    data, _, sure = disk.read(archive, LARGEST)
    if not sure:
        raise OSError("%s is being written" % archive)
    try:
        found = _find(data, member.replace("\\", "/"))
        if found is None:
            raise OSError("there is no %s in %s" % (member, archive))
        return _extract(data, *found)
    except (IndexError, ValueError) as error:
        raise OSError("%s is damaged: %s" % (archive, error)) from None


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _find(data: bytes, member: str) -> Optional[Tuple[int, int, int]]:
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - MAX_COMMENT - 22))
    if end < 0:
        raise ValueError("it is not a zip archive")
    size, start = _number(data, end + 12, 4), _number(data, end + 16, 4)
    shift = end - size - start  # what was put in front of the archive, a launcher say
    at = start + shift
    while data[at : at + 4] == b"PK\x01\x02":
        name_size, extra = _number(data, at + 28, 2), _number(data, at + 30, 2)
        name = data[at + 46 : at + 46 + name_size]
        encoding = "utf-8" if _number(data, at + 8, 2) & 0x800 else "cp437"
        if name == member.encode("utf-8") or name == _encoded(member, encoding):
            return (
                _number(data, at + 42, 4) + shift,
                _number(data, at + 10, 2),
                _number(data, at + 20, 4),
            )
        at += 46 + name_size + extra + _number(data, at + 32, 2)
    return None


def _encoded(member: str, encoding: str) -> Optional[bytes]:
    try:
        return member.encode(encoding)
    except (UnicodeError, LookupError):
        return None


def _extract(data: bytes, at: int, method: int, size: int) -> bytes:
    if data[at : at + 4] != b"PK\x03\x04":
        raise ValueError("a member is not where the directory says")
    begin = at + 30 + _number(data, at + 26, 2) + _number(data, at + 28, 2)
    body = data[begin : begin + size]
    if method == STORED:
        return body
    if method != DEFLATED:
        raise ValueError("unknown method of compression")
    from zlib import decompressobj, error

    reader = decompressobj(-15)
    try:
        text = reader.decompress(body, disk.LARGEST)
    except error as problem:
        raise ValueError(str(problem)) from None
    if not reader.eof:
        raise ValueError("a member is cut off, or too large")
    return text
