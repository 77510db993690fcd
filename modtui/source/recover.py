"""The source as loaded, where nobody kept it: found among the versions that exist, and checked.

Candidates are the versions in git, the text that was installed, and the copies that editors leave.
What can be known of the text that was loaded decides between them: its digest, the pyc that it was
compiled to, the code that is live. A candidate that nothing speaks for is called a guess.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from modtui.source import constants, copies, files, git, rebuild, wheel
from modtui.source.baselines import Baseline, Calls, data_of, digest
from modtui.source.git import Deadline, GitError, Version
from modtui.source.matching import ENOUGH, Asking, Fit, Matcher, matcher
from modtui.source.progress import Tell
from modtui.source.text import decode

if TYPE_CHECKING:
    from modtui.agent import shapes

SECONDS = 8.0  # for everything together
FIRST, BATCH = 4, 64  # versions that are fetched at a time, at first and at most
# So long it is looked for another text that fits, once there is one and its size is not known.
ALONE_SECONDS = 0.1
MOST_BYTES = 64 * 1024 * 1024  # of all versions together


@dataclass(frozen=True)
class Candidate:
    """A text that may be the one that was loaded, and where it was found."""

    data: bytes
    where: str  # "git (HEAD)", "the installation of requests 2.31.0"
    source: str  # git, wheel, editor, linecache


@dataclass(frozen=True)
class Evidence:
    """What is known of the text that was loaded; None where it is not.

    `size` is in bytes, from the pyc's header (32 bits of it); `hash` is the magic number of a
    hash-based pyc and the hash in it.
    """

    digest: str | None = None
    size: int | None = None
    hash: tuple[int, bytes] | None = None

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to check a candidate with."""
        return self.digest is None and self.size is None and self.hash is None

    def fits(self, data: bytes) -> bool:
        """Whether nothing speaks against that text."""
        if self.digest is not None and digest(data) != self.digest:
            return False
        if self.size is not None and len(data) & 0xFFFFFFFF != self.size:
            return False
        return self.hash is None or _source_hash(self.hash[0], data) == self.hash[1]

    @property
    def exact(self) -> bool:
        """Whether a text that fits is the one, byte for byte."""
        return self.digest is not None or self.hash is not None


def from_pyc(path: str, started: float) -> Evidence:
    """What a pyc says of its source, if nobody can have written it since the process started.

    The format is PEP 552's: magic number, flags, then (mtime, size) or the hash of the source.
    """
    try:
        header, state = files.read(path, 16)
    except OSError:
        return Evidence()
    if len(header) < 16 or max(state.st_mtime, state.st_ctime) >= started:
        return Evidence()
    if int.from_bytes(header[4:8], "little") & 1:
        if header[:4] != importlib.util.MAGIC_NUMBER:
            return Evidence()  # each version of Python has a way of its own to hash
        return Evidence(hash=(int.from_bytes(header[:4], "little"), header[8:16]))
    return Evidence(size=int.from_bytes(header[12:16], "little"))


def _source_hash(magic: int, data: bytes) -> bytes:
    import _imp

    hashed: Callable[[int, bytes], bytes] = _imp.source_hash
    return hashed(magic, data)


def candidates(
    file: str,
    current: bytes | None,
    root: str,
    started: float | None,
    deadline: Deadline,
    extra: Sequence[Candidate] = (),
    sizes: Callable[[int], bool] | None = None,
) -> Iterator[Candidate]:
    """Texts that the file had, the likeliest first, no text twice. Raises GitError.

    `sizes` tells which sizes in bytes are worth reading; versions in git of others are left out.
    Where the file has CRLF line ends and a version in git has not, the version as git would check
    it out is a candidate, too.
    """
    seen: set[bytes] = set()
    crlf = current is not None and b"\r\n" in current
    for found in _everywhere(file, current, root, started, deadline, extra, sizes):
        forms = [found.data]
        if crlf and b"\r" not in found.data:
            forms.insert(0, found.data.replace(b"\n", b"\r\n"))
        for data in forms:
            if data not in seen:
                seen.add(data)
                yield Candidate(data, found.where, found.source)


