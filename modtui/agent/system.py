"""The operating system's calls from the built-in module: immune to patched or faked `os`."""

from __future__ import annotations

import sys
import time

if sys.platform == "win32":
    import nt as os
else:
    import posix as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

_CHUNK = 1 << 17
SEPARATORS = "\\/" if sys.platform == "win32" else "/"

__all__ = ["SEPARATORS", "absolute", "is_absolute", "os", "pause", "read", "split"]


def is_absolute(path: str) -> bool:
    """Whether a path does not depend on the current directory."""
    if sys.platform == "win32":
        return path[:1] in ("/", "\\") or path[1:2] == ":"
    return path[:1] == "/"


def absolute(path: str) -> str:
    """The path from the root, unnormalised. Raises OSError when the current directory is gone."""
    return path if is_absolute(path) else os.getcwd() + SEPARATORS[0] + path


def read(path: str, in_pieces: bool = False) -> bytes:
    """All of a file of the kernel's (/proc), in as few system calls as can be. Raises OSError.

    `in_pieces`: the kernel tells it a page at a time, as it does `maps`, and only when nothing more
    comes was that all.

    At each one the calling thread lets go of the interpreter, and has to wait until it is its turn
    again.
    """
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    try:
        parts = [os.read(descriptor, _CHUNK)]
        while parts[-1] if in_pieces else len(parts[-1]) == _CHUNK:
            parts.append(os.read(descriptor, _CHUNK))
    finally:
        os.close(descriptor)
    return b"".join(parts)


def split(path: str) -> Tuple[str, str]:
    """(directory, last part) of a path, as `os.path.split` but for trailing separators."""
    at = path.rfind("/")
    if sys.platform == "win32":
        at = max(at, path.rfind("\\"))
    return path[: at or 1] if at >= 0 else "", path[at + 1 :]


def pause(seconds: float) -> None:
    """Let other threads have the interpreter for so long.

    Where `time.sleep` was replaced (gevent) it must not be called from the agent's threads; the
    interpreter's own switching of threads then has to do.
    """
    kind: object = type(time.sleep)
    if kind is type(len):
        time.sleep(seconds)
