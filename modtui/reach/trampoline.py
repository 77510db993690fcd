"""Calls on a stopped thread's behalf that find their own way home if we are killed (x86-64).

If we are killed while the thread makes a call for us, the kernel lets it go where it stands.

A single system call is made by an instruction of the C library that a `ret` follows, with a stack
that leads from there to the C library's return from a signal handler, and with a signal frame that
holds all that the thread had: the kernel itself puts everything back (`home`).

Function calls are made from code of ours that saves the extended state first, and after its last
call puts back the signal mask, the extended state and every register, and goes on where the thread
was stopped. Before it does that it makes a harmless system call, the marker: while we live we stop
the thread there and restore it ourselves, exactly.

Instruction encodings: Intel's Software Developer's Manual, volume 2.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import NamedTuple

from modtui.reach.machine import RED_ZONE, signed

SIGNAL_ROOM = 12288  # below the registers: a signal's frame may come while the stack is there
_RESULTS_MOST = 16
_SAVED = SIGNAL_ROOM  # offsets in the block
_RESULTS = _SAVED + 20 * 8
_MASK = _RESULTS + _RESULTS_MOST * 8
_EXTENDED = (_MASK + 8 + 63) // 64 * 64
BLOCK_SIZE = _EXTENDED + 16384
CODE_SIZE = 4096 - 512  # the rest of the page is the errand's
_POPPED = (
    *("r15", "r14", "r13", "r12", "rbp", "r11", "r10", "r9", "r8"),
    *("rax", "rcx", "rdx", "rsi", "rdi", "rbx"),
)
_POPS = bytes.fromhex("415f 415e 415d 415c 5d 415b 415a 4159 4158 58 59 5a 5e 5f 5b")
_LOAD = {0: b"\x48\xbf", 1: b"\x48\xbe", 2: b"\x48\xba"}  # mov rdi/rsi/rdx, imm64
_LOAD_RESULT = {0: b"\x48\x8b\xbb", 1: b"\x48\x8b\xb3", 2: b"\x48\x8b\x93"}  # ..., [rbx+disp32]
_LOAD_SYSTEM = {**_LOAD, 3: b"\x49\xba", 4: b"\x49\xb8", 5: b"\x49\xb9"}  # r10, r8, r9
_SYSCALL = b"\x0f\x05"
_MARKER = b"\xb8\x27\x00\x00\x00" + _SYSCALL  # getpid()
_FRAME = (  # struct sigcontext
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx"),
    *("rdx", "rax", "rcx", "rsp", "rip", "eflags"),
)
_MAGIC1, _MAGIC2 = 0x46505853, 0x46505845  # FP_XSTATE_MAGIC1, FP_XSTATE_MAGIC2
_RESTART = {-512: None, -513: None, -514: None, -516: 219}  # 219: restart_syscall


class Result(NamedTuple):
    """The result of an earlier step, as an argument."""

    step: int


class Step(NamedTuple):
    """A call of a function (by address) or a system call (by number), with up to three arguments.

    `go_on_if`: None always, else only if the result's low 32 bits are zero (False) or not (True).
    """

    function: int
    arguments: tuple[int | Result, ...] = ()
    system: bool = False
    go_on_if: bool | None = None


@functools.cache
def possible() -> bool:
    """Does this processor have what the code needs?"""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            return any(line.startswith("flags") and " xsave " in line for line in file)
    except OSError:
        return False


def assemble(steps: list[Step], save: bool) -> tuple[bytes, int]:
    """The code, and the offset at which the thread is when it has made the marker's call.

    `save`: first save the extended state, which only the first program of a stop must do.
    """
    code = bytearray()
    if save:
        code += b"\xb8\xff\xff\xff\xff\xba\xff\xff\xff\xff"  # mov eax, -1; mov edx, -1
        code += b"\x48\x0f\xae\xa3" + struct.pack("<i", _EXTENDED)  # xsave64 [rbx+...]
    jumps = []
    for number, step in enumerate(steps):
        for place, argument in enumerate(step.arguments):
            if isinstance(argument, Result):
                offset = struct.pack("<i", _RESULTS + argument.step * 8)
                code += _LOAD_RESULT[place] + offset
            else:
                load = _LOAD_SYSTEM if step.system else _LOAD
                code += load[place] + struct.pack("<Q", argument % 2**64)
        code += b"\x48\xb8" + struct.pack("<Q", step.function)  # mov rax, imm64
        code += _SYSCALL if step.system else b"\xff\xd0"  # or call rax
        code += b"\x48\x89\x83" + struct.pack("<i", _RESULTS + number * 8)  # mov [rbx+...], rax
        if step.go_on_if is not None:
            code += b"\x85\xc0" + (b"\x0f\x84" if step.go_on_if else b"\x0f\x85")  # jz, jnz
            jumps.append(len(code))
            code += bytes(4)
    for at in jumps:
        code[at : at + 4] = struct.pack("<i", len(code) - at - 4)
    code += _MARKER
    marker = len(code)
    code += b"\xb8\x0e\x00\x00\x00\xbf\x02\x00\x00\x00"  # rt_sigprocmask(SIG_SETMASK,
    code += b"\x48\x8d\xb3" + struct.pack("<i", _MASK)  # &mask,
    code += b"\x31\xd2\x41\xba\x08\x00\x00\x00" + _SYSCALL  # NULL, 8)
    code += b"\xb8\xff\xff\xff\xff\xba\xff\xff\xff\xff"
    code += b"\x48\x0f\xae\xab" + struct.pack("<i", _EXTENDED)  # xrstor64 [rbx+...]
    code += b"\x48\x8d\xa3" + struct.pack("<i", _SAVED)  # lea rsp, [rbx+...]
    code += _POPS + b"\x48\xcf"  # iretq: rip, cs, flags, rsp and ss at once
    assert len(code) <= 512
    return bytes(code), marker


def _way_on(registers: ctypes.Structure) -> tuple[int, int]:
    """(rip, rax) with which the thread goes on where it was stopped."""
    if signed(registers.orig_rax) < 0 or signed(registers.rax) not in _RESTART:
        return registers.rip, registers.rax
    # What the kernel does with an interrupted system call when no signal handler is to run.
    again = _RESTART[signed(registers.rax)]
    return registers.rip - len(_SYSCALL), registers.orig_rax if again is None else again


def saved(registers: ctypes.Structure, mask: int) -> tuple[int, bytes]:
    """(offset, bytes) for the block: everything that the way home needs but the extended state."""
    values = {name: getattr(registers, name) for name in _POPPED}
    rip, values["rax"] = _way_on(registers)
    frame = (rip, registers.cs, registers.eflags, registers.rsp, registers.ss)
    data = struct.pack("<20Q", *values.values(), *frame)
    return _SAVED, data + bytes(_RESULTS_MOST * 8) + struct.pack("<Q", mask)


def home(
    registers: ctypes.Structure, mask: int, extended: bytes, sigreturn: int
) -> tuple[int, bytes]:
    """(stack pointer, bytes to be there): a return from there puts back the thread's whole state.

    `extended` is the NT_X86_XSTATE register set, `sigreturn` the address of the C library's
    `mov $15, %rax; syscall`. The layout is struct rt_sigframe of arch/x86/include/asm/sigframe.h.
    """
    rip, rax = _way_on(registers)
    state = bytearray(extended)
    features = state[464:472]  # regset and frame use these bytes differently
    state[464:512] = struct.pack("<II8sI28x", _MAGIC1, len(state) + 4, bytes(features), len(state))
    state += struct.pack("<I", _MAGIC2)
    place = (registers.rsp - RED_ZONE - len(state)) & ~63
    stack = place - 320  # the return address, struct ucontext, and what aligns it
    values = [getattr(registers, name) for name in _FRAME]
    values[_FRAME.index("rip")], values[_FRAME.index("rax")] = rip, rax
    data = struct.pack("<Q", sigreturn)
    data += struct.pack("<QQQiiQ", 7, 0, 0, 0x7F, 0, 0)  # no such flags: the other stack stays
    data += struct.pack("<18Q", *values)
    data += struct.pack("<4H", registers.cs, 0, 0, registers.ss)
    data += struct.pack("<4QQ64xQ", 0, 0, 0, 0, place, mask)
    return stack, data.ljust(320, b"\0") + bytes(state)


def results_at(block: int) -> int:
    """Where the results of the steps are, eight bytes each."""
    return block + _RESULTS
