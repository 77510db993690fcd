"""When a process began, for targets that cannot know it themselves: no /proc there, or no such."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from modtui.agent import identity

SECONDS = 2.0  # for ps to answer
GENERATIONS = 32


def image_started(pid: int) -> float | None:
    """A time, in seconds since the epoch, before which nothing of its memory was loaded.

    A process that was forked shares what its parent had loaded, so there it is the start of the
    ancestor that was started as a program. None where that cannot be known.
    """
    if sys.platform == "linux":
        return identity.image_of(str(pid))
    return image_by_ps(pid)


def image_by_ps(pid: int) -> float | None:
    """The same where there is no /proc. Forked is whoever runs the program of its parent."""
    own = _ask(pid)
    if own is None:
        return None
    began, parent, program = own
    for _ in range(GENERATIONS):
        if parent <= 1:
            return None  # it may have been forked by somebody who has ended
        above = _ask(parent)
        if above is None:
            return None
        if above[2] != program:
            return began
        began, parent, _ = above
    return None


def _ask(pid: int) -> tuple[float, int, str] | None:
    """(start, parent, program) of a process, from ps; POSIX has all but `lstart`."""
    try:
        done = subprocess.run(
            ["ps", "-o", "lstart=", "-o", "ppid=", "-o", "comm=", "-p", str(pid)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            timeout=SECONDS,
            check=False,
        )
        words = done.stdout.split(None, 6)
        began = time.mktime(time.strptime(" ".join(words[:5]), "%a %b %d %H:%M:%S %Y"))
        return began, int(words[5]), words[6].strip()
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None
