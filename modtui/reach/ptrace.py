"""Into a live process by tracing it for a few milliseconds: Linux, CPython 3.8 and later.

The main thread is stopped, a page is mapped and the text put there, and `Py_AddPendingCall` queues
`PyRun_SimpleString(text)`: it takes neither the GIL nor memory, so it is safe at any instruction,
and the text runs at the main thread's next safe point. A main thread that is blocked in a wait with
the GIL released does not get there by itself; it is kicked: `PyGILState_Ensure`,
`Py_MakePendingCalls`, `PyGILState_Release`, and its wait goes on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator

from modtui.reach import image as images
from modtui.reach import machine as machines
from modtui.reach import proc
from modtui.reach.delivery import STATUS_SIZE, Parcel, Progress
from modtui.reach.errors import GaveUp, NoPermission, NoSuchProcess, Unreachable, Unsupported
from modtui.reach.machine import Machine, Wait
from modtui.reach.tracee import (
    Failed,
    Gone,
    Stuck,
    Tracee,
    read_memory,
    read_time,
    read_word,
    write_memory,
)

PATIENCE = 30.0  # seconds
LOOK_AGAIN = (
    0.02,
    0.03,
    0.05,
    0.1,
    0.2,
    0.4,
)  # seconds between looks at a target that is not there
LOCK_PATIENCE = 0.5  # seconds for Py_AddPendingCall, whose lock the thread itself may hold
SOON = 0.25  # a wait that ends by itself within so many seconds may be one for the GIL
PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, MFD_CLOEXEC = 3, 0x22, 1
PAGE = 4096


class Ptrace:
    """The mechanism for Linux, whatever the target is doing."""

    name = "ptrace"

    def can_reach(self, process: proc.Proc) -> Unreachable | None:
        """Why this process cannot be reached this way; None if it can. Nothing is touched."""
        try:
            self._look(process)
        except Unreachable as refusal:
            return refusal
        return None

    def _look(self, process: proc.Proc) -> tuple[Machine, images.Image]:
        machine = machines.here() if sys.platform == "linux" else None
        if machine is None:
            raise Unsupported("tracing is for Linux on x86-64 and aarch64")
        proc.check_state(process)
        image = images.find(process)
        images.check(image, process, machine.name)
        proc.check_traceable(process)
        with memory_of(process):
            pass
        return machine, image

    def inject(
        self,
        process: proc.Proc,
        parcel: Parcel,
        progress: Progress | None = None,
        patience: float = PATIENCE,
        cancelled: threading.Event | None = None,
    ) -> None:
        """Have the main thread run the parcel's text; returns when it has arrived.

        Raises Unreachable (GaveUp after `patience` seconds or when `cancelled`: then the request
        was withdrawn and never runs).
        """
        machine, image = self._look(process)
        with memory_of(process) as memory:
            attempt = _Attempt(process, machine, image, memory, parcel, progress)
            try:
                attempt.run(patience, cancelled or threading.Event())
                parcel.memory = (attempt.page, attempt.size)
            except Gone:
                raise NoSuchProcess(
                    f"process {process.pid} ended, or became another program, in the middle"
                ) from None
            except OSError as error:
                if error.errno == 1:
                    raise _refused_now(process) from None
                raise Unsupported(f"process {process.pid} cannot be traced: {error}") from None

    def free(self, process: proc.Proc, parcel: Parcel, inner_thread: int) -> None:
        """Unmap what the parcel took in the target, by way of one of the agent's own threads.

        To be called when the text has run. Does nothing if that thread is not there any more.
        """
        if parcel.memory is None:
            return
        machine = machines.here()
        thread = _outer_thread(process, inner_thread)
        if machine is None or thread is None:
            return
        address, size = parcel.memory
        with memory_of(process) as memory:
            code = _syscall_instruction(process, memory, machine)
            try:
                with Tracee(thread, memory, machine, code) as tracee:
                    tracee.system_call(machine.numbers["munmap"], address, size)
            except (Gone, OSError):
                return  # the agent or the whole target has ended
        parcel.memory = None


def _outer_thread(process: proc.Proc, inner: int) -> int | None:
    """Our number for a thread that the target numbers `inner`."""
    for name in os.listdir(f"{process.folder}/task"):
        try:
            with open(
                f"{process.folder}/task/{name}/status", encoding="ascii", errors="replace"
            ) as f:
                ids = [line.split()[1:] for line in f if line.startswith("NSpid:")]
        except OSError:
            continue
        if int(ids[0][-1] if ids else name) == inner:
            return int(name)
    return None


def _refused_now(process: proc.Proc) -> Unreachable:
    again = proc.Proc(process.pid)
    try:
        proc.check_traceable(again)
    except Unreachable as refusal:
        return refusal
    if proc.Proc(os.getpid()).status.get("Seccomp", "0") != "0":
        return NoPermission(
            "the seccomp filter that modtui runs under forbids ptrace",
            "run modtui outside of the container, or the container with "
            "--security-opt seccomp=unconfined",
        )
    return proc.not_allowed(process)


@contextlib.contextmanager
def memory_of(process: proc.Proc) -> Iterator[int]:
    """/proc/PID/mem, opened as only a process that may trace it can. Raises the refusal."""
    try:
        descriptor = os.open(f"{process.folder}/mem", os.O_RDWR | os.O_CLOEXEC)
    except PermissionError:
        raise proc.not_allowed(process) from None
    except OSError:
        raise proc.no_such(process.pid) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Attempt:
    """One injection: everything between the first stop and the arrival."""

    def __init__(
        self,
        process: proc.Proc,
        machine: Machine,
        image: images.Image,
        memory: int,
        parcel: Parcel,
        progress: Progress | None,
    ) -> None:
        self.process, self.machine, self.image = process, machine, image
        self.memory, self.parcel = memory, parcel
        self.progress = progress or (lambda text: None)
        self.page = 0
        self.size = 0
        self.queued = False
        self.visited = 0.0
        self.why = "it is busy"
        self.code = _syscall_instruction(process, memory, machine)

    def run(self, patience: float, cancelled: threading.Event) -> None:
        started = time.monotonic()
        self._visit()
        looks = 0
        while not self._arrived(LOOK_AGAIN[min(looks, len(LOOK_AGAIN) - 1)]):
            spent = time.monotonic() - started
            if spent > patience or cancelled.is_set():
                if self._withdraw():
                    break
                raise GaveUp(
                    f"process {self.process.pid} did not get to us in {spent:.0f} s: {self.why}; "
                    "the request was withdrawn",
                    "try again when it is back in Python code",
                )
            if spent > 1:
                self.progress(f"{self.why}; giving up in {patience - spent:.0f} s")
            self._visit()
            looks += 1

    def _arrived(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        pause = 0.0005
        while not self.parcel.arrived():
            if time.monotonic() > end:
                return False
            if not os.path.isdir(self.process.folder):
                raise Gone
            time.sleep(pause)
            pause = min(pause * 1.3, 0.005)
        return True

    def _visit(self) -> None:
        """Stop main, queue if that has not been done, kick if that is needed and safe."""
        self.visited = time.monotonic()
        with self._stopped() as tracee:
            if not self.queued:
                if not tracee.call(self.image.address("Py_IsInitialized")):
                    self.why = "its interpreter is not initialised"
                    return
                if self._finalizing(tracee):
                    raise Unsupported(f"process {self.process.pid} is ending")
                if not self.page:
                    self._place(tracee)
                self._queue(tracee)
            if self.queued:
                self._kick_if_blocked(tracee)

    def _stopped(self) -> Tracee:
        return Tracee(self.process.pid, self.memory, self.machine, self.code)

    def _finalizing(self, tracee: Tracee) -> bool:
        function = self.image.address(*images.FINALIZING)
        return bool(function and tracee.call(function) & 0xFFFFFFFF)

    # Memory.

    def _place(self, tracee: Tracee) -> None:
        """Map memory in the target, with the text in it; the payload goes into a memory file."""
        expression = "0"
        if self.parcel.payload:
            descriptor = self._memory_file(tracee)
            expression = str(descriptor) if descriptor is not None else self._as_text()
        text = self.parcel.text(expression)
        if len(text) > self.size:
            self._map(tracee, len(text))
        tracee.write(self.page, text)

    def _as_text(self) -> str:
        return f"'{self.parcel.payload.hex()}'"

    def _map(self, tracee: Tracee, size: int) -> None:
        numbers = self.machine.numbers
        if self.page:
            tracee.system_call(numbers["munmap"], self.page, self.size)
        self.size = (size + PAGE - 1) // PAGE * PAGE
        self.page = tracee.system_call(
            numbers["mmap"], 0, self.size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0
        )
        if self.page < 0:
            number, self.page = -self.page, 0
            raise OSError(number, f"no memory in the target: {os.strerror(number)}")

    def _memory_file(self, tracee: Tracee) -> int | None:
        """The payload in a file without a name, open in the target; None if it cannot be made."""
        if self.process.status.get("Seccomp", "0") != "0":
            return None  # its filter may kill for a system call that it does not know
        self._map(tracee, 2 * PAGE)
        tracee.write(self.page, b"modtui\0")
        numbers = self.machine.numbers
        descriptor = tracee.system_call(numbers["memfd_create"], self.page, MFD_CLOEXEC)
        if descriptor < 0:
            return None
        try:
            ours = os.open(f"{self.process.folder}/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            tracee.system_call(numbers["close"], descriptor)
            return None
        self.parcel.descriptor = ours
        os.pwrite(ours, self.parcel.payload, STATUS_SIZE)
        return descriptor

    # Queue, kick, withdraw.

    def _queue(self, tracee: Tracee) -> None:
        started = time.monotonic()
        try:
            result = tracee.call(
                self.image.address("Py_AddPendingCall"),
                self.image.address("PyRun_SimpleString"),
                self.page,
                give_up=lambda: time.monotonic() - started > LOCK_PATIENCE,
            )
        except Stuck:
            self.why = "the interpreter's queue is locked"
            return
        self.queued = result & 0xFFFFFFFF == 0
        if not self.queued:
            self.why = "the interpreter's queue is full"

    def _kick_if_blocked(self, tracee: Tracee) -> None:
        wait = tracee.blocked_in()
        if wait is None:
            self.why = "it is in a long native call, or busy"
            return
        if not self._is_safe(wait):
            self.why = f"it waits for a lock ({wait.name})"
            return
        if self._holds_gil(tracee):
            self.why = f"it holds the GIL while it is blocked in {wait.name}"
            return
        self.why = f"it is blocked in {wait.name}"
        address = self.image.address
        state = tracee.call(address("PyGILState_Ensure"), give_up=self._tell)
        tracee.call(address("Py_MakePendingCalls"), give_up=self._tell)
        tracee.call(address("PyGILState_Release"), state & 0xFFFFFFFF, give_up=self._tell)

    def _tell(self) -> bool:
        """A kick once begun is finished, however long another thread keeps the GIL."""
        if time.monotonic() - self.visited > 1:
            self.progress("waiting for the GIL, which another thread of the target holds")
        return False

    def _is_safe(self, wait: Wait) -> bool:
        """Is this wait one that cannot be the GIL's own, nor a mutex of the C library?"""
        address, operation, _, timeout = wait.arguments
        runtime = self.image.symbols["_PyRuntime"]
        start = self.image.address("_PyRuntime")
        if wait.name == "restart_syscall":
            # It keeps the arguments of what it restarts, which may be a futex.
            return not (start <= address < start + runtime.size)
        if wait.name != "futex":
            return True
        if start <= address < start + runtime.size:
            return False
        if operation & machines.FUTEX_COMMANDS != machines.FUTEX_WAIT_BITSET:
            return False
        if timeout:
            real = operation & machines.FUTEX_CLOCK_REALTIME
            now = time.time() if real else time.clock_gettime(time.CLOCK_MONOTONIC)
            end = read_time(self.memory, timeout)
            return end is not None and end - now > SOON
        return True

    def _holds_gil(self, tracee: Tracee) -> bool:
        """Is the main thread blocked with the GIL held?"""
        address = self.image.address
        current = tracee.call(address(*images.CURRENT_STATE))
        if not current:
            return False
        if self.image.minor is None or self.image.minor >= (3, 12):
            return True  # there it is the calling thread's own state
        if current == tracee.call(address("PyGILState_GetThisThreadState")):
            return True
        # Or by the state of a subinterpreter: a thread state holds its thread's id.
        pointer = tracee.thread_pointer()
        if pointer is None:
            return False
        words = read_memory(self.memory, current % 2**64, 512)
        return any(
            words[at : at + 8] == pointer.to_bytes(8, "little") for at in range(0, len(words), 8)
        )

    def _withdraw(self) -> bool:
        """Make the queued text an empty one; True if it had run after all."""
        if self.page:
            write_memory(self.memory, self.page, b"\0")
        return self._arrived(0.05)


def _syscall_instruction(process: proc.Proc, memory: int, machine: Machine) -> int:
    """Where the target has a system call instruction: in the vdso, else in the C library."""
    readable = [m for m in process.maps if "x" in m.permissions]
    readable.sort(key=lambda m: (m.path != "[vdso]", "libc" not in m.path))
    step = 1 if len(machine.syscall) == 2 else 4
    for mapping in readable[:8]:
        if mapping.path == "[vsyscall]":
            continue
        at = mapping.start
        while at < min(mapping.end, mapping.start + (4 << 20)):
            chunk = read_memory(memory, at, min(1 << 16, mapping.end - at))
            place = chunk.find(machine.syscall)
            while place >= 0 and (at + place) % step:
                place = chunk.find(machine.syscall, place + 1)
            if place >= 0:
                return at + place
            at += 1 << 16
    raise Unsupported(f"process {process.pid} has no system call instruction that we can find")


__all__ = ["Failed", "Ptrace", "memory_of", "read_word"]
