"""The inspector's end of the socket: a request, and its answer."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import threading
import time
from typing import Any

from modtui.agent import errors as agent_errors
from modtui.agent import rendezvous
from modtui.reach.errors import ConnectionLost, NobodyListens, NoPermission, Unreachable
from modtui.reach.proc import Proc

ANSWER_TIME = 120.0  # seconds for any one answer; a job is waited for in many short calls
HELLO_TIME = 10.0
LOOK = 0.5  # seconds between looks whether the target still lives, while it says nothing
LONGEST_ANSWER = 1 << 29  # bytes; the target is not trusted with all of our memory
LONGEST_PATH = 107  # bytes in sockaddr_un


# What can come of bytes that are not an agent's.
_BROKEN = (OSError, EOFError, ValueError, RecursionError, MemoryError)


class Wire:
    """One connection: a request at a time, from any thread of ours."""

    def __init__(
        self, path: str, timeout: float = HELLO_TIME, descriptor: int | None = None
    ) -> None:
        """Connect, or go on with a connection of that descriptor. Raises NobodyListens and
        NoPermission."""
        self.path = path
        self._lock = threading.Lock()
        self._number = 0
        self._lost: str | None = None
        self._patience, self._end = timeout, 0.0
        self._socket = _connected(path, timeout) if descriptor is None else _adopted(descriptor)
        self._socket.setblocking(False)
        self._peer = self._ask_peer()
        self._process = Proc(self._peer[0])
        if self._peer[0] and sys.platform == "linux":
            try:
                _ = self._process.start_ticks
            except Unreachable:
                pass  # it has ended already, and then says so

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._socket.fileno()

    def peer(self) -> tuple[int, int]:
        """(pid, uid) of the agent's process, as the kernel says; (0, -1) where it does not."""
        return self._peer

    @property
    def process(self) -> Proc | None:
        """Who the kernel says is at the other end; None where it does not say."""
        return self._process if self._peer[0] and sys.platform == "linux" else None

    def _ask_peer(self) -> tuple[int, int]:
        option = getattr(socket, "SO_PEERCRED", None)
        if option is None:
            return 0, -1
        data = self._socket.getsockopt(socket.SOL_SOCKET, option, 12)
        pid, uid, _ = struct.unpack("iii", data)
        return pid, uid

    @property
    def open(self) -> bool:
        """Was nothing heard yet that would end it?"""
        return self._lost is None

    def settle(self) -> None:
        """After the first answer: allow for calls that take long."""
        self._patience = ANSWER_TIME

    def request(self, call: str, arguments: dict[str, Any]) -> Any:
        """Make one call. Raises the agent's errors, and ConnectionLost."""
        with self._lock:
            if self._lost is not None:
                raise ConnectionLost(self._lost)
            self._number += 1
            number = self._number
            self._end = time.monotonic() + self._patience
            try:
                body = json.dumps({"id": number, "call": call, "arguments": arguments}).encode()
                try:
                    self._send(struct.pack(">I", len(body)) + body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it may have said why before it closed
                answer = json.loads(self._frame())
            except BaseException as error:
                # What was sent or read in part cannot be gone on with.
                self._lost = self._lost or self._why(error)
                self._socket.close()
                if isinstance(error, _BROKEN):
                    raise ConnectionLost(self._lost) from None
                raise
        return _unpack(answer, number)

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.ended()

    def _why(self, error: BaseException) -> str:
        if self._has_ended():
            return f"process {self._peer[0]} has ended"
        return f"the connection to the agent broke ({_words(error)})"

    def _frame(self) -> bytes:
        (size,) = struct.unpack(">I", self._exactly(4))
        if size > LONGEST_ANSWER:
            raise ValueError(f"it announced an answer of {size} bytes")
        return self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            self._await(select.POLLIN)
            try:
                part = self._socket.recv(min(count - len(parts), 1 << 20))
            except BlockingIOError:
                continue
            if not part:
                raise EOFError("the agent closed it")
            parts += part
        return bytes(parts)

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                self._await(select.POLLOUT)

    def _await(self, event: int) -> None:
        """Wait until there is something to do. Raises TimeoutError, and EOFError if it has ended.

        A child of the target may hold its end of the connection open when the target is no more.
        """
        poll = select.poll()
        poll.register(self._socket, event)
        while not poll.poll(min(max(self._end - time.monotonic(), 0.0), LOOK) * 1000):
            if time.monotonic() >= self._end:
                raise TimeoutError
            if self._has_ended():
                raise EOFError("the target has ended")
        if time.monotonic() >= self._end:
            raise TimeoutError  # it dribbles

    def wait_for_end(self, seconds: float) -> bool:
        """After a detach: True when the agent has left, which it says by closing."""
        with self._lock:
            self._end = time.monotonic() + seconds
            try:
                self._await(select.POLLIN)
                return self._socket.recv(1) == b""
            except TimeoutError:
                return False
            except (OSError, EOFError):
                return True
            finally:
                self.close("the agent was detached")

    def close(self, reason: str = "the session was closed") -> None:
        """Close it; every later call raises ConnectionLost."""
        self._lost = self._lost or reason
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other end closed it first
        self._socket.close()


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _unpack(answer: Any, number: int) -> Any:
    if type(answer) is not dict:
        raise ConnectionLost("what answered is not an agent")
    error = answer.get("error")
    if error is not None:
        kind, message = (
            (error.get("type"), error.get("message")) if type(error) is dict else ("", "")
        )
        raise agent_errors.TYPES.get(str(kind), agent_errors.AgentError)(str(message))
    if answer.get("id") != number or "result" not in answer:
        raise ConnectionLost("the agent answered something else than was asked")
    return answer["result"]


def _adopted(descriptor: int) -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)


def _connected(path: str, timeout: float) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(timeout)
    try:
        _connect_patiently(made, path, timeout)
    except PermissionError:
        made.close()
        raise NoPermission(
            f"the agent's socket {path} is another user's", "run modtui as that user or as root"
        ) from None
    except OSError as error:
        made.close()
        raise NobodyListens(
            f"nobody listens at {path}: {error.strerror or error}",
            "has the program ended? `modtui ps` lists what can be reached",
        ) from None
    return made


def _connect_patiently(sock: socket.socket, path: str, timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        try:
            return _connect(sock, path)
        except BlockingIOError:  # the agent's queue of visitors is full
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _connect(sock: socket.socket, path: str) -> None:
    if path.startswith("@") or len(os.fsencode(path)) <= LONGEST_PATH:
        sock.connect(rendezvous.address(path))
        return
    # Too long for sockaddr_un: go through a descriptor of its directory.
    folder, _, name = path.rpartition("/")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.connect(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
