"""How an inspector gets to an agent: in process, by pid, by its socket, or by starting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modtui.reach.errors import (
    ConnectionLost,
    GaveUp,
    NobodyListens,
    NoPermission,
    NoSuchProcess,
    NotPython,
    OtherVersion,
    ReachError,
    Unreachable,
    Unsupported,
)

if TYPE_CHECKING:
    from modtui.reach.connecting import connect as connect
    from modtui.reach.session import Session as Session
    from modtui.reach.session import in_process as in_process

__all__ = [
    "ConnectionLost",
    "GaveUp",
    "NoPermission",
    "NoSuchProcess",
    "NobodyListens",
    "NotPython",
    "OtherVersion",
    "ReachError",
    "Session",
    "Unreachable",
    "Unsupported",
    "connect",
    "in_process",
]
# Loaded when they are asked for: who only catches the errors need not wait for ptrace and ctypes.
_LATE = {"connect": "connecting", "Session": "session", "in_process": "session"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = found
    return found
