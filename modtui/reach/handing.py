"""A session that a child of ours opens and hands over, while we do something else.

A thread would have to share one interpreter with what we do meanwhile; a child has its own core.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from modtui.agent.errors import TYPES
from modtui.reach import errors

if TYPE_CHECKING:
    from modtui.reach.delivery import Progress
    from modtui.reach.session import Session

POSSIBLE = sys.platform == "linux"  # elsewhere a system's libraries may not survive a fork
_HEAD = struct.Struct(">cQ")  # what kind of message, and the length of its data in bytes
_WORDS, _PROBLEM, _SESSION = b"w", b"p", b"s"


class Handing:
    """The child, from our side."""

    def __init__(self, work: Callable[[Progress], tuple[Session, Any]]) -> None:
        """Begin the work in a child: it opens a session, and what it learned comes with that.

        To be called while we have one thread. What is learned must be plain data.
        """
        self._link, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            self._link.close()
            _be_the_child(theirs, work)
        theirs.close()

    def take(self, tell: Progress, seconds: float | None = None) -> tuple[Session, Any] | None:
        """The session and what was learned; None if that takes longer than so many seconds.

        `tell` is told in words what the child waits for. Raises what the work raised: ReachError or
        AgentError, and RuntimeError for what should not have happened.
        """
        while select.select([self._link], [], [], seconds)[0]:
            kind, data, descriptors = self._message()
            if kind == _WORDS:
                tell(data)
                continue
            self._end()
            if kind == _PROBLEM:
                raise _problem(*data)
            from modtui.reach.session import taken_over

            state, learned = data
            return taken_over(state, descriptors[0]), learned
        return None

    def give_up(self) -> None:
        """Nobody wants the session any more; when this returns, the child has withdrawn what it has
        asked for."""
        if self._pid:
            os.kill(self._pid, signal.SIGINT)
            os.waitpid(self._pid, 0)
            self._link.close()
            self._pid = 0

    def _message(self) -> tuple[bytes, Any, list[int]]:
        head, descriptors, _, _ = socket.recv_fds(
            self._link, _HEAD.size, 1, socket.MSG_CMSG_CLOEXEC | socket.MSG_WAITALL
        )
        if len(head) < _HEAD.size:
            self._end()
            raise errors.Unreachable("the process of ours that was attaching was killed")
        kind, size = _HEAD.unpack(head)
        data = self._link.recv(size, socket.MSG_WAITALL)
        return kind, marshal.loads(data), descriptors

    def _end(self) -> None:
        self._link.close()
        pid, self._pid = self._pid, 0
        threading.Thread(target=os.waitpid, args=(pid, 0), daemon=True).start()


def _be_the_child(link: socket.socket, work: Callable[[Progress], tuple[Session, Any]]) -> NoReturn:
    """Do the work, say what came of it, and end; nothing of ours is cleaned up by the child."""
    try:
        try:
            session, learned = work(lambda text: _say(link, _WORDS, text))
        except Exception as problem:
            _say(link, _PROBLEM, _as_data(problem))
        else:
            from modtui.reach.session import handed_over

            state, descriptor = handed_over(session)
            _say(link, _SESSION, (state, learned), descriptor)
    finally:
        os._exit(0)


def _say(link: socket.socket, kind: bytes, data: Any, *descriptors: int) -> None:
    body = marshal.dumps(data)
    socket.send_fds(link, [_HEAD.pack(kind, len(body))], descriptors)
    link.sendall(body)


def _as_data(problem: Exception) -> tuple[str, str, str]:
    if isinstance(problem, errors.ReachError):
        return type(problem).__name__, problem.reason, problem.remedy
    name = type(problem).__name__
    return (name, str(problem), "") if name in TYPES else ("", f"{name}: {problem}", "")


def _problem(kind: str, reason: str, remedy: str) -> Exception:
    if kind in TYPES:
        return TYPES[kind](reason)
    found = getattr(errors, kind, None)
    return found(reason, remedy) if found is not None else RuntimeError(reason)
