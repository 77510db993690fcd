"""Running small scripts inside of a target Python, with the agent importable there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pythons import Python

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import sys as _sys
def tell(value):
    import json
    print("\\n@@" + json.dumps(value), flush=True)
"""


def settle() -> None:
    """Files are older than a process only from the next tick of the kernel's clock on."""
    time.sleep(0.04)


class Inside:
    """A folder that a target Python sees, and scripts that run in it.

    A script ends by calling `tell(value)`; `run` returns the value, through JSON.
    """

    def __init__(self, python: Python, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.seen = "/" + str(folder.relative_to(python.root)) if python.root else str(folder)
        self.house = str(ROOT)
        if python.root:  # a chroot cannot see the checkout
            house = folder / "house"
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "modtui" / "agent", house / "modtui" / "agent", ignore=ignore)
            shutil.copy(ROOT / "modtui" / "__init__.py", house / "modtui" / "__init__.py")
            self.house = self.seen + "/house"

    @property
    def knows_its_start(self) -> bool:
        """Whether a process there can know when it started."""
        return not self.python.root or Path(self.python.root, "proc/self").exists()

    def write(self, name: str, text: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(
        self,
        script: str,
        *options: str,
        ready: bool = True,
        environment: dict[str, str] | None = None,
    ) -> Any:
        """What the script tells. `ready` puts the agent's and this folder on its path."""
        done = self.process(script, *options, ready=ready, environment=environment)
        told = [line for line in done.stdout.splitlines() if line.startswith("@@")]
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
        assert told, done.stdout[-3000:] + done.stderr[-5000:]
        return json.loads(told[-1][2:])

    def process(
        self,
        script: str,
        *options: str,
        ready: bool = True,
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """The ended process of that script."""
        command, variables = self._prepare(script, options, ready, environment)
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=180, check=False
        )

    def start(self, script: str, *options: str) -> subprocess.Popen[str]:
        """The running process of that script, with pipes to its input and output."""
        command, variables = self._prepare(script, options, True, None)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def _prepare(
        self,
        script: str,
        options: tuple[str, ...],
        ready: bool,
        environment: dict[str, str] | None,
    ) -> tuple[list[str], dict[str, str]]:
        variables = {**os.environ, **(environment or {})}
        if not (environment or {}).get("PYTHONDONTWRITEBYTECODE"):
            variables.pop("PYTHONDONTWRITEBYTECODE", None)
        if ready:
            variables["PYTHONPATH"] = os.pathsep.join([self.house, self.seen])
        self.write("script.py", PRELUDE + script)
        settle()
        return [*self.python.command, *options, f"{self.seen}/script.py"], variables


def make(python: Python, tmp_path: Path) -> Iterator[Inside]:
    """An Inside in a folder of its own."""
    if not python.root:
        yield Inside(python, tmp_path)
        return
    folder = Path(tempfile.mkdtemp(prefix="modtui-test-", dir=Path(python.root) / "tmp"))
    try:
        yield Inside(python, folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def inside(python: Python, tmp_path: Path) -> Iterator[Inside]:
    """Each Python on this machine in turn."""
    yield from make(python, tmp_path)
