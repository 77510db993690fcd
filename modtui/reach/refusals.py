"""Why tracing did not get in, found out when it did not."""

from __future__ import annotations

import os

from modtui.reach import proc
from modtui.reach.errors import NoPermission, NoSuchProcess, Traced, Unreachable, Unsupported


def not_run(process: proc.Proc, raised: str) -> Unsupported:
    """The interpreter did not run what it was given; `raised` is the type of what it raised."""
    if raised == "MemoryError":
        reason = f"process {process.pid} has no memory left for an agent; nothing was changed"
        return Unsupported(reason, "try again later")
    return Unsupported(
        f"the interpreter of process {process.pid} refused to compile or to run the first lines of "
        f"the agent ({raised}), as an audit hook of the program may do; nothing was changed"
    )


def gone(process: proc.Proc) -> NoSuchProcess:
    """It has ended, or is another program now."""
    if process.ended():
        return proc.has_ended(process.pid)
    return NoSuchProcess(
        f"process {process.pid} became another program in the middle",
        "try again if that is Python, too",
    )


def now(process: proc.Proc) -> Unreachable:
    """The kernel did not let us trace it, though nothing was known to stand against that."""
    again = proc.Proc(process.pid)
    try:
        proc.check_traceable(again)
    except Unreachable as refusal:
        return refusal
    if proc.Proc(os.getpid()).status.get("Seccomp", "0") != "0":
        return NoPermission(
            "the seccomp filter that modtui runs under forbids ptrace",
            "run modtui outside of the container, or the container with "
            "--security-opt seccomp=unconfined",
        )
    # We may write to its memory, so it is not a matter of rights.
    return Traced(
        f"process {process.pid} was traced by somebody else just now, or a security module forbids "
        "ptrace",
        "try again, or start the program with `modtui run`, or call modtui.listen() in it",
    )
