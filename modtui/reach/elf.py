"""Addresses of symbols in an ELF file, read from the file and nothing else (System V gABI, ch. 5).

Only what is needed to find a handful of functions by name: the dynamic symbols, and the plain
symbol table when the file has one. The file may be anybody's: it is read and not mapped, as who
shortens a mapped file kills its reader, and nothing in it makes us read or search without an end.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import NamedTuple

PT_LOAD = 1
PT_INTERP = 3
SHT_SYMTAB, SHT_DYNSYM = 2, 11
LARGEST = 256 << 20  # bytes of one part
MOST_PLACES = 100  # at which a name is looked for in a table of names
MACHINES = {62: "x86_64", 183: "aarch64", 3: "i386", 40: "arm", 243: "riscv"}


class BadElf(ValueError):
    """Not an ELF file that we can read."""


class Symbol(NamedTuple):
    """An address relative to the start of the image, and a size in bytes."""

    value: int
    size: int


class Elf(NamedTuple):
    """What we need to know of one file."""

    machine: str
    bits: int
    base: int  # the lowest address that it asks to be loaded at, rounded down to its page
    symbols: dict[str, Symbol]


def read(
    path: str,
    wanted: frozenset[str],
    optional: frozenset[str] = frozenset(),
    exported_only: bool = False,
) -> Elf:
    """Look up symbols by name in the file at `path`. Raises OSError and BadElf.

    The plain symbol table is looked at only if the dynamic one lacks one of `wanted`, and not with
    `exported_only`.
    """
    with File(path) as file:
        try:
            return _read(file, wanted, optional, exported_only)
        except (struct.error, IndexError) as error:
            raise BadElf(str(error)) from None


class File:
    """A regular file that is open to be read, as a context manager. Raises OSError and BadElf."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size < 64:
            os.close(self._descriptor)
            raise BadElf("too short")
        self.size = found.st_size

    def __enter__(self) -> File:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    def at(self, offset: int, size: int) -> bytes:
        """So many bytes from there, less at its end."""
        if not (0 <= offset < self.size and 0 <= size <= LARGEST):
            raise BadElf("a part of it is not where it should be")
        return os.pread(self._descriptor, size, offset)

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Numbers from there."""
        return struct.unpack(form, self.at(offset, struct.calcsize(form)))


def _read(file: File, wanted: frozenset[str], optional: frozenset[str], exported_only: bool) -> Elf:
    head = file.at(0, 64)
    if head[:4] != b"\x7fELF":
        raise BadElf("no ELF header")
    if head[5] != 1:
        raise BadElf("big-endian")
    machine = MACHINES.get(struct.unpack_from("<H", head, 18)[0], "unknown")
    if head[4] != 2:
        return Elf(machine, 32, 0, {})
    (place,) = struct.unpack_from("<Q", head, 40)
    size, count = struct.unpack_from("<HH", head, 58)
    lowest = min((start for _, start, _ in _loaded(file)), default=0)
    base = lowest & ~0xFFF
    symbols: dict[str, Symbol] = {}
    sections = [
        struct.unpack_from("<IIQQQQI", part)
        for part in (file.at(place + size * number, size) for number in range(count))
    ]
    for table in (SHT_DYNSYM,) if exported_only else (SHT_DYNSYM, SHT_SYMTAB):
        for _, kind, _, _, offset, length, link in sections:
            if kind == table:
                strings = file.at(*sections[link][4:6])
                _table(file.at(offset, length), strings, base, wanted | optional, symbols)
        if wanted <= symbols.keys():
            break
    return Elf(machine, 64, base, symbols)


def _loaded(file: File) -> list[tuple[int, int, int]]:
    """(offset in the file, address, length) of what is loaded."""
    (place,) = file.unpack("<Q", 32)
    size, count = file.unpack("<HH", 54)
    parts = [file.unpack("<IIQQQQ", place + size * number) for number in range(count)]
    return [(part[2], part[3], part[5]) for part in parts if part[0] == PT_LOAD]


def _table(
    entries: bytes, strings: bytes, base: int, wanted: frozenset[str], found: dict[str, Symbol]
) -> None:
    """Search from the names to the symbols: a walk over all symbols takes ten times as long."""
    for name in wanted - found.keys():
        text = name.encode() + b"\0"
        place = -1
        for _ in range(MOST_PLACES):  # the end of a longer name may be shared, so any place will do
            place = strings.find(text, place + 1)
            if place < 0:
                break
            symbol = _symbol_named(entries, place)
            if symbol is not None:
                found[name] = Symbol(symbol.value - base, symbol.size)
                break


def _symbol_named(entries: bytes, index: int) -> Symbol | None:
    wanted = struct.pack("<I", index)
    at = entries.find(wanted)
    while at >= 0:
        if at % 24 == 0 and at + 24 <= len(entries):
            section, value, length = struct.unpack_from("<HQQ", entries, at + 6)
            if section:
                return Symbol(value, length)
        at = entries.find(wanted, at + 1)
    return None


def file_offset(file: File, address: int) -> int | None:
    """Where in a 64-bit file the byte at that (unrelocated) address is."""
    for offset, start, length in _loaded(file):
        if start <= address < start + length:
            return offset + address - start
    return None
