"""The Pythons that tests run targets with: pyenv's, the system's, and newer ones in a chroot."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

WANTED = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
CHROOT_314 = Path(os.environ.get("MODTUI_CHROOT_314", "/var/cache/modtui-pythons/debian-3.14"))


@dataclass(frozen=True)
class Python:
    """An interpreter to start targets with."""

    label: str
    command: tuple[str, ...]
    root: str = ""  # "" or the chroot that the target sees as /

    def __str__(self) -> str:
        return self.label


def _newest(version: str) -> Path | None:
    found = sorted(PYENV.glob(f"{version}.*/bin/python"), key=lambda p: p.parts[-3])
    return found[-1] if found else None


def _all() -> tuple[list[Python], list[str]]:
    there, missing = [], []
    for version in WANTED:
        path = _newest(version) or shutil.which(f"python{version}")
        if path:
            there.append(Python(version, (str(path),)))
        else:
            missing.append(version)
    if Path("/usr/bin/python3").exists():
        there.append(Python("system", ("/usr/bin/python3",)))
    if (CHROOT_314 / "usr/bin/python3.14").exists():
        there.append(
            Python("3.14", ("chroot", str(CHROOT_314), "/usr/bin/python3.14"), str(CHROOT_314))
        )
    else:
        missing.append("3.14")
    return there, missing


PYTHONS, MISSING = _all()


def describe() -> str:
    """One line a Python, for the top of a test run."""
    lines = []
    for python in PYTHONS:
        out = subprocess.run([*python.command, "-VV"], capture_output=True, text=True, check=False)
        lines.append(f"{python.label}: {' '.join(out.stdout.split())}")
    return "\n".join(lines + [f"{version}: MISSING" for version in MISSING])
