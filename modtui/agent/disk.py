"""Files as the target sees them: identity, bytes, and since when a path has led to them."""

from __future__ import annotations

import errno
import sys

from .system import SEPARATORS, absolute, os, split

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter built without it
    from .blake2 import blake2b  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

    Stamp = Tuple[int, int, int, int, int]

# The kernel stamps files with a clock that lags by up to one tick of at most 10 ms.
CLOCK_LAG_NS = 10_000_000
MAX_LINKS = 40
LARGEST = 64 << 20  # bytes of a source or a pyc; what is larger is none, and would cost the target
# The file may have become a pipe, which a plain open would wait for.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)
OPEN_FLAGS |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FORMAT, _LINK, _REGULAR = 0o170000, 0o120000, 0o100000


def stamp(status: os.stat_result) -> Stamp:
    """The identity of one state of a file: (device, inode, size, mtime ns, ctime ns)."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def is_regular(status: os.stat_result) -> bool:
    """Whether it is an ordinary file."""
    return status.st_mode & _FORMAT == _REGULAR


def digest(data: bytes) -> str:
    """The name of a text: blake2b of its bytes, 16 bytes, in hex."""
    return blake2b(data, digest_size=16).hexdigest()


def opened(path: str) -> int:
    """A descriptor to read a file by; never waits, whatever is there. Raises OSError."""
    return os.open(path, OPEN_FLAGS)


def read(path: str, most: int = LARGEST) -> Tuple[bytes, Stamp, bool]:
    """(bytes, identity, sure) of a file; not sure when it changed while it was read.

    Raises OSError, also where it has more than `most` bytes.
    """
    descriptor = opened(path)
    try:
        status = os.fstat(descriptor)
        if not is_regular(status):  # a pipe would block, a directory cannot be read
            raise OSError(errno.EISDIR, "not a regular file", path)
        before, parts, size = stamp(status), [], 0
        while max(size, status.st_size) <= most:
            part = os.read(descriptor, 1 << 20)
            if not part:
                break
            parts.append(part)
            size += len(part)
        else:
            raise OSError(errno.EFBIG, "it has more than %d bytes" % most, path)
        after = stamp(os.fstat(descriptor))
    finally:
        os.close(descriptor)
    return b"".join(parts), before, before == after


_digests: Dict[str, Tuple[Stamp, str]] = {}


def digest_of_file(path: str, known: Stamp) -> Optional[str]:
    """The digest of a file whose identity is now `known`; None if it changes under our eyes.

    Raises OSError.
    """
    cached = _digests.get(path)
    if cached is not None and cached[0] == known:
        return cached[1]
    data, found, sure = read(path)
    if not sure:
        return None
    value = digest(data)
    _digests[path] = (found, value)
    return value


class Paths:
    """One look at many files; what it learns of directories it keeps for the look only.

    A file at a path is the one that was there at some time T if neither it nor the way to it has
    changed since. A file's ctime ticks when it is written, renamed or linked. That a directory on
    the way is another one shows twice: the ctime of what was moved ticks, and so does the one of
    the directory that holds it. So the way has not changed since the earlier of the two; entries
    made in a directory (a `__pycache__`) do not spoil the proof.

    Where entries were made in a directory and in the one above, both have ticked. A directory that
    was moved has a ctime later than its mtime, unless entries were made in it afterwards: its
    absence is evidence, and no proof.
    """

    def __init__(self) -> None:
        self._ways: Dict[str, Tuple[int, int]] = {}
        self._ctimes: Dict[str, int] = {}

    def look(self, path: str) -> Tuple[os.stat_result, int, int]:
        """(stat of the file, since when the path proves to lead to this state of it, and since
        when it probably does), in ns.

        Raises OSError.
        """
        return self._look(absolute(path), MAX_LINKS)

    def _look(self, path: str, links: int) -> Tuple[os.stat_result, int, int]:
        status = os.lstat(path)
        directory = split(path)[0]
        sure, probable = self._way(directory, links)
        changed = _changed(status)
        if status.st_mode & _FORMAT != _LINK:
            return status, max(sure, changed), max(probable, changed)
        target = self._target(path, directory, links)
        changed = min(changed, self._ctime(directory))
        status, there, probably = self._look(target, links - 1)
        return status, max(sure, changed, there), max(probable, changed, probably)

    def _way(self, directory: str, links: int) -> Tuple[int, int]:
        known = self._ways.get(directory)
        if known is None:
            known = self._ways[directory] = self._look_at_way(directory, links)
        return known

    def _look_at_way(self, directory: str, links: int) -> Tuple[int, int]:
        parent, name = split(directory)
        if not name or parent == directory:
            return 0, 0
        sure, probable = self._way(parent, links)
        status = os.lstat(directory)
        changed = min(_changed(status), self._ctime(parent))
        sure = max(sure, changed)
        if status.st_mode & _FORMAT == _LINK:
            there, probably = self._way(self._target(directory, parent, links), links - 1)
            return max(sure, there), max(probable, changed, probably)
        if status.st_ctime_ns != status.st_mtime_ns:
            probable = max(probable, changed)
        return sure, probable

    def _target(self, path: str, directory: str, links: int) -> str:
        if links <= 0:
            raise OSError(errno.ELOOP, "too many symbolic links", path)
        target = os.readlink(path).rstrip("/") or "/"
        if target[:1] == "/":
            return target
        return directory + target if directory[-1:] == "/" else directory + "/" + target

    def _ctime(self, directory: str) -> int:
        known = self._ctimes.get(directory)
        if known is None:
            known = self._ctimes[directory] = _changed(os.stat(directory))
        return known


def _changed(status: os.stat_result) -> int:
    if sys.platform == "win32":  # there it is the time of creation
        return 1 << 63
    return status.st_ctime_ns + CLOCK_LAG_NS


def is_gone(error: Exception) -> bool:
    """Whether an error says that there is nothing at that path."""
    return isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTDIR)


def archive_of(path: str) -> Optional[str]:
    """The file that a path leads into as if it were a directory; None when there is none."""
    at = len(path)
    while True:
        at = max(path.rfind(separator, 0, at) for separator in SEPARATORS)
        if at <= 0:
            return None
        try:
            status = os.stat(path[:at])
        except OSError:
            continue
        return path[:at] if is_regular(status) else None


def why(error: Exception) -> str:
    """Why a file could not be read, in words."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR):
        return "the file is gone"
    if number in (errno.EACCES, errno.EPERM):
        return "the target may not read the file"
    if number == errno.EISDIR:
        return "there is a directory or a device where the file was"
    if number == errno.ELOOP:
        return "the symbolic links on the way to the file go in circles"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return "the file cannot be read: %s" % said
