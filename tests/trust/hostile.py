"""Text that would do harm, or hide something, if it reached a terminal as it is."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hypothesis import strategies as st

BAD = (
    "\x1b[2J\x1b[31mred",  # clears the screen
    "\x1b]0;title\x07",  # sets the title
    "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",  # a link
    "\x1b]52;c;ZXZpbA==\x07",  # sets the clipboard
    "\x9b31m\x90q\x9c",  # the same in eight bits
    "\x1bP$q\x1b\\\x1b[6n\x1b[c",  # asks the terminal for answers
    "[bold]markup[/bold] [/] [link=http://evil.example]x[/link] [@click=app.quit]y[/]",
    "[/][/][red on blue",
    "\\[escaped[b]",
    "a\u202everse\u2066d\u2069\u200f",  # changes the direction of reading
    "zero\u200bwidth\u200d\ufeff\u00ad",
    "\ud800lone\udfff\udcff",  # surrogates
    "nul\0\b\b\b\x7fback\rover",
    "line\nfeed\u2028separators\u2029\x85\x0b\x0c",
    "漢字ひらがな한글宽",
    "e\u0301\u0301\u0301 Z\u0335\u0321\u0338a\u0334l\u0358g\u0315o",
    "\u0300starts with a mark",
    "🧑‍💻🏴‍☠️🇩🇪",
    "\U000e0041\U000e0042\u3164\u115f",  # tags and fillers: nothing to be seen
    "{0} %s %(x)s $x `x` ${x} </x> &amp; <b>",
    "x" * 5000,
    "\t\ttabs",
    "",
    " ",
    "ﷺ﷽",
)

texts = st.one_of(
    st.sampled_from(BAD),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.text(st.sampled_from("\x1b\x9b[]/\\;m\x07\0\n\r\t\u202e\u200b\ud83d\u0301a漢"), max_size=12),
)
batches = st.lists(texts, min_size=8, max_size=24)

HARMFUL = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def harmful(text: str) -> list[str]:
    """The characters of a text that a terminal must not get."""
    return [char for char in text if unicodedata.category(char) in HARMFUL]


# What a command may send to a terminal: our own colours, and nothing else that is not text.
_OURS = re.compile(r"\x1b\[[0-9;]*m|\r?\n")


def harmful_output(text: str) -> list[str]:
    """The same for what a command has printed, line by line and perhaps in colour."""
    return harmful(_OURS.sub("", text))


# Words that the app itself chooses from, and what is computed from other things.
_CHOSEN = {
    "status", "verdict", "proof", "level", "code", "place", "mode", "thread", "arrival", "digest",
    "execution", "kind", "change", "defined_in",
}  # fmt: skip


def spoiled(told: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """A recording in which every text of the target is another, with names that still agree."""
    names = [record["name"] for record in told["page"]["modules"]]
    renamed = {
        name: name + words[number % len(words)] for number, name in enumerate(names) if words
    }
    taken = set(renamed.values())
    assert len(taken) == len(renamed)
    count = 0

    def text(value: str, key: str) -> str:
        nonlocal count
        if value in renamed:
            return renamed[value]
        if key in _CHOSEN or not words:
            return value
        if key == "data":
            # The bytes of a file travel as the characters of the same numbers.
            lines = "\n# ".join(["", *words]) + "\n"
            return value + lines.encode("utf-8", "surrogatepass").decode("latin-1")
        count += 1
        return value + words[count % len(words)]

    def walk(value: Any, key: str = "") -> Any:
        if type(value) is str:
            return text(value, key)
        if type(value) is list:
            return [walk(item, key) for item in value]
        if type(value) is dict:
            by_name = key in ("freshness", "show", "source", "baseline", "plans")
            return {
                _key(inner) if by_name else inner: walk(item, inner)
                for inner, item in value.items()
            }
        return value

    def _key(key: str) -> str:
        name, mark, rest = key.partition(" patch=")
        if mark and name in renamed:
            return renamed[name] + mark + rest
        return renamed.get(key, key)

    return {key: walk(value) for key, value in told.items()}
