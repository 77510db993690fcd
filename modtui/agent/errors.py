"""What can go wrong inside a target; the channel carries the type's name and the message."""


class AgentError(Exception):
    """Any failure that an agent reports to its inspector."""


class UnknownModule(AgentError):
    """There is no such entry in sys.modules."""


class BadCall(AgentError):
    """No such call, or arguments that do not fit it."""


class Refused(AgentError):
    """The plan holds a danger, and nobody said yes to it; nothing was changed."""


class LooksOnly(AgentError):
    """The session said that it only looks; nothing was changed."""


class FileChanged(AgentError):
    """The file is not the text that the plan was made from; nothing was changed."""


class Busy(AgentError):
    """Another reload or undo is under way; nothing was changed."""


class NothingToUndo(AgentError):
    """The journal is empty."""


class CannotUndo(AgentError):
    """State has moved on since that reload; nothing was changed."""


class UnknownJob(AgentError):
    """There is no job of that token."""


TYPES = {
    kind.__name__: kind
    for kind in (
        AgentError,
        UnknownModule,
        BadCall,
        Refused,
        LooksOnly,
        FileChanged,
        Busy,
        NothingToUndo,
        CannotUndo,
        UnknownJob,
    )
}
