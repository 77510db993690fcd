"""The text now and the text as loaded, from what the target itself has."""

from __future__ import annotations

from . import capture, codes, disk, entries, raw
from .sources import no_source, read_source
from .system import pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

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


def reloaded(name: str, data: bytes, digest: str) -> None:
    """Note that the agent itself has executed these bytes in the module, if it is still there."""
    known = capture.Known(raw.module(name), digest, "captured", capture.BY_RELOAD, None, data)
    capture.put(name, known)


def snapshot(found: List[Entry]) -> Snapshot:
    """What is known of these now, to be given to `restore`. Their pycs are copied away, too."""
    from . import freshness  # at call time: it needs this module

    freshness.copy_away(found)
    return {entry.name: capture.any_of(entry.name) for entry in found}


def restore(before: Snapshot) -> None:
    """Know again what was known; the modules are what they were."""
    for name, known in before.items():
        capture.put(name, known)


def remember(texts: List[shapes.Remembered]) -> int:
    """Be told the digest of what is loaded. Returns how many were taken.

    What was captured here is better evidence and stays; what was known of another execution of the
    module, before somebody reloaded it, says nothing of this one.
    """
    values = {name: value for name, _, value in raw.entries()}
    taken = 0
    for text in texts:
        name = text["name"]
        value = values.get(name)
        if value is None or capture.of(name, value) is not None:
            continue
        said = text.get("execution")
        if said is not None and said != execution(value):
            continue
        if said is not None and taken % 10 == 9:
            pause(0.001)
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
        "execution": execution(entry.value),
    }


def execution(module: object) -> str:
    """Which execution of a module this is: a reload, which makes a new spec and loader, is another.

    It is to be compared only within the life of one process. Addresses alone do not do: what the
    second reload makes often lies where the first one's was. So what it left behind counts too.
    """
    namespace = raw.module_dict(module)
    spec = raw.get(namespace, "__spec__")
    loader = raw.get(raw.instance_dict(spec), "loader")
    left = "" if namespace is None else codes.fingerprint(namespace)
    return "%x-%x-%x-%s" % (id(module), id(spec), id(loader), left)


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
        kept["digest"] = known.digest
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
        "execution": execution(entry.value),
        "source": source,
        "proof": proof,
        "detail": detail,
    }


def _line_cache(path: Optional[str]) -> Optional[bytes]:
    """What linecache has of a file, if it has been asked before; in UTF-8."""
    cache = raw.get(raw.namespace("linecache"), "cache")
    found = raw.get(cache, path) if path is not None else None
    if type(found) is not tuple or len(found) != 4:
        return None  # nothing, or lazily to be got
    lines = raw.exact_strs(found[2])
    return "".join(lines).encode("utf-8", "surrogatepass") if lines else None
