"""The text now and the text as loaded, from what the target itself has."""

from __future__ import annotations

from . import capture, disk, entries, raw, zips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from . import shapes
    from .entries import Entry

    Snapshot = Dict[str, Optional[capture.Known]]


def start_capturing() -> None:
    """Record the source of everything that is imported from now on. Idempotent."""
    capture.start()


def stop_capturing() -> None:
    """Stop that, and put back what was there before."""
    capture.stop()


def capturing() -> bool:
    """Whether imports are recorded."""
    return capture.running()


def executed(name: str, data: bytes) -> None:
    """Note that the module called `name` was made from these bytes, by whoever executed them.

    Raises UnknownModule.
    """
    capture.record(name, raw.find(name), data, None)


def reloaded(name: str, data: bytes) -> None:
    """Note that the agent itself has executed these bytes in the module. Raises UnknownModule."""
    known = capture.Known(
        raw.find(name), disk.digest(data), "captured", "executed by the last reload", None, data
    )
    capture.put(name, known)


def snapshot(names: List[str]) -> Snapshot:
    """What is known of these now, to be given to `restore`."""
    return {name: capture.any_of(name) for name in names}


def restore(before: Snapshot) -> None:
    """Know again what was known; the modules are what they were."""
    for name, known in before.items():
        capture.put(name, known)


def remember(texts: List[shapes.Remembered]) -> int:
    """Be told the digest of what is loaded. Returns how many were taken.

    What was captured here is better evidence and stays.
    """
    values = {name: value for name, _, value in raw.entries()}
    taken = 0
    for text in texts:
        name = text["name"]
        value = values.get(name)
        if value is None or capture.of(name, value) is not None:
            continue
        known = capture.Known(value, text["digest"], "store", text["detail"])
        capture.put(name, known)
        taken += 1
    return taken


def current(name: str) -> shapes.Text:
    """The file's bytes now, as the target sees it. Raises UnknownModule."""
    entry = entries.look_at(name)
    path, data, error = read_source(entry)
    return {
        "name": name,
        "file": path or entry.file,
        "data": None if data is None else data.decode("latin-1"),
        "digest": None if data is None else disk.digest(data),
        "error": error,
    }


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


def loaded(name: str) -> shapes.BaselineText:
    """The source as loaded, from what the target itself has. Raises UnknownModule."""
    from . import freshness  # at call time: it needs this module

    entry = entries.look_at(name)
    path = entry.source_file
    known = capture.of(name, entry.value)
    if known is not None and known.data is not None:
        return _text(entry, known.data, known.source, "proved", known.detail)
    verdict = freshness.verdict_for(entry)
    if verdict["verdict"] == "fresh":
        _, data, _ = read_source(entry)
        if data is not None and (known is None or known.digest == disk.digest(data)):
            source = "zip" if entry.status == "zip" else "file"
            return _text(entry, data, source, verdict["proof"], verdict["reason"])
    if known is not None:  # an inspector kept the text; here is only its digest
        kept = _text(entry, None, "store", "proved", known.detail)
        kept.update(digest=known.digest)
        return kept
    lines = _line_cache(path)
    if lines is not None:
        detail = "linecache in the target holds this text; it may be older or newer than the code"
        return _text(entry, lines, "linecache", "none", detail)
    why = no_source(entry) if path is None else "the target itself kept no copy of it"
    return _text(entry, None, "none", "none", why)


def _text(
    entry: Entry, data: Optional[bytes], source: Any, proof: shapes.Proof, detail: str
) -> shapes.BaselineText:
    return {
        "name": entry.name,
        "file": entry.source_file or entry.file,
        "data": None if data is None else data.decode("latin-1"),
        "digest": None if data is None else disk.digest(data),
        "error": detail if data is None else None,
        "source": source,
        "proof": proof,
        "detail": detail,
    }


def _line_cache(path: Optional[str]) -> Optional[bytes]:
    """What linecache has of a file, if it has been asked before; in UTF-8."""
    cache = raw.get(raw.module_dict(raw.modules().get("linecache")), "cache")
    found = raw.get(cache, path) if path is not None else None
    if type(found) is not tuple or len(found) != 4:
        return None  # nothing, or lazily to be got
    lines = raw.exact_strs(found[2])
    return "".join(lines).encode("utf-8", "surrogatepass") if lines else None
