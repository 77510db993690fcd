"""python3 -m tests [PYTEST ARGUMENTS]: everything that must hold, in a virtual environment.

Makes `.venv` beside the checkout's pyproject.toml if it is not there, installs modtui with its
development tools into it, then runs lint, format, types, the layering of imports, and the tests.
With arguments only the tests run, and they get the arguments.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("MODTUI_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"


def prepare() -> None:
    """Make the environment, or bring it up to date with pyproject.toml."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / "modtui-installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    venv.create(VENV, with_pip=True, clear=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[dev]"]
    subprocess.run(install, check=True, cwd=ROOT)
    stamp.write_text(wanted)


def checks(arguments: list[str]) -> list[list[str]]:
    """The commands, in order; quick ones first."""
    pytest = ["pytest", "-q", "-n", "2", "--dist", "loadgroup"]
    if arguments:
        return [["pytest", *arguments]]
    return [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy", "modtui"],
        ["lint-imports", "--no-cache"],
        pytest,
    ]


# Real processes on a busy machine: what failed beside other tests is run once more, alone. What
# fails then has failed; what passes then stands in the output as failed the first time.
AGAIN = ["pytest", "-q", "--last-failed", "--last-failed-no-failures", "none"]


def run(command: list[str]) -> bool:
    """Run a tool of the environment; whether it succeeded."""
    print(f"\n$ {' '.join(command)}", flush=True)
    return not subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False
    ).returncode


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - said in words to who has an older one
        print("modtui needs Python 3.11 or newer", file=sys.stderr)
        return 2
    prepare()
    failed = []
    for command in checks(sys.argv[1:]):
        if not run(command) and not (command[0] == "pytest" and run(AGAIN)):
            failed.append(command[0])
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