def _everywhere(
    file: str,
    current: bytes | None,
    root: str,
    started: float | None,
    deadline: Deadline,
    extra: Sequence[Candidate],
    sizes: Callable[[int], bool] | None,
) -> Iterator[Candidate]:
    yield from extra
    yield from _installed(file, current, root, started)
    for data, where in copies.backups(file, root):
        yield Candidate(data, where, "editor")
    if not root:
        for data, where in copies.history(file):
            yield Candidate(data, where, "editor")
    yield from _in_git(file, root, started, deadline, sizes)


def _installed(
    file: str, current: bytes | None, root: str, started: float | None
) -> Iterator[Candidate]:
    """The text as its wheel installed it, if that was before the process started."""
    installed = wheel.find(file, root)
    if installed is None or (started is not None and installed.at >= started):
        return
    where = f"the installation of {installed.distribution}"
    if current is not None and installed.is_text(current):
        yield Candidate(current, where, "wheel")
        return
    for data in wheel.originals(installed):
        yield Candidate(data, where, "wheel")


def _in_git(
    file: str,
    root: str,
    started: float | None,
    deadline: Deadline,
    wanted: Callable[[int], bool] | None,
) -> Iterator[Candidate]:
    place = git.find(file, root, deadline)
    if place is None:
        return
    repository, path = place
    batch: list[Version] = []
    size = FIRST
    with contextlib.closing(repository.versions(path, started)) as versions:
        for version in versions:
            batch.append(version)
            if len(batch) == size:
                yield from _fetch(repository, batch, wanted)
                batch, size = [], min(2 * size, BATCH)
        yield from _fetch(repository, batch, wanted)


def _fetch(
    repository: git.Repository, versions: Sequence[Version], wanted: Callable[[int], bool] | None
) -> Iterator[Candidate]:
    if not versions:
        return
    sizes = repository.sizes([version.blob for version in versions])
    chosen = []
    for version in versions:
        size = sizes.get(version.blob, git.LARGEST + 1)
        if size <= git.LARGEST and (wanted is None or wanted(size)):
            chosen.append(version)
    texts = repository.contents([version.blob for version in chosen]) if chosen else {}
    for version in chosen:
        if version.blob in texts:
            yield Candidate(texts[version.blob], f"git ({version.where})", "git")


def recover(
    text: shapes.Text,
    evidence: Evidence,
    matcher: Matcher | None = None,
    *,
    extra: Sequence[Candidate] = (),
    root: str = "",
    started: float | None = None,
    seconds: float = SECONDS,
    progress: Tell | None = None,
) -> Baseline | None:
    """The text as loaded from what exists elsewhere; None if there is nowhere to look.

    `text` is the file now, `extra` are texts that the target has, `started` is when the process
    started (seconds since the epoch). If there are texts and none of them fits, the answer is a
    baseline without data that says so.
    """
    file = text["file"]
    if not file or not os.path.isabs(file):
        return None
    current = data_of(text)
    deadline = Deadline(seconds)
    sizes = _sizes(evidence, matcher, current)
    every = candidates(file, current, root, started, deadline, extra, sizes)
    asking = None if matcher is None or evidence.exact else Asking(matcher, seconds)
    try:
        search = Search(evidence, asking, sizes is not None, progress)
        search.run(every, deadline)
        if asking is not None and not asking.failed and matcher is not None:
            if not search.fitting:
                return search.nothing() if search.seen else None
            fits_now = asking.fit(current) if current else ""
            held = constants.held(matcher.live)
            fitting = _by_values(search.fitting, held)
            better = constants.odds(fitting[0][0].data, held) < constants.odds(current, held)
            return _by_code(fitting, fits_now, matcher, search.complete, better)
    finally:
        if asking is not None:
            asking.close()
    return search.without_code()


