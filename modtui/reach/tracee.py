"""One stopped thread of another process: its registers and memory, and calls made on its behalf.

ptrace(2) through ctypes. All calls for one tracee come from one thread of ours, and those between
its stop and its going on are made without letting go of our GIL, because every time we wait for it
the target waits too.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from modtui.reach import trampoline
from modtui.reach.machine import NT_PRSTATUS, RED_ZONE, Machine, Wait, signed
from modtui.reach.memory import read_memory, write_memory
from modtui.reach.trampoline import Result, Step

PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_DETACH, PTRACE_SYSCALL = 7, 9, 17, 24
PTRACE_O_TRACESYSGOOD, SYSCALL_STOP = 1, signal.SIGTRAP | 0x80
PTRACE_GETREGSET, PTRACE_SETREGSET = 0x4204, 0x4205
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_GETSIGMASK, PTRACE_SETSIGMASK = (
    0x4206,
    0x4207,
    0x420A,
    0x420B,
)
PTRACE_EVENT_STOP = 128
WALL = 0x40000000
STOP_PATIENCE = 10.0  # seconds for a thread to stop, which waits for a disk or a vfork perhaps
SPINS = 400  # looks at a thread that should stop any moment, before we begin to sleep
# Everything may wait but a fault of the call itself; the kernel never lets KILL and STOP wait.
BLOCKED = ((1 << 64) - 1) & ~(
    1 << (signal.SIGSEGV - 1) | 1 << (signal.SIGBUS - 1) | 1 << (signal.SIGTRAP - 1)
)
_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

# PyDLL: the calls return at once, and giving up the GIL for them could cost 5 ms each time.
_libc = ctypes.PyDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_waitpid = _libc.waitpid
_waitpid.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.c_int]

_undisturbed = threading.Lock()


class Gone(Exception):
    """The thread has ended (or became another program) under our hands."""


class Stuck(Exception):
    """A call in the target does not come back, and it was taken back."""


class Failed(Exception):
    """A call in the target ended in a fault; everything was put back."""


class Room(NamedTuple):
    """Where in the target a program of steps can be: pages of code, and of data."""

    code: int
    block: int


class Code(NamedTuple):
    """Addresses of instructions that the target has; 0 for what was not found."""

    syscall: int
    syscall_return: int = 0  # syscall; ret
    sigreturn: int = 0  # the C library's return from a signal handler


PROGRAM_SIZE = 512
_UNTOLD = 0x6D6F647475690000  # in the place of a result that there is not


class _IoVector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def _call(request: int, tid: int, address: int = 0, data: object = 0) -> int:
    result: int = _ptrace(request, tid, address, data)
    if result == -1:
        number = ctypes.get_errno()
        if number == 3:  # ESRCH
            raise Gone
        raise OSError(number, os.strerror(number))
    return result


def _call_unless_running(request: int, tid: int) -> None:
    try:
        _call(request, tid)
    except Gone:
        pass  # ESRCH: it is not stopped


class Tracee:
    """A stopped thread, as a context manager: it goes on as it was when the block ends.

    To be used in a thread of ours that ends soon, as the kernel then lets go of a thread that would
    not stop (Stuck), and of one whose end it has not told yet (Gone).
    """

    def __init__(self, tid: int, memory: int, machine: Machine, code: Code) -> None:
        """`memory`: a descriptor of /proc/PID/mem; `code`: instructions that the target has."""
        self.tid = tid
        self.memory = memory
        self.machine = machine
        self.code = code
        self.stop_signal = 0
        self._programs = 0
        self._attached = False

    # Stopping and going on.

    def __enter__(self) -> Tracee:
        _undisturbed.acquire()
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(0.05)
        try:
            _call(PTRACE_SEIZE, self.tid, 0, PTRACE_O_TRACESYSGOOD)
            self._attached = True
            self._stop()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None or not issubclass(kind, Gone):
                self._restore()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        try:
            if self._attached:
                _call(PTRACE_DETACH, self.tid, 0, self.stop_signal)
        except (Gone, OSError):
            pass  # it has ended
        finally:
            self._attached = False
            sys.setswitchinterval(self._interval)
            _undisturbed.release()

    def _stop(self) -> None:
        _call(PTRACE_INTERRUPT, self.tid)
        end = time.monotonic() + STOP_PATIENCE
        while True:
            status = self._wait(lambda: time.monotonic() > end)
            if status >> 16 == PTRACE_EVENT_STOP:
                break
            # A signal that was on its way: the target takes it in its own context, then we try
            # again. The interruption that we asked for still comes.
            _call(PTRACE_CONT, self.tid, 0, status >> 8 & 0xFF)
        self.registers = self.machine.registers()
        self._get(NT_PRSTATUS, self.registers)
        self._working = self.machine.registers()
        self._extended: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self._mask = ctypes.c_uint64()
        self._saved = False
        self._blocking = False
        self._midway = False  # stopped in a system call of ours
        self._block_saved = False

    def _save(self) -> None:
        """Before the first change: save what is not saved yet."""
        if self._saved:
            return
        for kind in self.machine.extended:
            area = ctypes.create_string_buffer(16384)
            vector = _IoVector(ctypes.addressof(area), len(area))
            _call(PTRACE_GETREGSET, self.tid, kind, ctypes.addressof(vector))
            self._extended[kind] = (ctypes.c_char * vector.length).from_buffer(area)
        _call(PTRACE_GETSIGMASK, self.tid, 8, ctypes.addressof(self._mask))
        self._saved = True

    def _block(self) -> None:
        """Let signals wait until we are through."""
        if not self._blocking:
            self._blocking = True
            blocked = ctypes.c_uint64(BLOCKED)
            _call(PTRACE_SETSIGMASK, self.tid, 8, ctypes.addressof(blocked))

    def _restore(self) -> None:
        if not self._saved:
            return
        if self._midway:
            self._leave_system_call()
        # The registers last: until then the program's own way home is still good.
        if self._blocking:
            _call(PTRACE_SETSIGMASK, self.tid, 8, ctypes.addressof(self._mask))
        for kind, area in self._extended.items():
            vector = _IoVector(ctypes.addressof(area), len(area))
            _call(PTRACE_SETREGSET, self.tid, kind, ctypes.addressof(vector))
        self._set(NT_PRSTATUS, self.registers)
        self._saved = self._blocking = False

    def _leave_system_call(self) -> None:
        """From the stop in a system call of ours, which is skipped, to a stop of the other kind.

        Only from there does the kernel restart a system call of the target that we interrupted.
        """
        self._get(NT_PRSTATUS, self._working)
        self._working.orig_rax = 2**64 - 1
        self._set(NT_PRSTATUS, self._working)
        self._midway = False
        self._take_back()

    def _wait(self, give_up: Callable[[], bool] | None = None) -> int:
        """The next stop's status. `give_up` is asked when it takes long."""
        status = ctypes.c_int()
        spins = 0
        while True:
            found = _waitpid(self.tid, ctypes.byref(status), os.WNOHANG | WALL)
            if found == self.tid:
                if os.WIFSTOPPED(status.value):
                    return status.value
                self._attached = False
                raise Gone
            if found < 0 and ctypes.get_errno() != 4:
                self._attached = False
                raise Gone
            spins += 1
            if spins > SPINS:
                if spins % 64 == 0 and self._is_dead():
                    self._attached = False  # the kernel tells that of a main thread last
                    raise Gone
                if give_up is not None and give_up():
                    raise Stuck
                time.sleep(0.0002 if spins < SPINS + 50 else 0.002)

    def _is_dead(self) -> bool:
        try:
            with open(f"/proc/{self.tid}/stat", "rb") as file:
                data = file.read()
        except OSError:
            return True
        return data[data.rfind(b")") + 2 :][:1] in (b"Z", b"X")

    def _get(self, kind: int, area: ctypes.Structure) -> None:
        vector = _IoVector(ctypes.addressof(area), ctypes.sizeof(area))
        _call(PTRACE_GETREGSET, self.tid, kind, ctypes.addressof(vector))

    def _set(self, kind: int, area: ctypes.Structure) -> None:
        vector = _IoVector(ctypes.addressof(area), ctypes.sizeof(area))
        _call(PTRACE_SETREGSET, self.tid, kind, ctypes.addressof(vector))

    # Looking.

    def read(self, address: int, size: int) -> bytes:
        """Memory of the target; b"" where there is none."""
        return read_memory(self.memory, address, size)

    def write(self, address: int, data: bytes) -> None:
        """Write to the target's memory. Raises OSError."""
        write_memory(self.memory, address, data)

    def blocked_in(self) -> Wait | None:
        """The pure wait in which the thread was when we stopped it."""
        code = self.read(self.machine.program_counter(self.registers), 4)
        return self.machine.wait(self.registers, code)

    def thread_pointer(self) -> int | None:
        """pthread_self() of this thread, where that can be told from its registers."""
        return self.machine.thread_pointer(self.registers)

    # Acting.

    def system_call(self, number: int, *arguments: int) -> int:
        """Make the thread do a system call; returns what the kernel returned (-errno)."""
        self._save()
        if self.code.sigreturn:
            return self._system_call_with_way_home(number, arguments)
        self._block()
        self._fresh()
        self.machine.setup_syscall(self._working, self.code.syscall, number, arguments)
        self._set(NT_PRSTATUS, self._working)
        while True:
            _call(PTRACE_SINGLESTEP, self.tid)
            status = self._wait()
            if status >> 8 == signal.SIGTRAP:
                break
            self._note(status)
        self._get(NT_PRSTATUS, self._working)
        return self.machine.result(self._working)

    def _system_call_with_way_home(self, number: int, arguments: tuple[int, ...]) -> int:
        (extended,) = self._extended.values()
        stack, data = trampoline.home(
            self.registers, self._mask.value, extended.raw, self.code.sigreturn
        )
        self.write(stack, data)
        self._fresh()
        self.machine.setup_syscall(self._working, self.code.syscall_return, number, arguments)
        self._working.rsp = stack
        self._set(NT_PRSTATUS, self._working)
        self._block()
        for _ in ("entry", "exit"):
            _call(PTRACE_SYSCALL, self.tid)
            while (status := self._wait()) >> 8 != SYSCALL_STOP:
                self._note(status)
                _call(PTRACE_SYSCALL, self.tid)
        self._midway = True
        self._get(NT_PRSTATUS, self._working)
        return self.machine.result(self._working)

    def call(
        self, function: int, *arguments: int, give_up: Callable[[], bool] | None = None
    ) -> int:
        """Make the thread call a function of up to three integer arguments; returns its result.

        The call is finished before this returns. `give_up` is asked when it takes long: if it says
        yes while the thread is asleep in the kernel, the call is taken back and Stuck is raised;
        that is safe for functions that wait for nothing but a lock before they have done anything.
        """
        self._save()
        self._block()
        self._fresh()
        bottom = self.machine.setup_call(self._working, function, arguments)
        if self.machine.return_on_stack:
            self.write(bottom, bytes(8))  # the return address: nothing is ever mapped at 0
        self._set(NT_PRSTATUS, self._working)
        _call(PTRACE_CONT, self.tid)
        while True:
            try:
                status = self._wait(give_up)
            except Stuck:
                self._take_back()
                raise
            if status >> 8 == signal.SIGSEGV or status >> 8 == signal.SIGBUS:
                break
            self._note(status)
            _call(PTRACE_CONT, self.tid)
        self._get(NT_PRSTATUS, self._working)
        if self.machine.program_counter(self._working) != 0:
            raise Failed
        return self.machine.result(self._working)

    def run(
        self,
        steps: list[Step],
        room: Room | None,
        give_up: Callable[[], bool] | None = None,
    ) -> list[int]:
        """Make several calls; returns the results of those that were made.

        With `room` they are made by a program that finds its way home if we are killed; without
        it one by one, for machines and targets where such a program cannot be.
        """
        if room is None:
            return self._run_by_hand(steps, give_up)
        self._save()
        code, marker = trampoline.assemble(steps, save=not self._block_saved)
        # Never over the program before, whose way home the thread may still have to go.
        start = room.code + (self._programs * PROGRAM_SIZE) % trampoline.CODE_SIZE
        self._programs += 1
        self.write(start, code)
        if not self._block_saved:
            offset, data = trampoline.saved(self.registers, self._mask.value)
            self.write(room.block + offset, data)
        untold = struct.pack("<Q", _UNTOLD)
        self.write(trampoline.results_at(room.block), untold * len(steps))
        self._fresh()
        working = self._working
        working.rip, working.rbx, working.orig_rax = start, room.block, 2**64 - 1
        working.rsp = (working.rsp - RED_ZONE) & ~15
        working.eflags &= ~0x500
        self._set(NT_PRSTATUS, working)
        self._block()
        self._midway, self._block_saved = False, True
        self._run_to(start + marker, give_up)
        self._midway = True
        data = self.read(trampoline.results_at(room.block), 8 * len(steps))
        results = struct.unpack(f"<{len(steps)}Q", data)
        return [signed(value) for value in results if value != _UNTOLD]

    def _run_to(self, marker: int, give_up: Callable[[], bool] | None) -> None:
        _call(PTRACE_SYSCALL, self.tid)
        while True:
            try:
                status = self._wait(give_up)
            except Stuck:
                self._take_back()
                raise
            if status >> 8 == SYSCALL_STOP:
                self._get(NT_PRSTATUS, self._working)
                if self.machine.program_counter(self._working) == marker:
                    return
            elif status >> 8 in (signal.SIGSEGV, signal.SIGBUS):
                raise Failed
            else:
                self._note(status)
            _call(PTRACE_SYSCALL, self.tid)

    def _run_by_hand(self, steps: list[Step], give_up: Callable[[], bool] | None) -> list[int]:
        results: list[int] = []
        for step in steps:
            arguments = [
                results[one.step] if isinstance(one, Result) else one for one in step.arguments
            ]
            if step.system:
                results.append(self.system_call(step.function, *arguments))
            else:
                results.append(self.call(step.function, *arguments, give_up=give_up))
            if step.go_on_if is not None and bool(results[-1] & 0xFFFFFFFF) != step.go_on_if:
                break
        return results

    def _fresh(self) -> None:
        ctypes.pointer(self._working)[0] = self.registers

    def _take_back(self) -> None:
        _call(PTRACE_INTERRUPT, self.tid)
        _call_unless_running(PTRACE_CONT, self.tid)
        while (status := self._wait()) >> 16 != PTRACE_EVENT_STOP:
            self._note(status)
            _call(PTRACE_CONT, self.tid)

    def _note(self, status: int) -> None:
        """A stop that belongs to the target: it gets it when we go."""
        if status >> 16 == 0 and status >> 8 & 0xFF in _STOPS:
            self.stop_signal = status >> 8 & 0xFF
