"""What is known of a process before anybody attaches to it."""

from __future__ import annotations

from typing import NamedTuple


class Process(NamedTuple):
    """One Python process. `way` is None if it cannot be reached; then `reason` says why."""

    pid: int
    uid: int
    user: str
    python: str | None  # "3.12.1", "3.12" if only that is known, or None
    executable: str
    argv: tuple[str, ...]
    cwd: str  # "" if it cannot be seen
    started: float  # seconds since the epoch
    way: str | None  # "listening", "ptrace", "remote_exec"
    reason: str | None
    remedy: str | None
