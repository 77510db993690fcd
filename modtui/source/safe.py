"""Foreign text made harmless for a terminal: the one place for every screen, command and export.

Names, paths and source of other people's programs may hold anything: escape sequences, overrides
of the writing direction that reorder what is read (CVE-2021-42574), invisible characters, lone
surrogates that no terminal can encode. All of them become visible signs here; letters of every
script stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

# What `str.isprintable` lets through although nothing is seen: fillers, selectors, joiners.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    "\ufe00-\ufe0f\u180b-\u180f\U000e0100-\U000e01ef"
)
_UNSEEN = re.compile("[" + _INVISIBLE + "]")
_HARMLESS_SPACE = "\u3000"  # the ideographic space is as wide as its letters and plainly seen


def safe_text(text: str, *, keep: str = "") -> str:
    """The text with everything that is not plainly visible made visible.

    `keep` names characters to leave alone: `"\\n\\t"` for text of several lines. Control characters
    become the pictures of U+2400 (`␛`), others their Python escape (`\\u202e`). One line stays one
    line; the result can be encoded as UTF-8.
    """
    if text.isascii():
        if text.isprintable():
            return text
    elif text.isprintable() and not _UNSEEN.search(text):
        return _anchored(text)
    return _anchored("".join(map(_visible, text)) if not keep else _keeping(text, keep))


def safe_line(line: str, tab: int = 4) -> str:
    """One line of source for the screen: tabs expanded, everything else as `safe_text`."""
    if line.isascii() and line.isprintable():
        return line
    if "\t" in line:
        return safe_text(line, keep="\t").expandtabs(tab)
    return safe_text(line)


def _keeping(text: str, keep: str) -> str:
    return "".join(char if char in keep else _visible(char) for char in text)


def _anchored(text: str) -> str:
    # A combining mark at the start would settle on whatever the screen shows to the left of it.
    if text and unicodedata.category(text[0]) in ("Mn", "Me"):
        return "\u25cc" + text
    return text


def _visible(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char.isprintable():
        return ascii(char)[1:-1] if _UNSEEN.match(char) else char
    if char == _HARMLESS_SPACE or unicodedata.category(char) == "Co":
        return char
    return ascii(char)[1:-1]
