"""The help: every key that there is, the filter's words, the meaning of every status and word."""

from __future__ import annotations

from collections.abc import Mapping

from modtui.tui import keys, words
from modtui.tui.prose import BLANK, Line, heading, wrap

SHORT = (
    ("tab-diff", "stale modules are on top; their diff since load is at the right"),
    ("reload", "shows what a reload would do and leave behind; then y does it"),
    ("patch", "there: old functions, classes and instances take the new code, too"),
    ("undo", "takes the last reload back"),
    ("filter", "finds modules by name, status, freshness, package"),
    ("fold", "shows the libraries, which are folded away"),
)
FILTER = (
    ("cart", "the name contains it; if none does: has its letters in this order"),
    ("stale  fresh  unknown  missing", "the verdict"),
    ("proved  likely", "how sure the verdict is"),
    ("project  stdlib  site  agent", "whose code it is"),
    ("is:extension", "the status; also is:package, is:marked"),
    ("pkg:django", "that package and all in it"),
    ("file:models", "the path contains it"),
    ("name:stale", "the name contains it, even if it is one of these words"),
    ("~^shop\\.", "a regular expression on the name"),
    ("!word", "not that; several words must all hold"),
)


def document(keymap: Mapping[str, str], width: int) -> list[Line]:
    """The whole help; `keymap` are the user's own keys by id."""
    lines: list[Line] = heading("The short way", width)
    for id, meaning in SHORT:
        sign = _keys(next(one for one in keys.KEYS if one.id == id), keymap).split(" ")[0]
        lines += _row(sign, meaning, width, "key")
    lines.append(BLANK)
    for title, found in keys.by_scope():
        lines += heading(title, width)
        for key in found:
            if key.id.startswith("toggle-") and key.id != "toggle-1":
                continue
            lines += _row(_keys(key, keymap), key.help, width, "key")
        lines.append(BLANK)
    lines += heading("The filter's words", width)
    for word, meaning in FILTER:
        lines += _row(word, meaning, width, "code", 31)
    lines += [BLANK, *heading("Freshness", width, "is what runs what is on disk?")]
    for term in words.VERDICTS.values():
        lines += _row(f"{term.glyph} {term.word}", term.meaning, width, term.ink)
    for proof, meaning in words.PROOFS.items():
        lines += _row(f"  {proof}", meaning, width, "muted")
    lines += [BLANK, *heading("Status", width, "how it came to be loaded")]
    for term in words.STATUSES.values():
        lines += _row(f"{term.glyph or ' '} {term.word}", term.meaning, width, term.ink)
    lines += [BLANK, *heading("Hazards", width, "why not to reload it")]
    for term in words.LEVELS.values():
        lines += _row(f"{term.glyph} {term.word}", term.meaning, width, term.ink)
    lines += [BLANK, *heading("Words", width)]
    for word, meaning in words.VOCABULARY:
        lines += _row(f"  {word}", meaning, width, "text")
    return lines


def _keys(key: keys.Key, keymap: Mapping[str, str]) -> str:
    if key.id == "toggle-1":
        return "1 … 9"
    if key.id in keymap:
        return keys.signs(keymap[key.id])
    return keys.signs(key.keys)


def _row(left: str, right: str, width: int, ink: str, column: int = 16) -> list[Line]:
    return wrap([(right, "muted")], width, first=f"  {left:<{column}} ", first_ink=ink)


_LEFT_OUT = (
    "code",
    "processes",
    "pages",
    "buttons",
    "question",
)  # arrows, and what is self-evident


def as_markdown() -> str:
    """All keys as tables, for the README."""
    lines: list[str] = []
    for scope, title in keys.SCOPES.items():
        found = [key for key in keys.KEYS if key.scope == scope]
        if scope in _LEFT_OUT:
            continue
        lines += [f"**{title}**", "", "| key | does | id |", "|---|---|---|"]
        for key in found:
            if key.id.startswith("toggle-") and key.id != "toggle-1":
                continue
            signs = "1 … 9" if key.id == "toggle-1" else keys.signs(key.keys)
            cells = " ".join(f"`{sign}`" for sign in signs.replace("|", "\\|").split(" "))
            ids = "toggle-1 …" if key.id == "toggle-1" else key.id
            lines.append(f"| {cells} | {key.help} | {ids} |")
        lines.append("")
    return "\n".join(lines)