def _sizes(
    evidence: Evidence, matcher: Matcher | None, current: bytes | None
) -> Callable[[int], bool] | None:
    """Which sizes a version may have, where that can be told before it is read."""
    size = evidence.size if matcher is None else matcher.size
    if size is None or (current is not None and b"\r\n" in current):
        return None
    return lambda found: found & 0xFFFFFFFF == size


class Search:
    """Goes through candidates until it knows enough."""

    def __init__(
        self, evidence: Evidence, asking: Asking | None, by_size: bool, progress: Tell | None
    ) -> None:
        self.evidence, self.asking = evidence, asking
        self.progress = progress
        self.by_size = by_size  # only versions of the very size are read: they are few
        self.seen: list[Candidate] = []  # without their texts, but for the first one
        self.possible: list[Candidate] = []  # that nothing speaks against, where no code is known
        self.fitting: list[tuple[Candidate, Fit]] = []
        self.complete = True  # no other candidate can be the one

    def run(self, every: Iterator[Candidate], deadline: Deadline) -> None:
        """Look at one after the other. What takes too long, or git refuses, ends it."""
        total, until = 0, None
        try:
            for candidate in every:
                kept = candidate if not self.seen else replace(candidate, data=b"")
                self.seen.append(kept)
                if self.progress is not None:
                    self.progress(f"version {len(self.seen)} compared: {candidate.where}")
                if self._look(candidate) and not self.by_size:
                    until = until or time.monotonic() + ALONE_SECONDS
                total += len(candidate.data)
                over = until is not None and time.monotonic() > until
                if self._enough() or over or total > MOST_BYTES:
                    self.complete = False
                    break
                deadline.check()
        except GitError:
            self.complete = False

    def _enough(self) -> bool:
        if self.evidence.exact:
            return bool(self.possible)
        return len(self.fitting) >= ENOUGH

    def _look(self, candidate: Candidate) -> bool:
        if not self.evidence.fits(candidate.data):
            return False
        if self.asking is None or self.asking.failed:
            self.possible.append(candidate)
            return False
        fit = self.asking.fit(candidate.data)
        if fit:
            self.fitting.append((candidate, fit))
        return bool(fit)

    def without_code(self) -> Baseline | None:
        """The answer where there is no code to compare with."""
        if not self.seen:
            return None
        if self.evidence.exact:
            return _exact(self.possible[0], self.evidence) if self.possible else self.nothing()
        if self.evidence.nothing:
            return _guess(self.seen[0])
        return _by_size(self.possible, self.complete) if self.possible else self.nothing()

    def nothing(self) -> Baseline:
        """The answer if there are texts and none of them fits."""
        where = " in git" if all(candidate.source == "git" for candidate in self.seen) else " found"
        if len(self.seen) == 1:
            detail = f"the one version{where} does not fit what is loaded"
        else:
            detail = f"none of the {len(self.seen)} versions{where} fits what is loaded"
        return Baseline(None, "none", "none", detail)


def rebuilt(
    text: shapes.Text,
    matcher: Matcher,
    *,
    extra: Sequence[Candidate] = (),
    root: str = "",
    started: float | None = None,
    seconds: float = SECONDS,
) -> Baseline | None:
    """The text as loaded, rebuilt from the live code; None if that says nothing new.

    Lines are taken from the file and from the first few of the texts that it had elsewhere.
    """
    file = text["file"]
    current = data_of(text)
    if current is not None and not (matcher.live["pyc"] or matcher.live["running"]):
        with Asking(matcher, seconds) as asking:
            if asking.fit(current):  # all the code that is in memory is as in the file
                return _with_values(None, current, matcher)
    others: list[bytes] = []
    if file and os.path.isabs(file):
        deadline = Deadline(seconds)
        every = candidates(file, current, root, started, deadline, extra)
        others = rebuild.nearest((each.data for each in every), deadline)
    found = rebuild.rebuild(matcher, current, [data for data in others if data != current])
    return _with_values(found, current, matcher)


