"""Addresses of symbols in an ELF file, read from the file and nothing else (System V gABI, ch. 5).

Only what is needed to find a handful of functions by name: the dynamic symbols, and the plain
symbol table when the file has one.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass

PT_LOAD = 1
PT_INTERP = 3
SHT_SYMTAB, SHT_DYNSYM = 2, 11
MACHINES = {62: "x86_64", 183: "aarch64", 3: "i386", 40: "arm", 243: "riscv"}


class BadElf(ValueError):
    """Not an ELF file that we can read."""


@dataclass(frozen=True)
class Symbol:
    """An address relative to the start of the image, and a size in bytes."""

    value: int
    size: int


@dataclass(frozen=True)
class Elf:
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
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_size < 64:
            raise BadElf("too short")
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as data:
            try:
                return _read(data, wanted, optional, exported_only)
            except (struct.error, IndexError) as error:
                raise BadElf(str(error)) from None
    finally:
        os.close(descriptor)


def _read(
    data: mmap.mmap, wanted: frozenset[str], optional: frozenset[str], exported_only: bool
) -> Elf:
    if data[:4] != b"\x7fELF":
        raise BadElf("no ELF header")
    if data[5] != 1:
        raise BadElf("big-endian")
    machine = MACHINES.get(struct.unpack_from("<H", data, 18)[0], "unknown")
    if data[4] != 2:
        return Elf(machine, 32, 0, {})
    program, sections = struct.unpack_from("<QQ", data, 32)
    program_size, program_count, section_size, section_count = struct.unpack_from("<HHHH", data, 54)
    lowest = None
    for number in range(program_count):
        kind, _, _, address = struct.unpack_from("<IIQQ", data, program + number * program_size)
        if kind == PT_LOAD and (lowest is None or address < lowest):
            lowest = address
    base = (lowest or 0) & ~0xFFF
    symbols: dict[str, Symbol] = {}
    for table in (SHT_DYNSYM,) if exported_only else (SHT_DYNSYM, SHT_SYMTAB):
        for number in range(section_count):
            at = sections + number * section_size
            if struct.unpack_from("<I", data, at + 4)[0] == table:
                _table(data, sections, section_size, at, base, wanted | optional, symbols)
        if wanted <= symbols.keys():
            break
    return Elf(machine, 64, base, symbols)


def _table(
    data: mmap.mmap,
    sections: int,
    section_size: int,
    at: int,
    base: int,
    wanted: frozenset[str],
    found: dict[str, Symbol],
) -> None:
    """Search from the names to the symbols: a walk over all symbols takes ten times as long."""
    offset, size, link = struct.unpack_from("<QQI", data, at + 24)
    strings, strings_size = struct.unpack_from("<QQ", data, sections + link * section_size + 24)
    for name in wanted - found.keys():
        text = name.encode() + b"\0"
        place = data.find(text, strings, strings + strings_size)
        while place >= 0:  # the end of a longer name may be shared, so any place will do
            symbol = _symbol_named(data, offset, size, place - strings)
            if symbol is not None:
                found[name] = Symbol(symbol.value - base, symbol.size)
                break
            place = data.find(text, place + 1, strings + strings_size)


def _symbol_named(data: mmap.mmap, offset: int, size: int, index: int) -> Symbol | None:
    wanted = struct.pack("<I", index)
    at = data.find(wanted, offset, offset + size)
    while at >= 0:
        if (at - offset) % 24 == 0:
            section, value, length = struct.unpack_from("<HQQ", data, at + 6)
            if section:
                return Symbol(value, length)
        at = data.find(wanted, at + 1, offset + size)
    return None


def file_offset(data: mmap.mmap, address: int) -> int | None:
    """Where in a 64-bit file the byte at that (unrelocated) address is."""
    program = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        at = program + number * size
        kind, _, offset, start, _, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind == PT_LOAD and start <= address < start + length:
            return int(offset + address - start)
    return None
