"""Environments of their own for tools that only the bench has, kept in the user's cache."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

import platformdirs


def environment(name: str, packages: Sequence[str]) -> str:
    """The interpreter of that environment, which is made if it is not there."""
    folder = Path(platformdirs.user_cache_dir("modtui-bench", appauthor=False)) / name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        (folder / "complete").touch()
    return str(python)
