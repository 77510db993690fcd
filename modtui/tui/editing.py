"""Opening a file in the user's editor, with the app put aside meanwhile."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from textual.app import App


def edit(app: App[Any], path: str, line: int) -> str | None:
    """Edit and return; what went wrong in words, or None."""
    from modtui.source.editor import command

    if not os.path.exists(path):
        return f"{path} cannot be opened from here"
    words = command(path, line)
    try:
        with app.suspend():
            result = subprocess.run(words, check=False)
    except SuspendNotSupported:
        return "This terminal cannot be put aside; open the file by hand"
    except OSError as error:
        return f"{words[0]}: {error.strerror}; set $EDITOR to a program that is here"
    app.refresh(layout=True)
    return f"{words[0]} ended with {result.returncode}" if result.returncode else None
