"""Compiled files: where they are, what their headers say, and their code.

The format is PEP 552's: magic number, flags, then (mtime, size) or the hash of the source.
"""

from __future__ import annotations

import sys
from marshal import loads

from . import disk, raw
from .system import os, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .entries import Entry

HASH_BASED, CHECK_SOURCE = 1, 2


class Header:
    """The first 16 bytes of a pyc."""

    __slots__ = ("checked", "hash", "hash_based", "mtime", "size")

    def __init__(self, data: bytes) -> None:
        flags = int.from_bytes(data[4:8], "little")
        self.hash_based = bool(flags & HASH_BASED)
        self.checked = bool(flags & CHECK_SOURCE)
        self.hash = data[8:16] if self.hash_based else None
        self.mtime = int.from_bytes(data[8:12], "little")
        self.size = int.from_bytes(data[12:16], "little")

    @property
    def unchecked(self) -> bool:
        """Whether an import takes it without ever looking at the source."""
        return self.hash_based and not self.checked

    def is_of(self, stamp: disk.Stamp) -> bool:
        """Whether it was made from a file with this size and time of writing (whole seconds)."""
        return (
            not self.hash_based
            and self.mtime == (stamp[3] // 1_000_000_000) & 0xFFFFFFFF
            and self.size == stamp[2] & 0xFFFFFFFF
        )


class Pyc:
    """A compiled file, read whole."""

    __slots__ = ("code", "data", "header", "stamp")

    def __init__(self, header: Header, code: Any, stamp: disk.Stamp, data: bytes) -> None:
        self.header, self.code, self.stamp, self.data = header, code, stamp, data


def path_for(entry: Entry) -> Optional[str]:
    """Where the interpreter would look for an entry's pyc; None where it would not."""
    if entry.cached is not None:
        return entry.cached
    source = entry.source_file
    tag = raw.exact_str(sys.implementation.cache_tag)
    if source is None or tag is None or entry.name == "__main__":
        return None
    if raw.get(raw.module_dict(sys), "pycache_prefix") is not None:
        return None  # the spec says it, or nobody
    directory, file = split(source)
    level = sys.flags.optimize
    optimised = ".opt-%d" % level if level else ""
    stem = file.rpartition(".")[0] or file
    return "%s%s__pycache__/%s.%s%s.pyc" % (directory, "/" * bool(directory), stem, tag, optimised)


def header(path: str) -> Optional[Header]:
    """The header of a pyc of this interpreter; None when there is none."""
    try:
        descriptor = disk.opened(path)
    except (OSError, ValueError):
        return None
    try:
        data = os.read(descriptor, 16)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return Header(data) if len(data) == 16 and data[:4] == magic() else None


def read(path: str) -> Optional[Pyc]:
    """A pyc of this interpreter, unmarshalled; None when there is none or it is damaged."""
    try:
        data, stamp, sure = disk.read(path)
    except (OSError, ValueError):
        return None
    if not sure or len(data) < 16 or data[:4] != magic():
        return None
    try:
        code = code_of(data)
    except (ValueError, EOFError, TypeError, MemoryError):
        return None
    if type(code) is not raw.CodeType:
        return None
    return Pyc(Header(data), code, stamp, data)


def code_of(data: bytes) -> Any:
    """The object in the bytes of a whole pyc. Raises ValueError, EOFError and TypeError."""
    return loads(memoryview(data)[16:])


def magic() -> bytes:
    """The magic number of this interpreter's pycs."""
    external = raw.namespace("_frozen_importlib_external")
    found = raw.get(external, "MAGIC_NUMBER")
    return found if type(found) is bytes else b""


def source_hash(data: bytes) -> Optional[bytes]:
    """The hash of a source in hash-based pycs."""
    imp = raw.namespace("_imp")
    function: Any = raw.get(imp, "source_hash")
    kind: object = type(function)
    if kind is not raw.BuiltinFunctionType:
        return None
    key = int.from_bytes(magic(), "little")
    # importlib passes the raw magic number, which is the whole of its four bytes.
    value = function(key, data)
    return value if type(value) is bytes else None
