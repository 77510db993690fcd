"""Words about what takes long, for whoever waits."""

from __future__ import annotations

import time
from collections.abc import Callable

QUIET = 1.0  # seconds in which nothing is said: most things are done by then
PAUSE = 0.25  # seconds between two words

Tell = Callable[[str], None]


class Progress:
    """Passes words on once the work takes long, and not more often than they can be read."""

    def __init__(self, tell: Tell | None) -> None:
        self._tell = tell
        self._next = time.monotonic() + QUIET

    def __call__(self, words: str) -> None:
        """Say what is being done just now."""
        now = time.monotonic()
        if self._tell is not None and now >= self._next:
            self._next = now + PAUSE
            self._tell(words)
