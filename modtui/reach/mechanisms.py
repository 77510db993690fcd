"""The ways into a process that does not expect us."""

from __future__ import annotations

from modtui.reach import proc
from modtui.reach.ptrace import Ptrace
from modtui.reach.remote_exec import RemoteExec

Mechanism = Ptrace | RemoteExec


def mechanisms() -> tuple[Mechanism, ...]:
    """All of them, the best first."""
    return (Ptrace(), RemoteExec())


def named(name: str) -> Mechanism:
    """The one of that name."""
    return next(mechanism for mechanism in mechanisms() if mechanism.name == name)


def able(process: proc.Proc) -> str:
    """The name of the first that gets to this process' main thread; "" if none does."""
    found = (one.name for one in mechanisms() if one.can_reach(process) is None)
    return next(found, "")
