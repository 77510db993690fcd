"""Installed packages: is a file as its wheel installed it, and where else is that text?

Read from the `RECORD` of the installed distribution (PEP 376, PEP 627), directly: asking
importlib.metadata for a hundred packages takes seconds.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from modtui.source import files
from modtui.source.roots import resolve

MOST_FILES = 20_000  # entries of a cache that are looked at


@dataclass(frozen=True)
class Installed:
    """What a RECORD says of a file: sha256 as installed, when, and of which distribution."""

    distribution: str  # "requests 2.31.0"
    path: str  # as in the wheel
    sha256: bytes
    at: float  # when the RECORD was last touched, seconds since the epoch

    def is_text(self, data: bytes) -> bool:
        """Whether these are the bytes that were installed."""
        return hashlib.sha256(data).digest() == self.sha256


def find(file: str, root: str = "") -> Installed | None:
    """The distribution that installed a file; None if there is none or it tells no hash."""
    for place in dict.fromkeys((file, resolve(file, root)[0])):
        for folder in PurePosixPath(place).parents:
            if folder.name in ("site-packages", "dist-packages"):
                relative = str(PurePosixPath(place).relative_to(folder))
                return _in_records(root + str(folder), relative)
    return None


def _in_records(folder: str, relative: str) -> Installed | None:
    wanted = f"\n{relative},sha256=".encode()
    try:
        with os.scandir(folder) as entries:
            infos = sorted(e.path for e in entries if e.name.endswith(".dist-info"))
    except OSError:
        return None
    for info in infos:
        record = os.path.join(info, "RECORD")
        try:
            text, state = files.read(record)
        except OSError:
            continue
        text = b"\n" + text
        at = text.find(wanted)
        if at < 0:
            continue
        digest = text[at + len(wanted) :].split(b",", 1)[0]
        name, _, version = os.path.basename(info).removesuffix(".dist-info").partition("-")
        touched = max(state.st_mtime, state.st_ctime)
        try:
            sha256 = base64.urlsafe_b64decode(digest + b"=" * (-len(digest) % 4))
        except ValueError:
            return None
        return Installed(f"{name} {version}", relative, sha256, touched)
    return None


def originals(installed: Installed) -> Iterator[bytes]:
    """The text as installed, from what pip's and uv's caches still hold. Asks no network."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    yield from _unpacked(Path(os.environ.get("UV_CACHE_DIR") or cache / "uv"), installed)
    yield from _wheels(Path(os.environ.get("PIP_CACHE_DIR") or cache / "pip"), installed)


def _unpacked(cache: Path, installed: Installed) -> Iterator[bytes]:
    try:
        archives = list(os.scandir(cache / "archive-v0"))[:MOST_FILES]
    except OSError:
        return
    for archive in archives:
        try:
            data = Path(archive.path, installed.path).read_bytes()
        except OSError:
            continue
        if installed.is_text(data):
            yield data
            return


def _wheels(cache: Path, installed: Installed) -> Iterator[bytes]:
    """pip keeps built wheels as they are, and downloaded ones as bodies of its HTTP cache."""
    seen = 0
    for folder in (cache / "wheels", cache / "http-v2"):
        for path in folder.rglob("*"):
            seen += 1
            if seen > MOST_FILES:
                return
            if path.suffix not in (".whl", ".body"):
                continue
            data = _member(path, installed)
            if data is not None:
                yield data
                return


def _member(path: Path, installed: Installed) -> bytes | None:
    try:
        if not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as archive:
            data = archive.read(installed.path)
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    return data if installed.is_text(data) else None
