"""Opening a file in the user's editor, with the app put aside meanwhile."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from textual.app import App

_COLON = frozenset(("subl", "zed", "hx", "helix", "kate", "micro"))  # editor FILE:LINE
_GOTO = frozenset(("code", "code-insiders", "codium", "cursor", "windsurf"))
_LINE = frozenset(("idea", "pycharm", "charm", "clion", "webstorm"))
_USUAL = ("sensible-editor", "nano", "vim", "vi", "emacs")


def command(path: str, line: int) -> list[str] | None:
    """The words that open the file at the line (from 1): $VISUAL, $EDITOR, or what is there."""
    for name in ("VISUAL", "EDITOR"):
        if os.environ.get(name, "").strip():
            words = shlex.split(os.environ[name])
            break
    else:
        found = next((one for one in _USUAL if shutil.which(one)), None)
        if found is None:
            return None
        words = [found]
    name = os.path.basename(words[0])
    if name in _COLON:
        return [*words, f"{path}:{line}"]
    if name in _GOTO:
        wait = [] if {"--wait", "-w"} & set(words) else ["--wait"]
        return [*words, *wait, "--goto", f"{path}:{line}"]
    if name in _LINE:
        return [*words, "--line", str(line), path]
    return [*words, f"+{line}", path]


def edit(app: App[Any], path: str, line: int) -> str | None:
    """Edit and return; what went wrong in words, or None."""
    if not os.path.exists(path):
        return f"{path} cannot be opened from here"
    try:
        words = command(path, line)
    except ValueError as error:
        return f"$EDITOR cannot be understood: {error}"
    if words is None:
        return "No editor is known; set $EDITOR"
    try:
        with app.suspend():
            result = subprocess.run(words, check=False)
    except SuspendNotSupported:
        return "This terminal cannot be put aside; open the file by hand"
    except OSError as error:
        return f"{words[0]}: {error.strerror}; set $EDITOR to a program that is here"
    app.refresh(layout=True)
    return f"{words[0]} ended with {result.returncode}" if result.returncode else None
