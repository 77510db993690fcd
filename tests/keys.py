"""python -m tests.keys: write the table of all keys into the README, between its two marks.

The table is made from the app's own bindings; a test keeps the README true to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from modtui.tui.telling.help import as_markdown

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- keys: written by `python -m tests.keys` -->"
END = "<!-- end of keys -->"


def block() -> str:
    """The table between its marks."""
    return f"{BEGIN}\n\n{as_markdown()}\n{END}"


def written(text: str) -> str | None:
    """What stands between the marks in this text, marks included; None if they are not there."""
    start, end = text.find(BEGIN), text.find(END)
    return text[start : end + len(END)] if 0 <= start < end else None


def main() -> int:
    text = README.read_text(encoding="utf-8")
    old = written(text)
    if old is None:
        print(f"{README} has no place for the keys; put this there:\n\n{block()}")
        return 1
    README.write_text(text.replace(old, block()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
