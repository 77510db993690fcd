"""Where an agent and its inspectors meet: `<base>/modtui-<uid>/<pid>.sock`.

The directory belongs to the target's user and nobody else can enter it (0700). Everything here
takes plain paths, so that an inspector can look at the same places through `/proc/PID/root`. Where
no directory can be had (Linux, everything read-only) the socket has an abstract name, written with
an "@" in front; the peer's credentials are checked all the same.
"""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional

_S_IFMT, _S_IFDIR, _S_IFSOCK = 0o170000, 0o040000, 0o140000
SPARE_NAMES = 4  # where pid namespaces share a directory, two agents may have the same pid


def bases() -> List[str]:
    """The directories that may hold ours, the usual one first."""
    places = ["/tmp", "/dev/shm", "/var/tmp"]
    if sys.platform == "darwin":  # there each user has an own temporary directory
        own = posix.environ.get(b"TMPDIR", b"").decode("utf-8", "surrogateescape").rstrip("/")
        if own:
            places.insert(0, own)
    return places


def directory(base: str, uid: int) -> str:
    """Our directory of that user under that base."""
    return "%s/modtui-%d" % (base, uid)


def why_unsafe(path: str, uid: int) -> Optional[str]:
    """Why this is not a directory that only the user can enter, or None if it is one."""
    try:
        found = posix.lstat(path)
    except OSError as error:
        return "%s: %s" % (path, error.strerror)
    if found.st_mode & _S_IFMT != _S_IFDIR:
        return "%s is not a directory" % (path,)
    if found.st_uid != uid:
        return "%s belongs to user %d" % (path, found.st_uid)
    if found.st_mode & 0o077:
        return "%s can be entered by others (mode %o)" % (path, found.st_mode & 0o777)
    return None


def make_directory(uid: int) -> str:
    """The first of our directories that is there or can be made safely.

    Raises OSError with every place's reason.
    """
    reasons = []
    for base in bases():
        path = directory(base, uid)
        try:
            posix.mkdir(path, 0o700)
            return path
        except FileExistsError:
            pass
        except OSError as error:
            reasons.append("%s: %s" % (base, error.strerror))
            continue
        reason = why_unsafe(path, uid)
        if reason is None and not posix.access(path, posix.W_OK):
            reason = "%s is not writable" % (path,)
        if reason is None:
            return path
        reasons.append(reason)
    raise OSError("no safe place for a socket: " + "; ".join(reasons))


def names(pid: int) -> List[str]:
    """The names that a socket of that pid may have in our directory."""
    return ["%d.sock" % pid] + ["%d-%d.sock" % (pid, n) for n in range(1, SPARE_NAMES)]


def abstract(uid: int, pid: int) -> str:
    """The name of a socket that is in no directory."""
    return "@modtui-%d-%d" % (uid, pid)


def address(path: str) -> str:
    """What bind() and connect() take for a path or an abstract name."""
    return "\0" + path[1:] if path.startswith("@") else path


def is_socket(path: str) -> bool:
    """Is there a socket of this name (itself, not behind a link)?"""
    try:
        return posix.lstat(path).st_mode & _S_IFMT == _S_IFSOCK
    except OSError:
        return False


def remove(path: str, unlink: Any = posix.unlink, rmdir: Any = posix.rmdir) -> None:
    """Remove a socket, and its directory if it was the last one in it."""
    if path.startswith("@"):
        return  # it goes with its last descriptor
    for act, what in ((unlink, path), (rmdir, path.rpartition("/")[0])):
        try:
            act(what)
        except OSError:
            return  # gone already, or other agents are still in the directory


class Leftover:
    """Removes the socket's file when the interpreter ends without anybody detaching.

    Nothing but this module's namespace holds it, so that it dies with that namespace; an atexit
    entry would be a trace in the target, and taking it out again would compare foreign callbacks.
    """

    __slots__ = ("path", "pid")

    def __init__(self, path: str) -> None:
        self.path, self.pid = path, posix.getpid()

    def __del__(self, remove: Any = remove, getpid: Callable[[], int] = posix.getpid) -> None:
        if self.path and getpid() == self.pid:
            remove(self.path)
