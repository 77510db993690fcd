"""Reading files that others name: regular ones only, no more than a limit, never waiting.

A repository or a target may have put a pipe, a device or gigabytes where a small file is expected.
"""

from __future__ import annotations

import os
import stat

LARGEST = 64 << 20  # bytes; no source, record or pointer is longer


def read(path: str | os.PathLike[str], most: int = LARGEST) -> tuple[bytes, os.stat_result]:
    """The first `most` bytes of a regular file, and what was known of it when it was opened.

    Raises OSError, also for what is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(f"{os.fspath(path)} is not a regular file")
        return file.read(most), state
