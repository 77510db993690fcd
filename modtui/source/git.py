"""The versions of one file that a git repository holds, read without running anything of it.

A repository under inspection is not ours: no hook, pager, filter, signature check, file monitor or
fetch of it is ever started, and nothing is written to it.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from modtui.source import bounded, files
from modtui.source.roots import resolve

LARGEST = 8 * 1024 * 1024  # bytes of a version that is looked at
MOST = 3_000  # entries of a file's history

_SAFE = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "log.mailmap=false"),  # the file that it names may be a device without an end
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "protocol.allow=never"),
    *("-c", "diff.renames=true"),
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
}


class GitError(Exception):
    """git is not there, refused, or took too long; the message is a sentence."""


@dataclass(frozen=True)
class Version:
    """One text that the file had: the blob's name, where it was found, and when it was committed.

    `where` reads "the index", "HEAD", "a stash", "commit 1a2b3c4"; `at` is 0 if that has no time.
    """

    blob: str
    where: str
    at: float = 0.0


class Deadline:
    """A time by which everything together must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(self._end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raise GitError if the time is over."""
        if not self.left:
            raise GitError("searching git took too long")


class Repository:
    """A repository that holds a file, seen through the target's root."""

    def __init__(self, top: str, git_dir: str, root: str, deadline: Deadline) -> None:
        self.top = top
        self._root = root
        self._git_dir = git_dir
        self._deadline = deadline
        common = _common(git_dir, root)
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | _ENVIRONMENT
        if common != git_dir:
            self._environment["GIT_COMMON_DIR"] = root + common
        self._environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(_alternates(common, root))
        self._command = ["git", *_SAFE, f"--git-dir={root}{git_dir}", f"--work-tree={root}{top}"]

    def versions(self, path: str, started: float | None = None) -> Generator[Version, None, None]:
        """The texts of a file, the likeliest first, each blob once. Raises GitError.

        `path` is relative to `top`. `started`: what HEAD was at that time (seconds since the epoch)
        comes first.
        """
        seen: set[str] = set()
        for version in self._every(path, started):
            if version.blob not in seen:
                seen.add(version.blob)
                yield version

    def sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """How many bytes each blob has. Raises GitError."""
        out = self._run("cat-file", "--batch-check", stdin="".join(f"{b}\n" for b in blobs))
        found = {}
        for line in out.decode("ascii", "replace").splitlines():
            name, _, rest = line.partition(" ")
            if rest.startswith("blob "):
                found[name] = int(rest[5:])
        return found

    def contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """The bytes of each blob. Raises GitError."""
        out = self._run("cat-file", "--batch", stdin="".join(f"{b}\n" for b in blobs))
        found = {}
        at = 0
        while at < len(out):
            end = out.index(b"\n", at)
            parts = out[at:end].split()
            at = end + 1
            if len(parts) == 3:
                size = int(parts[2])
                found[parts[0].decode()] = out[at : at + size]
                at += size + 1
        return found

    def _every(self, path: str, started: float | None) -> Iterator[Version]:
        # Plain history comes at once, newest first. Through renames it is complete only in an order
        # for which git goes through everything first.
        log = self._begin_log(path, ("--full-history",))
        try:
            yield from self._tips(path, started)
            yield from self._history(log)
        finally:
            _end(log)
        log = self._begin_log(path, ("--follow", "--date-order"))
        try:
            yield from self._history(log)
        finally:
            _end(log)

    def _tips(self, path: str, started: float | None) -> Iterator[Version]:
        names = [("HEAD", "HEAD")]
        if started is not None and self._log_goes_back_to(started):
            names.insert(0, (f"HEAD@{{{_date(started)}}}", "HEAD when the process started"))
        names += [(name, name) for name in ("ORIG_HEAD", "MERGE_HEAD")]
        named = list(self._named(names, path))
        yield from (version for version in named if version.where.startswith("HEAD"))
        yield from self._index(path)
        yield from named
        stashes = self._lines("log", "-g", "--format=%H", "-n", "50", "refs/stash", "--")
        yield from self._named(
            [(s + part, "a stash") for s in stashes for part in ("", "^2", "^3")], path
        )

    def _log_goes_back_to(self, started: float) -> bool:
        """Whether HEAD's log is as old as that; git would take its oldest entry otherwise."""
        oldest = _first_line(f"{self._root}{self._git_dir}/logs/HEAD")
        match = re.search(r"> (\d+) [+-]\d{4}\b", oldest or "")
        return match is not None and int(match[1]) <= started

    def _index(self, path: str) -> Iterator[Version]:
        out = self._try("ls-files", "--stage", "-z", "--", path)
        for entry in out.split(b"\0"):
            parts = entry.split(b"\t")[0].split()
            if len(parts) == 3:
                yield Version(parts[1].decode(), "the index")

    def _named(self, names: Sequence[tuple[str, str]], path: str) -> Iterator[Version]:
        """The file in each of these commits, asked for at once."""
        if not names or "\n" in path:
            return
        asked = "".join(f"{name}:{path}\n" for name, _ in names)
        out = self._try("cat-file", "--batch-check", stdin=asked)
        lines = out.decode("utf-8", "surrogateescape").split("\n")
        for (_, where), line in zip(names, lines, strict=False):
            parts = line.split(" ")
            if len(parts) == 3 and parts[1] == "blob":
                yield Version(parts[0], where)

    def _begin_log(self, path: str, order: Sequence[str]) -> subprocess.Popen[bytes]:
        """git on its way through the file's history, on all branches and in the reflogs."""
        arguments = [
            *("log", "--all", "--reflog", *order, "--raw", "--no-abbrev", "-z"),
            *("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color"),
            *("--ignore-submodules=all", "-m", "-n", str(MOST)),
            *("--format=%x01%H %ct", "--", path),
        ]
        try:
            log = subprocess.Popen(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                cwd="/",
                bufsize=0,
            )
        except FileNotFoundError:
            raise GitError("git is not installed here") from None
        except OSError as error:
            raise GitError(f"git could not be run: {error}") from None
        bounded.bound(log)
        return log

    def _history(self, log: subprocess.Popen[bytes]) -> Iterator[Version]:
        """The versions in that history, as git finds them."""
        where, at = "", 0.0
        before: list[Version] = []
        for field in self._fields(log):
            for part in field.split(b"\n"):
                if part.startswith(b"\x01"):
                    commit, _, stamp = part[1:].partition(b" ")
                    where, at = f"commit {commit[:10].decode()}", float(stamp or 0)
                elif part.startswith(b":"):
                    bits = part.split(b" ")
                    if len(bits) >= 5 and bits[3].strip(b"0"):
                        yield Version(bits[3].decode(), where, at)
                    if len(bits) >= 5 and bits[2].strip(b"0"):
                        before.append(Version(bits[2].decode(), f"the version before {where}", at))
        yield from before

    def _fields(self, log: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """What git prints up to each NUL, as it comes; less of it if the time is over."""
        rest = b""
        while select.select([_pipe(log)], [], [], self._deadline.left)[0]:
            part = os.read(_pipe(log).fileno(), 1 << 16)
            if not part:
                break
            *fields, rest = (rest + part).split(b"\0")
            yield from fields
        yield rest

    def _lines(self, *arguments: str) -> list[str]:
        return self._try(*arguments).decode("ascii", "replace").splitlines()

    def _try(self, *arguments: str, stdin: str = "") -> bytes:
        """As `_run`, b"" where git has nothing to say (no such ref, an empty repository)."""
        return self._run(*arguments, stdin=stdin, failing=True)

    def _run(self, *arguments: str, stdin: str = "", failing: bool = False) -> bytes:
        self._deadline.check()
        try:
            code, out, errors = bounded.run(
                [*self._command, *arguments],
                stdin.encode("utf-8", "surrogateescape"),
                self._deadline.left,
                env=self._environment,
                cwd="/",
            )
        except FileNotFoundError:
            raise GitError("git is not installed here") from None
        except subprocess.TimeoutExpired as error:
            if failing and error.stdout:
                return error.stdout  # a part of a long history is better than none
            raise GitError("searching git took too long") from None
        except OSError as error:
            raise GitError(f"git could not be run: {error}") from None
        if code and not failing:
            said = errors.decode("utf-8", "replace").strip().split("\n")[0]
            raise GitError(f"git refused: {said}")
        return out


def find(file: str, root: str, deadline: Deadline) -> tuple[Repository, str] | None:
    """The repository that a file lies in and its path there; None if it lies in none.

    The file need not exist any more; symbolic links are followed, below `root`.
    """
    real, _ = resolve(file, root)
    for folder in PurePosixPath(real).parents:
        top = str(folder)
        git_dir = _git_dir(top, root)
        if git_dir is not None:
            relative = str(PurePosixPath(real).relative_to(folder))
            return Repository(top, git_dir, root, deadline), relative
    return None


def _git_dir(top: str, root: str) -> str | None:
    """Where the repository of a work tree is: `.git`, or what that file points to."""
    place = f"{top.rstrip('/')}/.git"
    if os.path.isfile(f"{root}{place}/HEAD"):
        return place
    pointed = _first_line(root + place)
    if pointed is None or not pointed.startswith("gitdir:"):
        return None
    found = os.path.normpath(os.path.join(top, pointed[len("gitdir:") :].strip()))
    return found if os.path.isfile(f"{root}{found}/HEAD") else None


def _common(git_dir: str, root: str) -> str:
    """The repository that a linked work tree shares."""
    pointed = _first_line(f"{root}{git_dir}/commondir")
    return os.path.normpath(os.path.join(git_dir, pointed)) if pointed else git_dir


def _alternates(common: str, root: str) -> list[str]:
    """Other object stores that it borrows from, where they are absolute and we see another root."""
    if not root:
        return []
    try:
        data, _ = files.read(f"{root}{common}/objects/info/alternates")
    except OSError:
        return []
    lines = os.fsdecode(data).splitlines()
    return [root + line.strip() for line in lines if line.startswith("/") and "\0" not in line]


def _end(process: subprocess.Popen[bytes]) -> None:
    _pipe(process).close()
    process.kill()
    process.wait()


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None  # it was asked for when the process was started
    return process.stdout


def _first_line(path: str) -> str | None:
    try:
        data, _ = files.read(path, 4096)
    except OSError:
        return None
    line = data.partition(b"\n")[0]
    return None if b"\0" in line else os.fsdecode(line).strip()  # no path has one


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(seconds))
