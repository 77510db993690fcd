"""The agent's socket: framed JSON for inspectors, one thread each, asleep when nobody asks.

Only C modules are used, and each of them in its original form: a target may have replaced threads
by greenlets (gevent, eventlet) or set a default timeout for sockets. An injected agent leaves by
itself when its last inspector has gone and nothing that was reloaded could still be undone; an
invited one (listen, run) stays until somebody detaches it.
"""

from __future__ import annotations

import _socket
import _thread
import posix
import sys

from . import baseline, framing, identity, jobs, rendezvous
from .calls import Calls
from .errors import AgentError, BadCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

MOST_CONNECTIONS = 32
BACKLOG = 64
FIRST_ANSWER = 0.5  # seconds at most that the arrival may be in a hurry
FIRST_VISIT = 15.0  # seconds that an injected agent waits for the inspector that injected it

# What the wire may call, and nothing else.
CALLS = frozenset(
    (
        "hello",
        "list_modules",
        "changes",
        "freshness",
        "show",
        "source",
        "baseline",
        "remember",
        "plan",
        "journal",
        "reload",
        "undo",
        "submit",
        "wait",
        "withdraw",
        "run_here",
    )
)

_server: Optional[_Server] = None


def original(name: str) -> Any:
    """A function of `_thread` as the interpreter made it, even if the target replaced it there."""
    here = vars(_thread)[name]
    builtin: Any = type(len)
    if type(here) is builtin:
        return here
    import gc

    for thing in gc.get_objects():
        if type(thing) is builtin and thing.__name__ == name and thing.__self__ is _thread:
            return thing
    raise RuntimeError("the target replaced _thread.%s, and the original is gone" % (name,))


_start_thread: Callable[..., int] = original("start_new_thread")
_new_lock: Callable[[], Any] = original("allocate_lock")


class _Socket:
    """A socket that is only ever closed while its descriptor still is what it was.

    A target that closes all its descriptors and opens others must not lose one of those to us.
    """

    __slots__ = ("_identity", "_raw")

    def __init__(self, raw: Any) -> None:
        raw.settimeout(None)  # a new socket starts with the target's own default timeout
        self._raw = raw
        self._identity = self._look()

    def _look(self) -> Optional[Tuple[int, int]]:
        try:
            found = posix.fstat(self._raw.fileno())
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def ours(self) -> bool:
        return self._identity is not None and self._look() == self._identity

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def accept(self) -> _Socket:
        descriptor, _ = self._raw._accept()
        return _Socket(_socket.socket(fileno=descriptor))

    def receive(self, count: int) -> Optional[bytes]:
        """Exactly so many bytes, or None at the end of the stream."""
        parts: List[bytes] = []
        while count:
            part = self._raw.recv(min(count, 1 << 20))
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def send(self, data: bytes) -> None:
        self._raw.sendall(data)

    def shutdown(self) -> None:
        """End it for everybody, forked children that inherited it included."""
        if self.ours():
            try:
                self._raw.shutdown(_socket.SHUT_RDWR)
            except OSError:
                pass  # not connected any more

    def close(self) -> None:
        if self.ours():
            self._raw.close()
        else:
            self._raw.detach()


def peer_uid(raw: Any) -> Optional[int]:
    """The user at the other end, as the kernel says; None where it cannot be asked."""
    option = getattr(_socket, "SO_PEERCRED", None)
    if option is not None:  # struct ucred {pid, uid, gid}, unix(7)
        data = raw.getsockopt(_socket.SOL_SOCKET, option, 12)
        return int.from_bytes(data[4:8], sys.byteorder)
    option = getattr(_socket, "LOCAL_PEERCRED", None)
    if option is not None:  # struct xucred {version, uid, ...}, BSD's unix(4)
        data = raw.getsockopt(0, option, 76)
        return int.from_bytes(data[4:8], sys.byteorder)
    return None


