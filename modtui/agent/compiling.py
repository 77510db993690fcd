"""The current text of one module, compiled in the target as the import system would compile it."""

from __future__ import annotations

from . import raw, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from . import disk
    from .entries import Entry

# The compiler holds the interpreter all the while, some 10 ms for a text of this size.
MAX_SIZE = 64 * 1024
ERRORS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
_QUIET_NAME = "<modtui compares>"


class Current:
    """A file's bytes and its compiled code; `error` says that it is not Python any more."""

    __slots__ = ("data", "error", "top", "why_not")

    def __init__(self, data: bytes = b"", top: Any = None, why_not: str = "") -> None:
        self.data, self.top, self.why_not = data, top, why_not
        self.error: Optional[str] = None

    @property
    def makes_code(self) -> bool:
        """Whether the text makes code at run time, which then is in no compiled file."""
        return b"exec(" in self.data or b"compile(" in self.data or b"eval(" in self.data


def current(entry: Entry, stamp: disk.Stamp) -> Current:
    """The current text of an entry, compiled if it is small enough."""
    if stamp[2] > MAX_SIZE and entry.status != "zip":
        return Current(why_not="the file is too big to be compiled inside of the target")
    _, data, error = sources.read_source(entry)
    if data is None:
        return Current(why_not=error or "the file cannot be read")
    if len(data) > MAX_SIZE:
        return Current(why_not="the file is too big to be compiled inside of the target")
    return of_text(data)


def of_text(data: bytes) -> Current:
    """A text, compiled, of whatever size."""
    result = Current(data)
    try:
        result.top = compiled(data)
    except (SyntaxError, ValueError, OverflowError) as problem:
        line = raw.slot(problem, "lineno")
        where = " (line %d)" % line if type(line) is int else ""
        result.error = "it does not compile%s, so that a reload would fail" % where
    except (RecursionError, MemoryError):
        result.why_not = "the file is too deeply nested to be compiled inside of the target"
    return result


def compiled(data: bytes, flags: int = 0) -> Any:
    """The code of a text, compiled with the target's own flags; nobody is warned.

    `flags` are those of `compile`, `syntax.ONLY_AST` for the tree. Raises one of ERRORS.
    """
    filters = raw.get(raw.namespace("warnings"), "filters")
    if type(filters) is not list:
        return compile(data, _QUIET_NAME, "exec", flags, dont_inherit=True)
    # The compiler warns through the target's filters. This one fits our file name only, and the
    # filters' version is left alone: bumping it would make warnings appear that were shown before.
    quiet = ("ignore", None, Warning, _QUIET_NAME, 0)
    filters.insert(0, quiet)
    try:
        return compile(data, _QUIET_NAME, "exec", flags, dont_inherit=True)
    finally:
        for at, entry in enumerate(filters):
            if entry is quiet:
                del filters[at]
                break


def is_plain(entry: Entry) -> bool:
    """Whether the entry's loader compiles source as the interpreter itself does."""
    if entry.status == "zip":
        return entry.loader == "zipimporter"
    if entry.name == "__main__" and entry.spec is None:
        return True
    loader = entry.loader_object
    external = raw.namespace("_frozen_importlib_external")
    standard = raw.get(external, "SourceFileLoader")
    if loader is None or standard is None or raw.is_class(loader):
        return False
    for cls in raw.mro(type(loader)):
        if cls is standard:
            return True
        namespace = raw.class_dict(cls) or {}
        if any(name in namespace for name in _CHANGES_CODE):
            return False
    return False


_CHANGES_CODE = ("get_code", "source_to_code", "exec_module", "get_data", "load_module")
