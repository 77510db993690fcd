"""Copies of a file that editors leave: backups beside it, and VS Code's local history."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from modtui.source import files

LARGEST = 8 * 1024 * 1024  # bytes
MOST_FILES = 4_000  # histories that are looked through
_ENDINGS = ("~", ".orig", ".bak")
_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor")


def backups(file: str, root: str = "") -> Iterator[tuple[bytes, str]]:
    """Texts from beside the file, and how the copy is called."""
    for ending in _ENDINGS:
        data = _read(root + file + ending)
        if data is not None:
            yield data, f"the copy {os.path.basename(file)}{ending}"


def history(file: str) -> Iterator[tuple[bytes, str]]:
    """Texts that VS Code kept at earlier saves, newest first, and what to call them.

    It keeps a folder per file, with `entries.json` that names the file and its copies.
    """
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for editor in _EDITORS:
        try:
            folders = list(os.scandir(config / editor / "User" / "History"))[:MOST_FILES]
        except OSError:
            continue
        for folder in folders:
            for name in _entries(folder.path, file):
                data = _read(os.path.join(folder.path, os.path.basename(name)))
                if data is not None:
                    yield data, f"the local history of {editor}"


def _entries(folder: str, file: str) -> list[str]:
    text = _read(os.path.join(folder, "entries.json"))
    # Most histories are of other files: a look at the bytes spares reading the JSON.
    if text is None or os.path.basename(file).encode() not in text:
        return []
    try:
        document = json.loads(text)
        address = urlsplit(document["resource"])
        if address.scheme != "file" or unquote(address.path) != file:
            return []
        entries = sorted(document["entries"], key=lambda entry: -int(entry["timestamp"]))
        return [str(entry["id"]) for entry in entries]
    except (ValueError, KeyError, TypeError):
        return []


def _read(path: str) -> bytes | None:
    try:
        if os.path.getsize(path) > LARGEST or not os.path.isfile(path):
            return None
        return files.read(path, LARGEST)[0]
    except OSError:
        return None
