"""What is known of the loaded code and of its file, as sentences."""

from __future__ import annotations

import time

from . import capture, proof, pycs, shadows, words
from .system import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from .entries import Entry
    from .freshness import Judge


def sentences(entry: Entry, judge: Judge) -> List[str]:
    """All evidence about one entry, one sentence a witness."""
    path = entry.source_file
    said = _elsewhere(entry)
    if path is None:
        return said
    said += _known(entry) + _file(path, judge)
    if entry.status != "zip":
        said += _pyc(entry)
    if entry.namespace is not None:
        count = len(proof.live_functions(entry))
        said.append(
            "%s of this file can be reached from the module" % words.counted(count, "function")
        )
    return said


def _elsewhere(entry: Entry) -> List[str]:
    said = []
    other = shadows.found_first(entry)
    if other is not None:
        said.append("an import would find another file first now: %s" % other)
    source = shadows.source_beside(entry)
    if source is not None:
        said.append("it was compiled from other source, probably %s" % source)
    return said


def _known(entry: Entry) -> List[str]:
    known = capture.of(entry.name, entry.value)
    if known is None:
        if capture.any_of(entry.name) is not None:
            return ["the text that was known does not count: it was executed again since"]
        return []
    return ["the text as loaded is known by its digest %s: %s" % (known.digest, known.detail)]


def _file(path: str, judge: Judge) -> List[str]:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return []
    ago = words.duration(time.time() - status.st_mtime)
    said = ["the file is %d bytes, last written %s ago" % (status.st_size, ago)]
    if judge.started_ns is None:
        return said + ["when this process started cannot be known"]
    written = words.since_start(status.st_mtime_ns, judge.started_ns)
    touched = words.since_start(status.st_ctime_ns, judge.started_ns)
    said.append("it was written %s" % written)
    if touched != written:
        said.append("it was touched (its ctime) %s" % touched)
    return said


def _pyc(entry: Entry) -> List[str]:
    path = pycs.path_for(entry)
    if path is None:
        return ["there is no compiled file (pyc) for it"]
    header = pycs.header(path)
    if header is None:
        return ["there is no compiled file at %s" % path]
    if header.hash_based:
        kind = "checked" if header.checked else "never checked"
        return ["the pyc is %s against the source by a hash" % kind]
    try:
        status = os.stat(entry.source_file or "")
    except (OSError, ValueError):
        return []
    if header.size == status.st_size and header.mtime == int(status.st_mtime):
        return ["the pyc was made from a file of this size and time of writing"]
    return [
        "the pyc was made from a file of %d bytes, written %s ago"
        % (header.size, words.duration(time.time() - header.mtime))
    ]
