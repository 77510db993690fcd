"""`modtui run`: a program started exactly as `python` would, with the agent in from the start.

With `terminal="pty"` the program has a terminal of its own: what it prints is kept (and told to a
callback), what is written to it is its input, and at the end it can be handed the real terminal.
With `terminal="inherit"` it has ours, and only its signals and its end pass through us.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import pty
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Literal

from modtui import __version__
from modtui.reach import bundle, finding, proc
from modtui.reach.arrival import Arrival, is_passed_over
from modtui.reach.connecting import connect
from modtui.reach.errors import NobodyListens, NoSuchProcess, NotPython, ReachError, Unsupported
from modtui.reach.mechanisms import able
from modtui.reach.session import Session, over_wire

KEPT_OUTPUT = 1 << 20  # bytes
ARRIVAL_TIME = 20.0  # seconds for an interpreter to start on a busy machine
FORWARDED = (
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM),
    *(signal.SIGTTIN, signal.SIGTTOU),  # gunicorn has one worker more, or less
)
_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH)  # a terminal sends them to all it runs
Terminal = Literal["pty", "inherit"]


def interpreter(chosen: str | None = None) -> str:
    """The Python to run programs with: the chosen one, the active environment's, or ours.

    Raises Unsupported if the chosen one is not there.
    """
    if chosen is not None:
        found = shutil.which(chosen)
        if found is None:
            raise Unsupported(f"there is no interpreter {chosen}")
        return found
    environment = os.environ.get("VIRTUAL_ENV")
    if environment:
        python = Path(environment) / "bin" / "python"
        if os.access(python, os.X_OK):
            return str(python)
    return sys.executable


def run(
    argv: list[str],
    *,
    python: str | None = None,
    terminal: Terminal = "pty",
    environment: Mapping[str, str] | None = None,
    cwd: str | None = None,
    on_output: Callable[[bytes], None] | None = None,
) -> Running:
    """Start `python *argv` (script and arguments, or -m, -c, -) with the agent in it.

    Raises Unsupported if the interpreter is not there. It may have ended already when this returns.
    """
    return Running(argv, interpreter(python), terminal, environment, cwd, on_output)


def in_our_place(argv: list[str], *, python: str | None = None) -> int:
    """Run `python *argv` with our own input and output, and end as it ends; returns its exit code.

    Raises what `run` raises. A signal that comes while it is being started waits until there is
    somebody to pass it on to.
    """
    program = interpreter(python)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, *_KEYS})
    try:
        running = Running(argv, program, "inherit", None, None, None, mask)
        with running.forwarding():
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            running.wait()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return running.end_alike()


class Running:
    """A program that we started."""

    def __init__(
        self,
        argv: list[str],
        python: str,
        terminal: Terminal,
        environment: Mapping[str, str] | None,
        cwd: str | None,
        on_output: Callable[[bytes], None] | None,
        mask: set[int] | None = None,
    ) -> None:
        """As `run` does; `mask` are the signals that shall be blocked in it, if not ours are."""
        self.argv, self.python, self.terminal = argv, python, terminal
        self._mask = mask
        self.on_output = on_output
        self._output: deque[bytes] = deque()
        self._size = 0
        self._session: Session | None = None
        self._ended = threading.Event()
        self._drained = threading.Event()
        self._lock = threading.Lock()
        self._environment = dict(os.environ if environment is None else environment)
        self._arrival: Arrival | None = None
        if not is_passed_over(argv):
            payload = bundle.payload(__version__, _identity(python), arrival="run")
            self._arrival = Arrival(payload, self._environment)
            self._environment = self._arrival.environment
        self._master: int | None = None
        try:
            self._process = self._start(cwd)
        except OSError as error:
            self._clear_up()
            raise Unsupported(f"{python} cannot be started: {error.strerror}") from None
        # waitpid would also take the stops of a traced child away from the thread that traces it.
        self._pidfd = os.pidfd_open(self.pid) if hasattr(os, "pidfd_open") else None
        threading.Thread(target=self._watch, name="modtui-run", daemon=True).start()

    def _start(self, cwd: str | None) -> subprocess.Popen[bytes]:
        command = [self.python, *self.argv]
        environment = self._environment
        if self.terminal == "inherit":
            self._drained.set()
            first = None if self._mask is None else _with_mask(self._mask)
            return subprocess.Popen(command, env=environment, cwd=cwd, preexec_fn=first)
        self._master, slave = pty.openpty()
        os.set_inheritable(self._master, False)
        self.resize(*_terminal_size())
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=cwd,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        finally:
            os.close(slave)
        threading.Thread(target=self._read, name="modtui-run-output", daemon=True).start()
        return process

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    # The agent in it.

    @property
    def session(self) -> Session:
        """The session with the agent; connects when it is first asked for.

        Raises NoSuchProcess if the program ended before, Unsupported if the agent had trouble.
        """
        with self._lock:
            if self._session is None:
                self._session = self._connect()
            return self._session

    def _connect(self) -> Session:
        end = time.monotonic() + ARRIVAL_TIME
        try:
            while time.monotonic() < end:
                trouble = self._arrival.trouble() if self._arrival is not None else ""
                if trouble:
                    raise Unsupported(f"the agent could not start in the program: {trouble}")
                if self._ended.is_set():
                    raise NoSuchProcess(
                        f"the program ended at once, with exit code {self.exit_code}"
                    )
                session = self._try()
                if session is not None:
                    return session
                time.sleep(0.005)
        finally:
            self._clear_up()
        raise NobodyListens(
            f"the program's interpreter ({self.python}) did not import sitecustomize",
            "is it Python 3.8 or later?",
        )

    def _clear_up(self) -> None:
        if self._arrival is not None:
            self._arrival.remove()

    def _try(self) -> Session | None:
        if self._arrival is None:
            try:
                return connect(self.pid)
            except NotPython:
                return None  # it is being loaded
        try:
            process = proc.Proc(self.pid)
            wire = finding.connect(process)
            if wire is None:
                return None
            return over_wire(wire, "run", process.root(), able(process))
        except ReachError:
            return None

    # Its terminal.

    @property
    def output(self) -> bytes:
        """What it has printed, the last megabyte of it."""
        return b"".join(self._output)

    def write(self, data: bytes) -> None:
        """Type something into its terminal."""
        if self._master is not None:
            _write_all(self._master, data)

    def resize(self, rows: int, columns: int) -> None:
        """Tell it the size of its terminal."""
        if self._master is not None:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _read(self) -> None:
        assert self._master is not None
        while True:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if not ready:
                if self._ended.is_set():
                    break  # something that it left behind may keep the terminal open
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: nobody has the other end any more
                break
            if not data:
                break
            self._keep(data)
        self._drained.set()

    def _keep(self, data: bytes) -> None:
        self._output.append(data)
        self._size += len(data)
        while self._size - len(self._output[0]) > KEPT_OUTPUT:
            self._size -= len(self._output.popleft())
        if self.on_output is not None:
            self.on_output(data)

    def hand_over(self, *, replay: bool = True) -> int:
        """Connect the real terminal to the program until it ends; returns its exit code.

        `replay` first prints what is kept of its output.
        """
        if self._master is None:
            return self.wait()
        output = sys.__stdout__.fileno() if sys.__stdout__ is not None else 1
        if replay:
            _write_all(output, self.output)
        self.on_output = lambda data: _write_all(output, data)
        with _raw(0), self._following_size():
            self._copy_input()
        self.on_output = None
        return self.wait()

    def _copy_input(self) -> None:
        assert self._master is not None
        while not self._ended.is_set():
            ready, _, _ = select.select([0], [], [], 0.1)
            if ready:
                data = os.read(0, 65536)
                if not data:
                    self._ended.wait()
                    return
                try:
                    _write_all(self._master, data)
                except OSError:
                    return

    @contextlib.contextmanager
    def _following_size(self) -> Iterator[None]:
        def follow(number: int, frame: FrameType | None) -> None:
            self.resize(*_terminal_size())

        follow(0, None)
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGWINCH, follow)
        try:
            yield
        finally:
            signal.signal(signal.SIGWINCH, before)

    # Its end.

    def _watch(self) -> None:
        if self._pidfd is not None:
            select.select([self._pidfd], [], [])
            os.close(self._pidfd)
        self._process.wait()
        self._clear_up()
        finding.sweep()  # a program that was killed could not take its socket away
        self._ended.set()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + the signal's number if one killed it, as shells say."""
        code = self._process.returncode if self._ended.is_set() else None
        return code if code is None or code >= 0 else 128 - code

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing if it has ended."""
        if not self._ended.is_set():
            self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end, passing on the signals that reach us; returns its exit code."""
        with self.forwarding():
            while not self._ended.wait(0.5):
                pass
            self._drained.wait(2)
        code = self.exit_code
        assert code is not None
        return code

    @contextlib.contextmanager
    def forwarding(self) -> Iterator[None]:
        """Pass on the signals that reach us, and that do not reach it anyway."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def forward(number: int, frame: FrameType | None) -> None:
            if number not in _KEYS or self.terminal == "pty" or not _have_terminal():
                self.send_signal(number)

        before = {number: signal.signal(number, forward) for number in (*FORWARDED, *_KEYS)}
        try:
            yield
        finally:
            for number, act in before.items():
                signal.signal(number, act)

    def end_alike(self) -> int:
        """Die by the signal that it died by, if one killed it; else its exit code."""
        code = self._process.returncode
        if code is not None and code < 0:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it has left its own
            if -code != signal.SIGKILL:
                signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        return self.wait()


def _have_terminal() -> bool:
    """Are we in a terminal's foreground? Then what it sends to us it sends to the program, too."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _identity(python: str) -> str:
    """The build that a command stands for, if the command is the interpreter itself."""
    try:
        real = os.path.realpath(python)
        own = os.path.realpath(sys.executable)
        return bundle.identify(bundle.own_image() if real == own else real)
    except OSError:
        return ""


def _with_mask(mask: set[int]) -> Callable[[], object]:
    return functools.partial(signal.pthread_sigmask, signal.SIG_SETMASK, mask)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _terminal_size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.lines, size.columns


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is for the program
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
