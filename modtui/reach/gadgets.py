"""Instructions that every target has somewhere, and that we make system calls with."""

from __future__ import annotations

from modtui.reach.errand import LAST_WORDS
from modtui.reach.errors import Unsupported
from modtui.reach.machine import X86_64, Machine
from modtui.reach.memory import read_memory
from modtui.reach.proc import Mapping, Proc
from modtui.reach.tracee import Code, Gone

_SYSCALL_RETURN = b"\x0f\x05\xc3"
_SIGRETURN = b"\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"  # mov $15, %rax; syscall
_CHUNK = 1 << 18
_known: dict[tuple[str, int, int], tuple[int, int]] = {}  # offsets by path, inode, offset
_ends: dict[tuple[str, int, int], tuple[int, bytes]] = {}
_MOST = 16 << 20  # bytes of one mapping that are looked through


def find(process: Proc, memory: int, machine: Machine) -> Code:
    """Look for them in the C library, the executable and the vdso. Raises Unsupported."""
    mappings = [m for m in process.maps if "x" in m.permissions and m.path != "[vsyscall]"]
    libraries = [m for m in mappings if "/libc" in m.path or "/ld-musl" in m.path]
    if machine is X86_64:
        for mapping in libraries + [m for m in mappings if m.path == process.exe]:
            code = _complete(memory, mapping)
            if code is not None:
                return code
    for mapping in [m for m in mappings if m.path == "[vdso]"] + libraries + mappings:
        at = _first(memory, mapping, machine.syscall, 1 if len(machine.syscall) == 2 else 4)
        if at:
            return Code(at)
    if mappings and not read_memory(memory, mappings[0].start, 1):
        raise Gone  # the descriptor is of memory that is no more
    raise Unsupported(f"process {process.pid} has no system call instruction that we can find")


def last_words(process: Proc, memory: int) -> int:
    """Where an errand goes in the end; 0 if there is no such place."""
    mappings = [m for m in process.maps if "x" in m.permissions and m.path.startswith("/")]
    mappings.sort(key=lambda mapping: "/libc" not in mapping.path)
    for mapping in mappings:
        key = (mapping.path, mapping.inode, mapping.offset)
        if key in _ends:
            at, wanted = mapping.start + _ends[key][0], _ends[key][1]
            if read_memory(memory, at, len(wanted)) == wanted:
                return at
        for wanted in LAST_WORDS:
            at = _first(memory, mapping, wanted, 1)
            if at:
                _ends[key] = (at - mapping.start, wanted)
                return at
    return 0


def _complete(memory: int, mapping: Mapping) -> Code | None:
    key = (mapping.path, mapping.inode, mapping.offset)
    offsets = _known.get(key)
    if offsets is not None:
        returning, sigreturn = (mapping.start + offset for offset in offsets)
        same = read_memory(memory, sigreturn, len(_SIGRETURN)) == _SIGRETURN
        if same and read_memory(memory, returning, len(_SYSCALL_RETURN)) == _SYSCALL_RETURN:
            return Code(returning, returning, sigreturn)
    sigreturn = _first(memory, mapping, _SIGRETURN, 1)
    returning = _first(memory, mapping, _SYSCALL_RETURN, 1) if sigreturn else 0
    if not sigreturn or not returning:
        return None
    _known[key] = (returning - mapping.start, sigreturn - mapping.start)
    return Code(returning, returning, sigreturn)


def _first(memory: int, mapping: Mapping, wanted: bytes, step: int) -> int:
    """The first address of these bytes in a mapping, 0 if they are not there."""
    end = min(mapping.end, mapping.start + _MOST)
    for at in range(mapping.start, end, _CHUNK):
        chunk = read_memory(memory, at, min(_CHUNK + len(wanted) - 1, end - at))
        place = chunk.find(wanted)
        while place >= 0 and (at + place) % step:
            place = chunk.find(wanted, place + 1)
        if place >= 0:
            return at + place
    return 0
