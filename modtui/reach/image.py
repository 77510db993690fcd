"""The Python inside of a process: which file holds it, which version, where its functions are."""

from __future__ import annotations

import functools
import os
import re
from typing import NamedTuple

from modtui.reach import elf
from modtui.reach.errand import FUNCTIONS
from modtui.reach.errors import NoPermission, NoSuchProcess, NotPython, Unsupported
from modtui.reach.proc import LIBPYTHON, PYPY, Mapping, Proc, has_ended

NEEDED = frozenset(
    (
        "_PyRuntime",
        "Py_AddPendingCall",
        "PyRun_SimpleString",
        "Py_IsInitialized",
        "PyGILState_Ensure",
        "PyGILState_Release",
        "PyGILState_GetThisThreadState",
        "Py_MakePendingCalls",
    )
)
# Names that changed in 3.13, the new one first.
CURRENT_STATE = ("PyThreadState_GetUnchecked", "_PyThreadState_UncheckedGet")
FINALIZING = ("Py_IsFinalizing", "_Py_IsFinalizing")
OPTIONAL = frozenset(
    (
        *CURRENT_STATE,
        *FINALIZING,
        *FUNCTIONS,
        "Py_Version",
        "_Py_DecRefShared",  # only free-threaded builds have it
        "Py_Initialize",
    )
)
OLDEST = (3, 8)
_MARK = frozenset(("_PyRuntime",))
_PATCH_TEXT = rb"\.\d{1,2}(?:(?:a|b|rc)\d+)?(?=\+?\x00)"
_NAMED = re.compile(r"python(\d)\.(\d+)")


class Image(NamedTuple):
    """A mapped file that holds a Python interpreter."""

    path: str  # where we can open it
    named: str  # as the target calls it
    start: int  # the address of its first byte in the target
    machine: str
    bits: int
    symbols: dict[str, elf.Symbol]
    version: str | None
    free_threaded: bool

    def address(self, *names: str) -> int:
        """Where the first of these symbols that it has is in the target; 0 if it has none."""
        for name in names:
            if name in self.symbols:
                return self.start + self.symbols[name].value
        return 0

    @property
    def minor(self) -> tuple[int, int] | None:
        """(major, minor), if it is known."""
        return parse(self.version)


def parse(version: str | None) -> tuple[int, int] | None:
    """(3, 12) of "3.12.1"."""
    if not version:
        return None
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def candidates(process: Proc) -> list[Mapping]:
    """The mappings of files that may hold the interpreter: libpython, then the executable."""
    seen: set[str] = set()
    libraries, executable = [], []
    for mapping in process.maps:
        if mapping.path in seen or not mapping.path.startswith("/"):
            continue
        seen.add(mapping.path)
        if LIBPYTHON.search(mapping.file):
            libraries.append(mapping)
        elif mapping.path == process.exe:
            executable.append(mapping)
    return libraries + executable


def find(process: Proc) -> Image:
    """The interpreter in that process. Raises NotPython, NoPermission, Unsupported."""
    other: Image | None = None
    unreadable = ""
    for mapping in candidates(process):
        path = process.open_path(mapping)
        try:
            facts = _facts(path, mapping.file, *_identity(path))
        except (OSError, elf.BadElf) as error:
            unreadable = f"{mapping.path}: {error}"
            continue
        image = Image(path, mapping.file, mapping.start - mapping.offset, *facts)
        if image.bits == 32 or "_PyRuntime" in image.symbols:
            return image
        if "Py_Initialize" in image.symbols:
            other = image
    _refuse(process, other, unreadable)
    raise AssertionError("unreachable")


def _refuse(process: Proc, other: Image | None, unreadable: str) -> None:
    pid = process.pid
    if process.ended():  # its memory goes first
        raise has_ended(pid)
    if any(PYPY.search(mapping.file) for mapping in process.maps if mapping.path):
        raise NotPython(
            f"process {pid} runs PyPy, and only CPython can be attached to",
            "call modtui.listen() in the program",
        )
    if other is not None:
        raise Unsupported(
            f"process {pid} runs Python {other.version or 'older than 3.7'}, and 3.8 is the oldest "
            "that can be attached to"
        )
    if unreadable:
        raise NotPython(f"the program of process {pid} cannot be read ({unreadable})")
    raise NotPython(
        f"process {pid} ({process.name}) does not run Python",
        "`modtui ps` lists the processes that do",
    )