def _may_enter(raw: Any) -> bool:
    uid = peer_uid(raw)
    if uid is None or uid in (0, posix.geteuid()):
        return True
    # An inspector from outside of our user namespace has no number in here. It passed a directory
    # that only its owner and a privileged user can enter, so it is one of these.
    return uid == _overflow_uid() and _in_user_namespace()


def _overflow_uid() -> int:
    try:
        with open("/proc/sys/kernel/overflowuid", "rb") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 65534


def _in_user_namespace() -> bool:
    try:
        with open("/proc/self/uid_map", "rb") as file:
            return file.read().split() != [b"0", b"0", b"4294967295"]
    except OSError:
        return False


class _Leftover:
    """Removes the socket's file when the interpreter ends without anybody detaching.

    Nothing but this module's namespace holds it, so that it dies with that namespace; an atexit
    entry would be a trace in the target, and taking it out again would compare foreign callbacks.
    """

    __slots__ = ("path", "pid")

    def __init__(self, path: str) -> None:
        self.path, self.pid = path, posix.getpid()

    def __del__(
        self, remove: Any = rendezvous.remove, getpid: Callable[[], int] = posix.getpid
    ) -> None:
        if self.path and getpid() == self.pid:
            remove(self.path)


_leftover: Optional[_Leftover] = None


