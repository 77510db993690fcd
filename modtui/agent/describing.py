"""An exception of the target's code in words, with the agent's own frames cut off."""

from __future__ import annotations

from . import disk, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from . import shapes

_HERE = __name__.rpartition(".")[0]
_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
MOST_FRAMES = 60


def error_info(error: BaseException) -> shapes.ErrorInfo:
    """Type, message and traceback; of the traceback only frames that are not the agent's."""
    return {
        "type": raw.class_qualname(type(error)),
        "message": message(error),
        "traceback": "\n".join(_lines(error, [])) + "\n",
    }


def message(error: BaseException) -> str:
    """`str(error)`; that is code of the target's, which may fail itself."""
    try:
        return str(error)
    except BaseException as another:
        return "<its message could not be made: %s>" % raw.class_name(type(another))


def _lines(error: BaseException, seen: List[BaseException]) -> List[str]:
    lines: List[str] = []
    if any(error is known for known in seen):
        return lines
    seen.append(error)
    cause, context = error.__cause__, error.__context__
    if cause is not None:
        lines += _lines(cause, seen)
        lines.append("\nThe above exception was the direct cause of the following exception:\n")
    elif context is not None and not error.__suppress_context__:
        lines += _lines(context, seen)
        lines.append("\nDuring handling of the above exception, another exception occurred:\n")
    frames = _frames(error)
    if frames:
        lines.append("Traceback (most recent call last):")
        lines += frames
    if isinstance(error, SyntaxError):
        lines += _syntax_place(error)
    shown: Any = error.msg if isinstance(error, SyntaxError) and error.msg else error
    text = message(shown)
    name = raw.class_qualname(type(error))
    return lines + ["%s: %s" % (name, text) if text else name]


def _frames(error: BaseException) -> List[str]:
    lines: List[str] = []
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        code = frame.f_code
        owner = frame.f_globals.get("__name__")
        ours = type(owner) is str and (owner == _HERE or owner.startswith(_HERE + "."))
        if not ours and code.co_filename not in _MACHINERY:
            lines.append(
                '  File "%s", line %d, in %s' % (code.co_filename, trace.tb_lineno, code.co_name)
            )
            text = _source_line(code.co_filename, trace.tb_lineno)
            if text:
                lines.append("    " + text)
        trace = trace.tb_next
    if len(lines) > 2 * MOST_FRAMES:
        left = len(lines) - 2 * MOST_FRAMES
        lines[MOST_FRAMES:-MOST_FRAMES] = ["  ... %d lines left out ..." % left]
    return lines


def _syntax_place(error: SyntaxError) -> List[str]:
    lines = ['  File "%s", line %s' % (error.filename or "<string>", error.lineno or "?")]
    text = error.text
    if type(text) is str and text.strip():
        stripped = text.rstrip("\n").lstrip()
        lines.append("    " + stripped)
        if type(error.offset) is int and error.offset >= 1:
            column = error.offset - 1 - (len(text.rstrip("\n")) - len(stripped))
            lines.append("    " + " " * max(0, min(column, len(stripped))) + "^")
    return lines


def _source_line(filename: str, number: Optional[int]) -> str:
    """A line of a file as it is now; "" when there is none."""
    if not number or filename.startswith("<"):
        return ""
    try:
        lines = disk.read(filename)[0].splitlines()
    except (OSError, ValueError):
        return ""  # not a file: an archive's member, a name that somebody made up
    return lines[number - 1].decode("utf-8", "replace").strip() if 0 < number <= len(lines) else ""


def cut(error: BaseException) -> None:
    """Drop what the exception's traceback keeps alive: the frames of a failed module."""
    seen: List[Any] = []
    queue: List[Any] = [error]
    while queue:
        one = queue.pop()
        if one is None or any(one is known for known in seen):
            continue
        seen.append(one)
        queue += [one.__cause__, one.__context__]
        one.__traceback__ = None


def thread_name() -> str:
    """ "main" or "agent" or "caller": which thread this is, for a report."""
    import _thread

    from .system import os

    # Linux: the thread that the process began with has the process's own number.
    return "main" if _thread.get_native_id() == os.getpid() else "caller"
