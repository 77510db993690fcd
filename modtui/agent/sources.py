"""The source that an entry would be loaded from now."""

from __future__ import annotations

from . import disk, raw, zips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

    from .entries import Entry


def read_source(entry: Entry) -> Tuple[Optional[str], Optional[bytes], Optional[str]]:
    """(path, bytes, why not) of the source that an entry would be loaded from now."""
    path = entry.source_file
    if path is None:
        return None, None, no_source(entry)
    try:
        if entry.status == "zip":
            inside = zips.split_path(path)
            if inside is None:
                return path, None, "the archive is gone"
            return path, zips.read(*inside), None
        data, _, sure = disk.read(path)
    except (OSError, ValueError) as error:
        return path, None, disk.why(error)
    return (path, data, None) if sure else (path, None, "the file is being written")


def no_source(entry: Entry) -> str:
    """Why there is no source to compare, in words."""
    status = entry.status
    if status == "object":
        return "it is an object of type %s, not a module" % raw.type_name(entry.value)
    if status == "no spec":
        return "it was made by hand or by its parent and has no file"
    return {
        "blocked": "importing it is blocked (None in sys.modules)",
        "lazy": "it has not been executed yet",
        "built-in": "it is built into the interpreter",
        "frozen": "it is frozen into the interpreter and was not read from a file",
        "extension": "it is a compiled extension module",
        "namespace": "it is a namespace package and has no code",
        "bytecode": "it was loaded from bytecode; there is no source",
        "zip": "there is no source in the archive",
    }.get(status, "it has no file")