class _Server:
    def __init__(
        self,
        arrival: str,
        version: str,
        cleanup: Optional[Callable[[], None]],
        calm: Callable[[], None],
    ) -> None:
        self.arrival = arrival
        self.version = version
        self.pid = posix.getpid()
        self.path = ""
        self.calm = calm  # the hurry of the arrival is over
        self.cleanup = cleanup  # takes the agent out of the target, when the last thread has ended
        self.thread = 0
        self.begun = _new_lock()
        self.begun.acquire()
        self.lock = _new_lock()
        self.connections: Set[_Connection] = set()
        self.threads = 0
        self.leaving = False
        self.visited = False
        self.farewell: List[_Socket] = []  # closed last: their inspectors wait for our end
        self.listener = self._bind()

    def _bind(self) -> _Socket:
        global _leftover
        folder = rendezvous.make_directory(posix.geteuid())
        problem: Optional[OSError] = None
        for name in rendezvous.names(posix.getpid()):
            path = folder + "/" + name
            raw = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            listener = _Socket(raw)
            if rendezvous.is_socket(path) and not _is_live(path):
                posix.unlink(path)  # of a process that had our pid and was killed
            try:
                raw.bind(path)
                posix.chmod(path, 0o600)
                raw.listen(BACKLOG)
            except OSError as error:
                problem = error
                raw.close()
                continue
            self.path = path
            _leftover = _Leftover(path)
            return listener
        raise problem or OSError("no name for a socket")

    def start(self) -> None:
        self._begin(self._accept_all)
        self.begun.acquire()  # it says who it is, so that an inspector knows a thread of ours
        if self.arrival == "injected":
            self._begin(self._await_first_visit)

    def _begin(self, work: Callable[[], None]) -> None:
        with self.lock:
            self.threads += 1
            identity.thread_count = self.threads
        try:
            _start_thread(self._run, (work,))
        except BaseException:
            with self.lock:
                self.threads -= 1
                identity.thread_count = self.threads
            raise

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            _trouble.append(jobs.describe(error))
            del _trouble[:-20]
        _forget_thread()
        with self.lock:
            self.threads -= 1
            identity.thread_count = self.threads
            last = self.leaving and self.threads == 0
        if last:
            self._vanish()

    def _await_first_visit(self) -> None:
        waiting = self.first_visit = _new_lock()
        waiting.acquire()
        if self.visited or waiting.acquire(True, FIRST_ANSWER):
            return
        self.calm()
        if not waiting.acquire(True, FIRST_VISIT):
            self.leave_if_unused()

    def _accept_all(self) -> None:
        self.thread = _thread.get_native_id()
        self.begun.release()
        while not self.leaving:
            try:
                connection = _Connection(self, self.listener.accept())
            except OSError as error:
                if self.leaving or not self._recover(error):
                    return
                continue
            if self.leaving:
                connection.socket.close()
                return
            self._welcome(connection)

    def _welcome(self, connection: _Connection) -> None:
        if not _may_enter(connection.socket._raw):
            connection.refuse("this agent serves its own user and root only")
            return
        with self.lock:
            full = len(self.connections) >= MOST_CONNECTIONS
            if not full:
                self.connections.add(connection)
        if full:
            connection.refuse("too many inspectors")
            return
        self.visited = True
        waiting = getattr(self, "first_visit", None)
        if waiting is not None and waiting.locked():
            waiting.release()
        try:
            self._begin(connection.serve)
        except BaseException:
            self.gone(connection)

    def _recover(self, error: OSError) -> bool:
        """After a failed accept: is it worth going on?"""
        if error.errno in (23, 24, 12, 105, 103, 71, 4):
            # ENFILE, EMFILE, ENOMEM, ENOBUFS, ECONNABORTED, EPROTO, EINTR: the target is short of
            # something for now. This is the only place where an idle agent wakes up.
            pause = _new_lock()
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

    def gone(self, connection: _Connection) -> None:
        """A connection has ended."""
        with self.lock:
            self.connections.discard(connection)
        if connection.socket not in self.farewell:
            connection.socket.close()
        self.calm()
        self.leave_if_unused()

    def leave_if_unused(self) -> None:
        if self.arrival == "injected" and not self.connections and not self._needed():
            self.leave()

    def _needed(self) -> bool:
        return bool(identity.hello()["journal"] or jobs.unfinished())

    def leave(self, asked_by: Optional[_Connection] = None) -> None:
        """Stop listening and end every connection; the last thread takes the agent out."""
        global _leftover
        with self.lock:
            if self.leaving:
                return
            self.leaving = True
            others = [one for one in self.connections if one is not asked_by]
        if asked_by is not None:
            self.farewell.append(asked_by.socket)
        jobs.withdraw_all()
        if _leftover is not None:
            _leftover.path = ""
            _leftover = None
        if posix.getpid() == self.pid:
            wake = None
            if sys.platform != "linux":  # elsewhere shutdown does not wake an accept
                wake = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
                wake.connect(self.path)
                wake.close()
            rendezvous.remove(self.path)
            self.listener.shutdown()
        for one in others:
            one.socket.shutdown()
        waiting = getattr(self, "first_visit", None)
        if waiting is not None and waiting.locked():
            waiting.release()

    def _vanish(self) -> None:
        global _server
        self.listener.close()
        if _server is self:
            _server = None
        raws = [one._raw for one in self.farewell if one.ours()]
        cleanup = self.cleanup
        baseline.stop_capturing()
        if cleanup is not None:
            cleanup()  # from here on this module has no names any more
        for raw in raws:
            raw.close()


