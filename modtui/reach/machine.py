"""What differs between the machines that we can trace: registers, calls and waits.

Sources: the kernel's arch/*/include/uapi/asm/ptrace.h and unistd tables, and the System V ABIs.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import NamedTuple

NT_PRSTATUS, NT_PRFPREG = 1, 2
NT_X86_XSTATE = 0x202
# -EINTR, -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND, -ERESTART_RESTARTBLOCK: the call in
# progress was interrupted by our stop (linux/errno.h).
INTERRUPTED = frozenset((-4, -512, -513, -514, -516))
RED_ZONE = 1024  # the ABI says 128 bytes; the rest is for handwritten code
FUTEX_WAIT_BITSET, FUTEX_CLOCK_REALTIME, FUTEX_COMMANDS = 9, 256, 127


class X86Registers(ctypes.Structure):
    """struct user_regs_struct."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx"),
            *("rdx", "rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base"),
            *("gs_base", "ds", "es", "fs", "gs"),
        )
    ]


class ArmRegisters(ctypes.Structure):
    """struct user_pt_regs."""

    _fields_ = [
        ("regs", ctypes.c_uint64 * 31),
        ("sp", ctypes.c_uint64),
        ("pc", ctypes.c_uint64),
        ("pstate", ctypes.c_uint64),
    ]


class Wait(NamedTuple):
    """A system call that a stopped thread was blocked in."""

    number: int
    name: str
    arguments: tuple[int, int, int, int]


class Machine(NamedTuple):
    """How to read and set up one kind of processor. Functions change the registers in place."""

    name: str
    registers: type[ctypes.Structure]
    extended: tuple[int, ...]  # register sets besides the general ones
    syscall: bytes  # the instruction
    numbers: dict[str, int]
    waits: dict[int, str]  # pure waits, in which nothing of the C library is half done
    setup_syscall: Callable[[ctypes.Structure, int, int, tuple[int, ...]], None]
    setup_call: Callable[[ctypes.Structure, int, tuple[int, ...]], int]
    result: Callable[[ctypes.Structure], int]
    program_counter: Callable[[ctypes.Structure], int]
    blocked_in: Callable[[ctypes.Structure, bytes], tuple[int, tuple[int, int, int, int]] | None]
    thread_pointer: Callable[[ctypes.Structure], int | None]
    return_on_stack: bool

    def wait(self, registers: ctypes.Structure, code: bytes) -> Wait | None:
        """The pure wait that the thread is blocked in, or None; `code` is what it executes next."""
        found = self.blocked_in(registers, code)
        if found is None or found[0] not in self.waits:
            return None
        return Wait(found[0], self.waits[found[0]], found[1])


def _table(text: str) -> dict[int, str]:
    pairs = (word.split("=") for word in text.split())
    return {int(number): name for name, number in pairs}


def signed(value: int) -> int:
    """A register as a signed number."""
    return value - (1 << 64) if value >> 63 else value


def _x86_syscall(r: ctypes.Structure, at: int, number: int, arguments: tuple[int, ...]) -> None:
    r.rax, r.orig_rax, r.rip = number, 2**64 - 1, at
    six = (*arguments, 0, 0, 0, 0, 0, 0)
    r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9 = (value % 2**64 for value in six[:6])
    r.eflags &= ~0x500


def _x86_call(r: ctypes.Structure, function: int, arguments: tuple[int, ...]) -> int:
    r.rsp = ((r.rsp - RED_ZONE) & ~15) - 8
    r.rax, r.orig_rax, r.rip = 0, 2**64 - 1, function
    r.rdi, r.rsi, r.rdx = (*arguments, 0, 0, 0)[:3]
    r.eflags &= ~0x500  # the direction flag and single steps
    return int(r.rsp)


def _x86_blocked(r: ctypes.Structure, _: bytes) -> tuple[int, tuple[int, int, int, int]] | None:
    if signed(r.orig_rax) < 0 or signed(r.rax) not in INTERRUPTED:
        return None
    return r.orig_rax, (r.rdi, r.rsi, r.rdx, r.r10)


_X86_WAITS = """
    read=0 poll=7 readv=19 select=23 pause=34 nanosleep=35 accept=43 recvfrom=45 recvmsg=47
    wait4=61 msgrcv=70 rt_sigtimedwait=128 rt_sigsuspend=130 futex=202 restart_syscall=219
    semtimedop=220 clock_nanosleep=230 epoll_wait=232 waitid=247 pselect6=270 ppoll=271
    epoll_pwait=281 accept4=288 recvmmsg=299 epoll_pwait2=441
"""

X86_64 = Machine(
    name="x86_64",
    registers=X86Registers,
    extended=(NT_X86_XSTATE,),
    syscall=b"\x0f\x05",
    numbers={"mmap": 9, "munmap": 11, "memfd_create": 319, "close": 3},
    waits=_table(_X86_WAITS),
    setup_syscall=_x86_syscall,
    setup_call=_x86_call,
    result=lambda r: signed(r.rax),
    program_counter=lambda r: int(r.rip),
    blocked_in=_x86_blocked,
    thread_pointer=lambda r: int(r.fs_base),  # which is pthread_self() with glibc and musl
    return_on_stack=True,
)


def _arm_syscall(r: ctypes.Structure, at: int, number: int, arguments: tuple[int, ...]) -> None:
    for index, value in enumerate((*arguments, 0, 0, 0, 0, 0, 0)[:6]):
        r.regs[index] = value % 2**64
    r.regs[8], r.pc = number, at


def _arm_call(r: ctypes.Structure, function: int, arguments: tuple[int, ...]) -> int:
    r.sp = (r.sp - RED_ZONE) & ~15
    for index, value in enumerate((*arguments, 0, 0, 0)[:3]):
        r.regs[index] = value
    r.regs[30], r.pc = 0, function
    return int(r.sp)


def _arm_blocked(r: ctypes.Structure, code: bytes) -> tuple[int, tuple[int, int, int, int]] | None:
    # This kernel sets the registers up for the restart before it lets us look: the thread stands
    # before the call, with all its arguments (arch/arm64/kernel/signal.c, do_signal).
    if code[:4] != b"\x01\x00\x00\xd4":
        return None
    return r.regs[8], (r.regs[0], r.regs[1], r.regs[2], r.regs[3])


_ARM_WAITS = """
    epoll_pwait=22 read=63 readv=65 pselect6=72 ppoll=73 waitid=95 futex=98 nanosleep=101
    clock_nanosleep=115 restart_syscall=128 rt_sigsuspend=133 rt_sigtimedwait=137 msgrcv=188
    semtimedop=192 accept=202 recvfrom=207 recvmsg=212 accept4=242 recvmmsg=243 wait4=260
    epoll_pwait2=441
"""

AARCH64 = Machine(
    name="aarch64",
    registers=ArmRegisters,
    extended=(NT_PRFPREG,),
    syscall=b"\x01\x00\x00\xd4",
    numbers={"mmap": 222, "munmap": 215, "memfd_create": 279, "close": 57},
    waits=_table(_ARM_WAITS),
    setup_syscall=_arm_syscall,
    setup_call=_arm_call,
    result=lambda r: signed(r.regs[0]),
    program_counter=lambda r: int(r.pc),
    blocked_in=_arm_blocked,
    thread_pointer=lambda r: None,
    return_on_stack=False,
)


def here() -> Machine | None:
    """The machine that we run on, if it is one that we can trace."""
    names = {"x86_64": X86_64, "aarch64": AARCH64}
    return names.get(os.uname().machine) if ctypes.sizeof(ctypes.c_void_p) == 8 else None
