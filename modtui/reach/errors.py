"""Why a target cannot be reached, in words, and what to do about it."""

from __future__ import annotations


class ReachError(Exception):
    """A target that cannot be reached: `reason` is a sentence, `remedy` what to do or ""."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Unreachable(ReachError):
    """There is no way in."""


class NoSuchProcess(Unreachable):
    """There is no process of that number, or it has ended."""


class NotPython(Unreachable):
    """The process does not run a Python that an agent could live in."""


class NoPermission(Unreachable):
    """The operating system does not allow it."""


class Unsupported(Unreachable):
    """This platform, build or state of the interpreter has no way in."""


class Traced(Unsupported):
    """Somebody else traces the process: a debugger, or for a moment another modtui."""

    tracer = 0  # who


class NobodyListens(Unreachable):
    """No agent answers at that socket."""


class OtherVersion(Unreachable):
    """An agent of another version of modtui is there, and in use."""


class GaveUp(Unreachable):
    """The target did not get to us in time; the request was withdrawn and will never run."""


class Cancelled(Unreachable):
    """Whoever asked for it has cancelled it before it began; nothing was changed."""


class ConnectionLost(ReachError):
    """The target ended, or its agent stopped, in the middle of a session."""
