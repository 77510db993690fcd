"""How an inspector gets to an agent: in process, by pid, by its socket, or by starting it."""

from __future__ import annotations

from modtui.reach.connecting import connect
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
from modtui.reach.session import Session, in_process

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
