"""Environments of their own for tools that only the bench has, kept in the user's cache.

What cannot be had here (no network, no wheel for this Python) is said once and left out.
"""

from __future__ import annotations

import functools
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

NOTHING = float("nan")  # the figure of a peer that is not here, or that failed


def environment(name: str, packages: Sequence[str]) -> str | None:
    """The interpreter of that environment, which is made if it is not there; None, and a line that
    says so, if it cannot be."""
    return _environment(name, tuple(packages))


@functools.cache
def _environment(name: str, packages: tuple[str, ...]) -> str | None:
    import platformdirs  # deferred: these environments, which run parts of the bench, have none

    folder = Path(platformdirs.user_cache_dir("modtui-bench", appauthor=False)) / name
    python, complete = folder / "bin" / "python", folder / "complete"
    if complete.exists() and complete.read_text() == repr(packages):
        return str(python)
    try:
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        reason = said.strip().splitlines()[-1] if said.strip() else type(error).__name__
        print(f"  not installed, so not measured: {', '.join(packages)} ({reason})", flush=True)
        return None
    complete.write_text(repr(packages))
    return str(python)