def check(image: Image, process: Proc, machine: str) -> None:
    """Raise the refusal for an interpreter that cannot be reached by tracing."""
    pid = process.pid
    if image.bits == 32:
        raise Unsupported(f"process {pid} is a 32-bit program, and modtui traces 64-bit ones only")
    if image.machine != machine:
        raise Unsupported(f"process {pid} is a program for {image.machine}, run by an emulator")
    if image.minor is not None and image.minor < OLDEST:
        raise Unsupported(
            f"process {pid} runs Python {image.version}, and 3.8 is the oldest that can be "
            "attached to"
        )
    if image.free_threaded:
        raise Unsupported(
            f"process {pid} runs a free-threaded build of Python {image.version or ''}".rstrip()
            + ", which modtui does not attach to yet",
            "call modtui.listen() in the program",
        )
    missing = sorted(NEEDED - image.symbols.keys())
    if not image.address(*CURRENT_STATE):
        missing += CURRENT_STATE[:1]
    if missing:
        raise Unsupported(
            f"the interpreter of process {pid} ({image.named}) has no symbol {missing[0]}",
            "it was linked without exporting the C API; start it with `modtui run`",
        )


def _identity(path: str) -> tuple[int, int, int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=64)
def _facts(
    path: str, named: str, *_: int
) -> tuple[str, int, dict[str, elf.Symbol], str | None, bool]:
    found = elf.read(path, NEEDED, OPTIONAL)
    version = None
    if "_PyRuntime" in found.symbols or "Py_Initialize" in found.symbols:
        version = _version(path, named, found)
    return found.machine, found.bits, found.symbols, version, "_Py_DecRefShared" in found.symbols


def _version(path: str, named: str, found: elf.Elf) -> str | None:
    """The version that is written into the file: `Py_Version` since 3.11, else its text."""
    with elf.File(path) as file:
        symbol = found.symbols.get("Py_Version")
        offset = elf.file_offset(file, symbol.value + found.base) if symbol else None
        if offset is not None:
            return _from_hex(file.unpack("<Q", offset)[0])
        data = file.at(0, min(file.size, elf.LARGEST))
        # Other libraries have versions too (SQLite 3.40.1); Pythons before 3.11 come here. A text
        # that the expression begins with is found ten times as fast as a choice of texts.
        known = version_from_name(named)
        for minor in [known] if known else ["2.7", *(f"3.{n}" for n in range(10, 1, -1))]:
            for match in re.finditer(re.escape(minor.encode()) + _PATCH_TEXT, data):
                if data[match.start() - 1] not in b"0123456789.":  # strings may share their ends
                    return match[0].decode()
    return known


def _from_hex(value: int) -> str:
    level = {0xA: "a", 0xB: "b", 0xC: "rc"}.get(value >> 4 & 0xF, "")
    suffix = f"{level}{value & 0xF}" if level else ""
    return f"{value >> 24}.{value >> 16 & 0xFF}.{value >> 8 & 0xFF}{suffix}"


def is_inside(path: str) -> bool:
    """Does that executable hold an interpreter, whatever its name? Quick enough to ask of all."""
    try:
        return _exports(path, *_identity(path))
    except (OSError, elf.BadElf):
        return False


@functools.lru_cache(maxsize=1024)
def _exports(path: str, *_: int) -> bool:
    return bool(elf.read(path, _MARK, exported_only=True).symbols)


def version_of(process: Proc) -> str | None:
    """The Python version of a process, as cheaply as it can be known; None if it is not Python."""
    try:
        return find(process).version
    except (NotPython, NoPermission, NoSuchProcess, Unsupported, OSError):
        return None


def version_from_name(name: str) -> str | None:
    """ "3.12" of "python3.12"; None for other names."""
    match = _NAMED.search(os.path.basename(name))
    return f"{match[1]}.{match[2]}" if match else None
