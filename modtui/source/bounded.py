"""Memory limits for what works on other people's bytes: a few of them can be made to fill a disk.

A tree in git that unpacks to gigabytes, a marshalled tuple of two thousand million items: the
process that meets them fails by itself, instead of the machine.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any

MOST = 2 << 30  # bytes of its own; mapped files do not count


def bound(process: subprocess.Popen[Any]) -> None:
    """Limit the memory of a process that was just started, where the system can (Linux)."""
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):  # it has ended already, or has less
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (MOST, MOST))


def run(
    command: list[str], data: bytes, seconds: float, **options: Any
) -> tuple[int, bytes, bytes]:
    """Run it to its end with that input: exit code, output, errors.

    Raises OSError, and TimeoutExpired with the output so far.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    ) as process:
        bound(process)
        try:
            out, errors = process.communicate(data, seconds)
        except BaseException:
            process.kill()
            raise
        return process.returncode, out, errors