class _Connection:
    def __init__(self, server: _Server, sock: _Socket) -> None:
        self.server = server
        self.socket = sock
        self.calls = Calls()

    def refuse(self, reason: str) -> None:
        try:
            self._answer(None, error=("Refused", reason))
        except OSError:
            pass  # it did not even stay to hear
        self.socket.close()

    def serve(self) -> None:
        try:
            while self._serve_one():
                self.server.calm()
        except OSError:
            pass  # the inspector is gone, in the middle of something
        finally:
            self.server.gone(self)

    def _serve_one(self) -> bool:
        head = self.socket.receive(4)
        if head is None:
            return False
        size = int.from_bytes(head, "big")
        if size > framing.LONGEST_REQUEST:
            self._answer(None, error=("BadCall", "a request of %d bytes is too long" % size))
            return False
        body = self.socket.receive(size)
        if body is None:
            return False
        try:
            request = framing.decode(body)
            if type(request) is not dict:
                raise framing.BadFrame("a request is an object")
        except framing.BadFrame as error:
            self._answer(None, error=("BadCall", str(error)))
            return False
        number = request.get("id")
        if request.get("call") == "detach":
            self._answer(number, result=True)
            self.server.leave(self)
            return False
        self._dispatch(number, request)
        return True

    def _dispatch(self, number: Any, request: Dict[str, Any]) -> None:
        try:
            result = self._call(request.get("call"), request.get("arguments") or {})
            answer = framing.encode({"id": number, "result": result})
        except AgentError as error:
            self._answer(number, error=(type(error).__name__, str(error)))
        except BaseException as error:
            self._answer(number, error=("AgentError", jobs.describe(error)))
        else:
            self.socket.send(framing.frame(answer))

    def _call(self, name: Any, arguments: Any) -> Any:
        if type(name) is not str or type(arguments) is not dict:
            raise BadCall("a call is a name and an object of arguments")
        if name in CALLS:
            method = getattr(self.calls, name)
        elif name in _OWN:
            method = _OWN[name]
        else:
            raise BadCall("there is no call %r" % (name,))
        code = (method.__func__ if name in CALLS else method).__code__
        allowed = code.co_varnames[: code.co_argcount]
        unknown = [key for key in arguments if key not in allowed or key == "self"]
        if unknown:
            raise BadCall("%s takes no argument %r" % (name, unknown[0]))
        missing = code.co_argcount - len(method.__defaults__ or ()) - (name in CALLS)
        for key in allowed[name in CALLS :][:missing]:
            if key not in arguments:
                raise BadCall("%s needs the argument %r" % (name, key))
        return method(**arguments)

    def _answer(self, number: Any, result: Any = None, error: Any = None) -> None:
        answer: Dict[str, Any] = {"id": number}
        if error is None:
            answer["result"] = result
        else:
            answer["error"] = {"type": error[0], "message": error[1]}
        self.socket.send(framing.frame(framing.encode(answer)))


_trouble: List[str] = []  # unexpected errors of our own threads


def _forget_thread() -> None:
    """Take back the entry that `threading` makes when reloaded code asks it who we are."""
    threading = sys.modules.get("threading")
    if type(threading) is type(sys):
        active = vars(threading).get("_active")
        if type(active) is dict:
            active.pop(_thread.get_ident(), None)


def _is_live(path: str) -> bool:
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        probe.settimeout(1.0)
        probe.connect(path)
    except OSError:
        return False
    finally:
        probe.close()
    return True


def _announce(server: _Server) -> None:
    identity.arrived(server.arrival, server.version, _added, [server.path])


_added: List[str] = []


def listen(
    arrival: str = "listen",
    version: str = "",
    added: Any = (),
    cleanup: Optional[Callable[[], None]] = None,
    calm: Callable[[], None] = lambda: None,
) -> str:
    """Listen for inspectors; returns the socket's path. Calling it again returns the same path.

    `added` names the sys.modules entries that came with the agent; `cleanup` is called by the
    agent's last thread after a detach, `calm` when the first answer is out. Raises OSError if no
    socket can be made.
    """
    global _server
    if listening():
        return listening()
    forget_inherited()
    _added[:] = list(added)
    server = _server = _Server(arrival, version, cleanup, calm)
    _announce(server)
    if arrival != "injected":
        baseline.start_capturing()
    try:
        server.start()
    except BaseException:
        _server = None
        server.listener.close()
        rendezvous.remove(server.path)
        raise
    return server.path


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
    package = sys.modules.get(identity.PACKAGE)
    codes = vars(package).pop("_compiled", {}) if package is not None else {}
    import marshal

    external = sys.modules["_frozen_importlib_external"]
    found = {"": external.MAGIC_NUMBER.decode("latin-1")}
    for name, code in codes.items():
        found[name] = marshal.dumps(code).decode("latin-1")
    return found


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
    "channel.compiled": _compiled,
    "channel.pump": _pump,
    "channel.thread": thread,
}
