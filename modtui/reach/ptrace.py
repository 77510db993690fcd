"""Into a live process by tracing it for a few milliseconds: Linux, CPython 3.8 and later.

The main thread is stopped, a page is mapped and the text put there, and `Py_AddPendingCall` queues
an errand that runs it (`errand.py`; where no code can be placed, `PyRun_SimpleString` itself): it
takes neither the GIL nor memory, so it is safe at any instruction, and the text runs at the main
thread's next safe point. A main thread that is blocked in a wait with
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

from modtui.agent.bootstrap import STATUS_SIZE
from modtui.reach import errand, gadgets, memory_files, proc, refusals, trampoline
from modtui.reach import image as images
from modtui.reach import machine as machines
from modtui.reach.delivery import Parcel, Progress
from modtui.reach.errors import (
    GaveUp,
    Unreachable,
    Unsupported,
)
from modtui.reach.machine import Machine, Wait
from modtui.reach.memory import read_memory, read_time, write_memory
from modtui.reach.tracee import Failed, Gone, Room, Stuck, Tracee
from modtui.reach.trampoline import Result, Step

PATIENCE = 30.0  # seconds
LOOK_AGAIN = (
    0.02,
    0.03,
    0.05,
    0.1,
    0.2,
    0.4,
)  # seconds between looks at a target that is not there
# So long may each busy thread have the interpreter before it is main's turn; a look would only hold
# main up meanwhile.
SLICE, MOST_TURN = 0.005, 0.1
LOCK_PATIENCE = 0.5  # seconds for Py_AddPendingCall, whose lock the thread itself may hold
SOON = 0.25  # a wait that ends by itself within so many seconds may be one for the GIL
PROT_READ_WRITE, PROT_READ_EXEC, MAP_PRIVATE_ANONYMOUS, MFD_CLOEXEC = 3, 5, 0x22, 1
TEXT_SIZE = 8192
CODE_SIZE = trampoline.CODE_SIZE + errand.CODE_SIZE
MOST_TEXT = TEXT_SIZE - errand.DATA_SIZE
LEAVING = 2.0  # seconds for main to get out of an errand whose text has run
DATA_SIZE = TEXT_SIZE + (trampoline.BLOCK_SIZE + 4095) // 4096 * 4096


class _NotRun(Exception):
    """The interpreter did not run the text; str() is the type of what it raised."""


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
            try:
                attempt = _Attempt(process, machine, image, memory, parcel, progress)
                attempt.run(patience, cancelled or threading.Event())
            except _NotRun as refusal:
                self.take_back(process, parcel)
                raise refusals.not_run(process, str(refusal)) from None
            except Gone:
                raise refusals.gone(process) from None
            except Stuck:
                raise GaveUp(
                    f"process {process.pid} does not stop: it waits for a disk, or for a child "
                    "that has not begun its program yet",
                    "try again later",
                ) from None
            except Failed:
                raise Unsupported(
                    f"a call in process {process.pid} failed, and everything was put back"
                ) from None
            except ProcessLookupError:
                raise refusals.gone(process) from None
            except OSError as error:
                if error.errno == 1:
                    raise refusals.now(process) from None
                raise Unsupported(f"process {process.pid} cannot be traced: {error}") from None

    def free(self, process: proc.Proc, parcel: Parcel, inner_thread: int) -> None:
        """Unmap what the parcel took in the target, by way of one of the agent's own threads.

        To be called when the text has run. Does nothing if that thread is not there any more, or if
        main does not come out of it: what it would return to must not go.
        """
        thread = process.outer_thread(inner_thread)
        if thread is not None:
            self._free_by(thread, process, parcel)

    def take_back(self, process: proc.Proc, parcel: Parcel) -> None:
        """The same by way of the main thread, and its file, for a text that brought no agent."""
        self._free_by(process.pid, process, parcel)

    def _free_by(self, thread: int, process: proc.Proc, parcel: Parcel) -> None:
        machine = machines.here()
        assert machine is not None
        with memory_of(process) as memory:
            if parcel.errand and not errand.wait(memory, parcel.errand, LEAVING):
                return
            try:
                code = gadgets.find(process, memory, machine)
                with Tracee(thread, memory, machine, code) as tracee:
                    if thread == process.pid and memory_files.is_open(process, parcel):
                        tracee.system_call(machine.numbers["close"], parcel.file)
                    for address, size in parcel.memory:
                        tracee.system_call(machine.numbers["munmap"], address, size)
            except (Gone, Stuck, OSError):
                return  # the agent or the whole target has ended
        parcel.memory.clear()


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
        self.page = self.text = 0
        self.room: Room | None = None
        self.queue_with = (0, 0)  # the function and its argument
        self.queued = False
        self.visited = 0.0
        self.why = "it is busy"
        self.code = gadgets.find(process, memory, machine)

    def run(self, patience: float, cancelled: threading.Event) -> None:
        started = time.monotonic()
        self._visit()
        looks = 0
        threads = int(self.process.status.get("Threads", "1"))
        turn = min(SLICE * threads, MOST_TURN)
        while not self._arrived(max(turn, LOOK_AGAIN[min(looks, len(LOOK_AGAIN) - 1)]), cancelled):
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
            if self.parcel.begun():
                self.why = "the agent has begun, and is slow to get going beside the other threads"
            else:
                self._visit()
            looks += 1

    def _arrived(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        end = time.monotonic() + seconds
        pause = 0.0005
        while not self.parcel.arrived():
            if self.parcel.errand:
                raised = errand.raised(self.memory, self.parcel.errand)
                if raised:
                    raise _NotRun(raised)
            if time.monotonic() > end or (cancelled is not None and cancelled.is_set()):
                return False
            # When it has become another program, what we have open is the memory of the old one.
            if self.process.ended() or (self.page and not read_memory(self.memory, self.page, 1)):
                raise Gone
            time.sleep(pause)
            pause = min(pause * 1.3, 0.005)
        return True

    def _visit(self) -> None:
        """Stop main, queue if that has not been done, kick if that is needed and safe."""
        self.visited = time.monotonic()
        with self._stopped() as tracee:
            if not tracee.read(self.machine.program_counter(tracee.registers), 1):
                raise Gone
            if not self.queued:
                if not self.page:
                    self._place(tracee)
                self._queue(tracee)
            if self.queued:
                self._kick_if_blocked(tracee)

    def _stopped(self) -> Tracee:
        return Tracee(self.process.pid, self.memory, self.machine, self.code)

    # Memory.

    def _place(self, tracee: Tracee) -> None:
        """Map memory in the target, with the text in it; the payload goes into a memory file."""
        self.page = self._map(tracee, DATA_SIZE, PROT_READ_WRITE)
        if trampoline.possible() and self.machine is machines.X86_64:
            try:
                code = self._map(tracee, CODE_SIZE, PROT_READ_EXEC)
                self.room = Room(code, self.page + TEXT_SIZE)
            except OSError:
                self.room = None  # a security module forbids new code; then by hand
        expression = "0"
        if self.parcel.payload:
            expression = self._memory_file(tracee) or f"'{self.parcel.payload.hex()}'"
        text = self.parcel.text(expression)
        self.text = self.page
        if len(text) > MOST_TEXT:
            self.text = self._map(tracee, len(text), PROT_READ_WRITE)
        tracee.write(self.text, text)
        self._prepare(tracee)

    def _prepare(self, tracee: Tracee) -> None:
        """What main is to call: our errand, or where that cannot be, the interpreter's function."""
        self.queue_with = (self.image.address("PyRun_SimpleString"), self.text)
        last_words = gadgets.last_words(self.process, self.memory) if self.room else 0
        if (
            self.room is None
            or not last_words
            or not all(map(self.image.address, errand.FUNCTIONS))
        ):
            return
        place, data = self.room.code + trampoline.CODE_SIZE, self.page + MOST_TEXT
        tracee.write(data, errand.data())
        tracee.write(place, errand.assemble(self.image.address, last_words, data, self.text))
        self.queue_with, self.parcel.errand = (place, data), data

    def _map(self, tracee: Tracee, size: int, protection: int) -> int:
        """New memory in the target. Raises OSError."""
        number = self.machine.numbers["mmap"]
        address = tracee.system_call(number, 0, size, protection, MAP_PRIVATE_ANONYMOUS, -1, 0)
        if -4096 < address < 0:
            raise OSError(-address, f"no memory in the target: {os.strerror(-address)}")
        self.parcel.memory.append((address, size))
        return address

    def _memory_file(self, tracee: Tracee) -> str:
        """The payload in a file without a name, open in the target; "" if it cannot be made."""
        if self.process.status.get("Seccomp", "0") != "0":
            return ""  # its filter may kill for a system call that it does not know
        numbers = self.machine.numbers
        for orphan in memory_files.orphans(self.process):
            tracee.run([Step(numbers["close"], (orphan,), system=True)], self.room)
        tracee.write(self.page, f"{memory_files.own_mark()}\0".encode())
        create = Step(numbers["memfd_create"], (self.page, MFD_CLOEXEC), system=True)
        (descriptor,) = tracee.run([create], self.room)
        if descriptor < 0:
            return ""
        try:
            ours = os.open(f"{self.process.folder}/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            tracee.run([Step(numbers["close"], (descriptor,), system=True)], self.room)
            return ""
        self.parcel.descriptor, self.parcel.file = ours, descriptor
        os.pwrite(ours, self.parcel.payload, STATUS_SIZE)
        found = os.fstat(ours)
        return f"({descriptor}, {found.st_dev}, {found.st_ino})"

    # Queue, kick, withdraw.

    def _queue(self, tracee: Tracee) -> None:
        """Queue the text, unless the interpreter is not there yet or not any more."""
        started = time.monotonic()
        address = self.image.address
        finalizing = address(*images.FINALIZING)
        steps = [Step(address("Py_IsInitialized"), go_on_if=True)]
        if finalizing:
            steps.append(Step(finalizing, go_on_if=False))
        steps.append(Step(address("Py_AddPendingCall"), self.queue_with))
        try:
            results = tracee.run(
                steps, self.room, lambda: time.monotonic() - started > LOCK_PATIENCE
            )
        except Stuck:
            self.why = "the interpreter's queue is locked"
            return
        if len(results) == 1:
            self.why = "its interpreter is not initialised"
        elif len(results) < len(steps):
            raise Unsupported(f"process {self.process.pid} is ending")
        else:
            self.queued = results[-1] & 0xFFFFFFFF == 0
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
        kick = [
            Step(address("PyGILState_Ensure")),
            Step(address("Py_MakePendingCalls")),
            Step(address("PyGILState_Release"), (Result(0),)),
        ]
        tracee.run(kick, self.room, self._tell)

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
        steps = [
            Step(address(*images.CURRENT_STATE)),
            Step(address("PyGILState_GetThisThreadState")),
        ]
        current, own = tracee.run(steps, self.room)
        if not current:
            return False
        if self.image.minor is None or self.image.minor >= (3, 12):
            return True  # there it is the calling thread's own state
        if current == own:
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
        if self.queued:
            write_memory(self.memory, self.text, b"\0")
        return self._arrived(0.05)