def _with_values(
    found: Baseline | None, current: bytes | None, matcher: Matcher
) -> Baseline | None:
    """What was rebuilt from code, or else the file, with the constants that are in memory."""
    data = current if found is None else found.data
    recalled = None if data is None else constants.recall(data, constants.held(matcher.live))
    if data is None or recalled is None:
        return found
    written = rebuild.encode(recalled.lines, decode(data))
    if written is None:
        return found
    names = ", ".join(f"`{name}`" for name in recalled.names)
    if found is None:
        detail = f"rebuilt from what memory holds of {names}; only constants can be told that way"
        return Baseline(written, "rebuilt", "likely", detail, recalled.changed)
    detail = f"{found.detail}; with {names} as in memory"
    return replace(found, data=written, detail=detail, guessed=found.guessed | recalled.changed)


def _exact(candidate: Candidate, evidence: Evidence) -> Baseline:
    by = "its digest is" if evidence.digest is not None else "its hash, kept in the pyc, is"
    detail = f"from {candidate.where}: {by} that of the text that was loaded"
    return Baseline(candidate.data, candidate.source, "proved", detail)


_REASONS = {
    "hash": "its hash, kept in the pyc, is that of the text that was loaded",
    "size": "it is as long as the text that was loaded and compiles to the same code",
    "whole": "it compiles to the very code that is running; only comments could differ",
    "functions": "all functions in memory are exactly those of it",
}


def _by_values(
    fitting: Sequence[tuple[Candidate, Fit]], held: dict[str, Any]
) -> list[tuple[Candidate, Fit]]:
    """The candidates that the constants in memory speak for, the first of those first."""
    odds = [constants.odds(candidate.data, held) for candidate, _ in fitting]
    return [one for one, count in zip(fitting, odds, strict=True) if count == min(odds)]


def _by_code(
    fitting: Sequence[tuple[Candidate, Fit]],
    fits_now: Fit,
    matcher: Matcher,
    complete: bool,
    better: bool,
) -> Baseline:
    """The best of the candidates; `fits_now` is how well the file as it is now does, and `better`
    whether its constants are less those in memory."""
    best, fit = fitting[0]
    if fit == "silent":
        return _guess(best)
    alone = len(fitting) == 1 and complete
    proof = "likely"
    detail = f"from {best.where}: {_REASONS[fit]}"
    if matcher.sure and (fit == "hash" or (fit == "size" and alone)):
        proof = "proved"
    elif len(fitting) > 1:
        detail += ", and it is not the only one"
    elif better and fit == "functions":
        detail += ", and the constants in memory are nearer to its own than to those of the file"
    elif fits_now and fit == "functions" and best.source != "wheel":
        # Only statements outside of functions differ: it may be either text.
        proof = "none"
        detail += ", but they are those of the file now, too"
    return Baseline(best.data, best.source, proof, detail)


def _by_size(fitting: Sequence[Candidate], complete: bool) -> Baseline:
    only = len(fitting) == 1 and complete
    detail = f"from {fitting[0].where}: it has the size of the text that was compiled"
    if only:
        detail += ", as no other version there"
    return Baseline(fitting[0].data, fitting[0].source, "likely" if only else "none", detail)


def _guess(best: Candidate) -> Baseline:
    """With nothing to check with: what HEAD was when the process started, or is now."""
    detail = f"from {best.where}; nothing was found to check it with"
    return Baseline(best.data, best.source, "none", detail)


def gather(
    calls: Calls, name: str, known: shapes.BaselineText, root: str
) -> tuple[Evidence, Matcher | None]:
    """What the agent and the pyc tell of the text that a module was loaded from."""
    if known["digest"] is not None and known["data"] is None:
        return Evidence(digest=known["digest"]), None
    target = calls.hello()["target"]
    found = matcher(calls.live_code(name), target, root)
    if found is not None:
        return Evidence(size=found.size), found
    cached = calls.show(name)["record"]["cached"]
    return (from_pyc(root + cached, target["started"]) if cached else Evidence()), None
