"""Sockets and threads for the agent, whatever the target has done to its own.

Only C modules are used, and each in its original form: a target may have replaced threads by
greenlets (gevent, eventlet), set a default timeout for sockets, or closed all its descriptors.
"""

from __future__ import annotations

import _socket
import _thread
import posix
import sys

from . import rendezvous
from .rendezvous import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple

BACKLOG = 64
CHUNK = 4096  # bytes that are received at once: beside busy threads each call waits for its turn
BINDS = 20  # tries, while others leave the directory that the socket shall be in


def original(name: str) -> Any:
    """A function of `_thread` as the interpreter made it, even if the target replaced it there."""
    here = vars(_thread)[name]
    builtin: Any = type(len)
    if type(here) is builtin:
        return here
    import gc

    for thing in gc.get_objects():
        if type(thing) is builtin and thing.__name__ == name:
            of = thing.__self__
            if type(of) is type(sys) and vars(of).get("__name__") == "_thread":
                return thing
    raise RuntimeError("the target replaced _thread.%s, and the original is gone" % (name,))


start_thread: Callable[..., int] = original("start_new_thread")
new_lock: Callable[[], Any] = original("allocate_lock")


class Pace:
    """Lets something happen so often in a second; beyond that, who does it waits.

    So that nobody who floods us takes the interpreter away from the target's own threads.
    """

    __slots__ = ("count", "most", "since")

    def __init__(self, most: int) -> None:
        self.most, self.count, self.since = most, 0, 0.0

    def step(self) -> None:
        """It happens once more."""
        now = posix.times()[4]  # the kernel's; a target may have frozen or replaced `time`
        if not 0.0 <= now - self.since < 1.0:
            self.since, self.count = now, 0
        self.count += 1
        if self.count > self.most:
            pause = new_lock()
            pause.acquire()
            pause.acquire(True, max(self.since + 1.0 - now, 0.01))


class Socket:
    """A socket that is only ever closed while its descriptor still is what it was.

    A target that closes all its descriptors and opens others must not lose one of those to us.
    """

    __slots__ = ("_identity", "_kept", "_raw")

    def __init__(self, raw: Any) -> None:
        if raw.gettimeout() is not None:
            raw.settimeout(None)  # a new socket starts with the target's own default timeout
        self._raw = raw
        self._kept = b""  # received, and not asked for yet
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

    def limit(self, seconds: Optional[float]) -> None:
        """How long an accept waits before it raises `_socket.timeout`; None for ever."""
        self._raw.settimeout(seconds)

    def accept(self) -> Socket:
        descriptor, _ = self._raw._accept()
        return Socket(_socket.socket(fileno=descriptor))

    def receive(self, count: int) -> Optional[bytes]:
        """Exactly so many bytes, or None at the end of the stream."""
        data = self._kept[:count]
        self._kept = self._kept[count:]
        if len(data) == count:
            return data
        parts, missing = [data], count - len(data)
        while missing > 0:
            part = self._raw.recv(min(max(missing, CHUNK), 1 << 20))
            if not part:
                return None
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self._kept = data[count:]
        return data[:count]

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


def may_enter(sock: Socket) -> bool:
    uid = peer_uid(sock._raw)
    if uid is None or uid in (0, posix.geteuid()):
        return True
    # An inspector from outside of our user namespace has no number in here. It passed a directory
    # that only its owner and a privileged user can enter, so it is one of these. A socket without
    # a path has no such door.
    by_path = type(sock._raw.getsockname()) is str
    return by_path and uid == _overflow_uid() and _in_user_namespace()


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


def is_live(path: str) -> bool:
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        probe.settimeout(1.0)
        probe.connect(address(path))
    except OSError:
        return False
    finally:
        probe.close()
    return True


def listening_socket() -> Tuple[Socket, str]:
    """A socket of this process at the first name that can be had, and that name.

    Raises OSError where there is none.
    """
    problem: Optional[OSError] = None
    for _ in range(BINDS):
        for path in _paths():
            try:
                return _listen_at(path), path
            except OSError as error:
                problem = error
        # The directory goes with the last agent in it, and another may have left just now.
        if not isinstance(problem, FileNotFoundError):
            break
    raise problem or OSError("no name for a socket")


def _paths() -> List[str]:
    uid, pid = posix.geteuid(), posix.getpid()
    try:
        folder = rendezvous.make_directory(uid)
    except OSError:
        if sys.platform != "linux":
            raise
        return [rendezvous.abstract(uid, pid)]
    return [folder + "/" + name for name in rendezvous.names(pid)]


def _listen_at(path: str) -> Socket:
    raw = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        try:
            raw.bind(address(path))
        except OSError:
            if not rendezvous.is_socket(path) or is_live(path):
                raise
            posix.unlink(path)  # of a process that had our pid and was killed
            raw.bind(address(path))
        if not path.startswith("@"):
            posix.chmod(path, 0o600)
        raw.listen(BACKLOG)
    except OSError:
        raw.close()
        raise
    return Socket(raw)


def forget_thread() -> None:
    """Take back the entry that `threading` makes when reloaded code asks it who we are."""
    threading = sys.modules.get("threading")
    if type(threading) is type(sys):
        active = vars(threading).get("_active")
        if type(active) is dict:
            active.pop(_thread.get_ident(), None)
