"""The agent's socket: framed JSON for inspectors, one thread each, asleep when nobody asks.

An injected agent leaves by itself when its last inspector has gone and nothing that was reloaded
could still be undone; an invited one (listen, run) stays until somebody detaches it.
"""

from __future__ import annotations

import _socket
import _thread
import posix
import sys

from . import identity, jobs, rendezvous
from .connections import Connection
from .errors import AgentError
from .rendezvous import Leftover
from .sockets import (
    Pace,
    Socket,
    forget_thread,
    is_live,
    listening_socket,
    may_enter,
    new_lock,
    start_thread,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

MOST_CONNECTIONS = 32
MOST_VISITORS = 500  # in a second
FIRST_ANSWER = 0.5  # seconds at most that the arrival may be in a hurry
FIRST_VISIT = 15.0  # seconds that an injected agent waits for the inspector that injected it

_server: Optional[_Server] = None
_leftover: Optional[Leftover] = None


class _Server:
    def __init__(
        self,
        arrival: str,
        version: str,
        cleanup: Optional[Callable[[], None]],
        calm: Callable[[], None],
        complete: Callable[[], None],
    ) -> None:
        self.arrival = arrival
        self.version = version
        self.pid = posix.getpid()
        self.path = ""
        self.calm = calm  # the hurry of the arrival is over
        self.complete = complete  # makes the modules that only calls need
        self.own = _OWN  # calls that are this module's
        self.cleanup = cleanup  # takes the agent out of the target, when the last thread has ended
        self.thread = 0  # the one that accepts
        self.ids: Set[int] = set()  # of all its threads
        self.begun = new_lock()
        self.begun.acquire()
        self.lock = new_lock()
        self.connections: Set[Connection] = set()
        self.threads = 0
        self.leaving = False
        self.first_waits = [FIRST_ANSWER, FIRST_VISIT] if arrival == "injected" else []
        self.farewell: List[Socket] = []  # closed last: their inspectors wait for our end
        self.listener = self._bind()

    def _bind(self) -> Socket:
        global _leftover
        listener, self.path = listening_socket()
        _leftover = Leftover(self.path)
        return listener

    def start(self) -> None:
        """Accept in a thread of its own."""
        self._begin(self._accept_all)
        self.begun.acquire()  # it says who it is, so that an inspector knows a thread of ours

    def stay(self) -> None:
        """Accept in the calling thread, which is the agent's from now on."""
        self._count(1)
        self._run(self._accept_all)

    def _count(self, more: int) -> None:
        with self.lock:
            self.threads += more
            identity.thread_count = self.threads

    def _begin(self, work: Callable[[], None]) -> None:
        self._count(1)
        try:
            start_thread(self._run, (work,))
        except BaseException:
            self._count(-1)
            raise

    def _run(self, work: Callable[[], None]) -> None:
        self.ids.add(_thread.get_native_id())
        try:
            work()
        except BaseException as error:
            _trouble.append(jobs.describe(error))
            del _trouble[:-20]
        forget_thread()
        with self.lock:
            self.threads -= 1
            identity.thread_count = self.threads
            self.ids.discard(_thread.get_native_id())
            last = self.leaving and self.threads == 0
        if last:
            self._vanish()

    def _accept_all(self) -> None:
        self.thread = _thread.get_native_id()
        self.begun.release()
        pace = Pace(MOST_VISITORS)
        while not self.leaving:
            pace.step()
            try:
                connection = Connection(self, self._next_visitor())
            except OSError as error:
                if self.leaving or not self._recover(error):
                    return
                continue
            try:
                self._welcome(connection)
            except OSError:
                self.gone(connection)

    def _next_visitor(self) -> Socket:
        """Wait for a connection; for the first one not for ever, if somebody has injected us."""
        while self.first_waits:
            self.listener.limit(self.first_waits[0])
            try:
                visitor = self.listener.accept()
            except _socket.timeout:
                del self.first_waits[0]
                self.calm()
                if not self.first_waits:
                    self.leave_if_unused()
            else:
                self.first_waits = []
                return visitor
        self.listener.limit(None)
        return self.listener.accept()

    def _welcome(self, connection: Connection) -> None:
        if not may_enter(connection.socket):
            connection.refuse("this agent serves its own user and root only")
            return
        with self.lock:
            full = len(self.connections) >= MOST_CONNECTIONS
            if not full and not self.leaving:
                self.connections.add(connection)
        if full:
            connection.refuse("too many inspectors are connected to this agent")
            return
        if self.leaving:
            connection.socket.close()
            return
        try:
            self._begin(connection.serve)
        except BaseException:
            self.gone(connection)

    def _recover(self, error: OSError) -> bool:
        """After a failed accept: is it worth going on?"""
        if error.errno in (23, 24, 12, 105, 103, 71, 4):
            # ENFILE, EMFILE, ENOMEM, ENOBUFS, ECONNABORTED, EPROTO, EINTR: short of something now.
            pause = new_lock()
            pause.acquire()
            pause.acquire(True, 0.5)
            return True
        # The target closed our descriptor, perhaps all it had: listen anew under the same name.
        self.listener.close()
        try:
            posix.unlink(self.path)
        except OSError:
            pass  # gone already
        try:
            self.listener = self._bind()
        except OSError:
            self.leave()
            return False
        _announce(self)
        return True

    def gone(self, connection: Connection) -> None:
        """A connection has ended."""
        with self.lock:
            self.connections.discard(connection)
        if connection.socket not in self.farewell:
            connection.socket.close()
        self.calm()
        self.leave_if_unused()

    def leave_if_unused(self) -> None:
        if self.arrival == "injected" and not self.connections and not self._needed():
            self.leave(only_if_unused=True)

    def _needed(self) -> bool:
        return bool(identity.undoable() or jobs.unfinished())

    def leave(self, asked_by: Optional[Connection] = None, only_if_unused: bool = False) -> None:
        """Stop listening and end every connection; the last thread takes the agent out."""
        global _leftover
        with self.lock:
            if self.leaving or (only_if_unused and self.connections):
                return
            self.leaving = True
            others = [one for one in self.connections if one is not asked_by]
        self.calm()
        if asked_by is not None:
            self.farewell.append(asked_by.socket)
        jobs.withdraw_all()
        if _leftover is not None:
            _leftover.path = ""
            _leftover = None
        if posix.getpid() == self.pid:
            if sys.platform != "linux" or not self.listener.ours():
                is_live(self.path)  # a visitor wakes the accept where a shutdown cannot
            rendezvous.remove(self.path)
            self.listener.shutdown()
        for one in others:
            one.socket.shutdown()

    def _vanish(self) -> None:
        global _server
        self.listener.close()
        if _server is self:
            _server = None
        raws = [one._raw for one in self.farewell if one.ours()]
        cleanup = self.cleanup
        baseline = sys.modules.get(identity.PACKAGE + ".baseline")
        if baseline is not None:
            baseline.stop_capturing()
        if cleanup is not None:
            cleanup()  # from here on this module has no names any more
        for raw in raws:
            try:
                raw.shutdown(2)  # a forked child may hold it as well, and would keep it open
            except OSError:
                pass  # the inspector did not wait
            raw.close()


_trouble: List[str] = []  # of our own threads
_added: List[str] = []


def _announce(server: _Server) -> None:
    identity.arrived(server.arrival, server.version, _added, [server.path])


def listen(
    arrival: str = "listen",
    version: str = "",
    added: Any = (),
    cleanup: Optional[Callable[[], None]] = None,
    calm: Callable[[], None] = lambda: None,
    complete: Callable[[], None] = lambda: None,
) -> str:
    """Listen for inspectors; returns the socket's path. Calling it again returns the same path.

    The arguments are those of `prepare`, and so is what it raises.
    """
    if not listening():
        prepare(arrival, version, added, cleanup, calm, complete)
        serve()
    return listening()


def prepare(
    arrival: str,
    version: str,
    added: Any,
    cleanup: Optional[Callable[[], None]],
    calm: Callable[[], None],
    complete: Callable[[], None],
    known: Tuple[bytes, float] = (b"", 0.0),
) -> str:
    """Listen, but let inspectors wait for `serve`; returns the socket's path.

    `added` names the sys.modules entries that came with the agent; `cleanup` is called by the
    agent's last thread after a detach, `calm` when the first answer is out, and `complete` before
    the first call that needs more of the agent than this module; `known` is told to `identity`.
    Raises OSError if no socket can be made.
    """
    global _server
    forget_inherited()
    identity.told_process(*known)
    _added[:] = list(added)
    server = _server = _Server(arrival, version, cleanup, calm, complete)
    _announce(server)
    if arrival == "injected":
        server.thread = _thread.get_native_id()  # the one that will stay
    return server.path


def serve() -> None:
    """Answer: on the calling thread until the agent leaves if that is injected, else on another."""
    global _server
    server = _server
    assert server is not None
    try:
        if server.arrival == "injected":
            return server.stay()
        server.complete()
        from . import baseline

        baseline.start_capturing()
        server.start()
    except BaseException:
        _server = None
        server.listener.close()
        rendezvous.remove(server.path)
        raise


def listening() -> str:
    """The path where this process' agent listens; "" if it does not, or is leaving."""
    server = _server
    if server is None or server.pid != posix.getpid() or server.leaving:
        return ""
    return server.path


def forget_inherited() -> None:
    """In a forked child: close what was the parent's, whose threads are not here."""
    global _server, _leftover
    server, _server, _leftover = _server, None, None
    if server is not None and server.pid != posix.getpid():
        for one in [server.listener] + [c.socket for c in list(server.connections)]:
            one.close()
        identity.thread_count = 0


def _compiled() -> Dict[str, str]:
    """The agent's own code as this interpreter compiled it, once, for the inspector to keep."""
    if _server is not None:
        _server.complete()
    names = vars(sys.modules[identity.PACKAGE])
    import marshal

    if not names.get("_compiled"):
        return {}
    found = dict(zip(("core", "rest"), map(marshal.dumps, names.pop("_compiled"))))
    found["bootstrap"] = marshal.dumps(names.pop("_bootstrap"))
    found[""] = sys.modules["_frozen_importlib_external"].MAGIC_NUMBER
    return {name: code.hex() for name, code in found.items()}


def _pump(token: str) -> bool:
    """Bring a job to the main thread from in here; see `jobs.pump_with_ctypes`."""
    try:
        jobs.pump_with_ctypes(token)
    except ImportError as error:
        raise AgentError("no ctypes in this build of Python: %s" % (error,)) from None
    return True


def thread() -> int:
    """The id of the agent's accepting thread, as the target's pid namespace counts."""
    return _server.thread if _server is not None else 0


_OWN: Dict[str, Callable[..., Any]] = {
    "hello": identity.hello,
    "channel.compiled": _compiled,
    "channel.pump": _pump,
    "channel.thread": thread,
}
