"""The words and glyphs of the screen, and what each means; the help screen prints this table.

State is never told by colour alone: every state has a glyph and a word.
"""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """One state: how it looks and what it means."""

    word: str
    glyph: str
    ink: str
    meaning: str


VERDICTS: dict[str, Term] = {
    "stale": Term("stale", "~", "stale", "the file holds other code than the process runs"),
    "missing": Term("missing", "!", "bad", "the file it was loaded from is gone"),
    "unknown": Term("unknown", "?", "note", "not enough evidence to tell; the reason is shown"),
    "fresh": Term("fresh", "✓", "good", "the process runs what is in the file"),
    "n/a": Term("n/a", "·", "faint", "there is no source to compare with"),
}

STATUSES: dict[str, Term] = {
    "source": Term("source", "", "text", "loaded from a .py file"),
    "extension": Term(
        "extension", "◆", "muted", "a compiled module (.so); cannot be truly reloaded"
    ),
    "built-in": Term("built-in", "▪", "muted", "part of the interpreter's executable"),
    "frozen": Term("frozen", "▪", "muted", "Python code kept inside the interpreter"),
    "bytecode": Term("bytecode", "▫", "muted", "loaded from a .pyc without its source"),
    "namespace": Term("namespace", "▫", "muted", "a package without __init__, only directories"),
    "zip": Term("zip", "▫", "text", "loaded from an archive"),
    "no spec": Term("no spec", "∅", "note", "__spec__ is None, so importlib cannot reload it"),
    "lazy": Term("lazy", "…", "note", "imported lazily and not executed yet; looking leaves it so"),
    "blocked": Term("blocked", "✗", "note", "sys.modules holds None: importing it fails"),
    "object": Term("object", "◇", "note", "something else than a module object"),
}

LEVELS: dict[str, Term] = {
    "none": Term("no hazard", "✓", "good", "nothing found that a reload would harm"),
    "note": Term("note", "·", "note", "worth knowing; does no harm by itself"),
    "caution": Term("caution", "!", "stale", "may leave old objects in use or run an effect again"),
    "danger": Term("danger", "✗", "bad", "may break the process; needs the module's name typed"),
}

PROOFS: dict[str, str] = {
    "proved": "the loaded source itself was compared with the file",
    "likely": "the signs agree, but the loaded source is not at hand",
    "none": "there is no evidence",
}

PLACES: dict[str, str] = {
    "project": "project",
    "site-packages": "site-packages",
    "stdlib": "standard library",
    "agent": "modtui itself",
    "none": "no file",
}

VOCABULARY: tuple[tuple[str, str], ...] = (
    ("target", "the inspected process"),
    ("agent", "modtui's code inside the target"),
    ("baseline", "the source that the loaded code was compiled from, with the evidence for it"),
    ("plan", "the modules to reload in order, with hazards and what each would leave behind"),
    ("reload", "what importlib.reload does, as one transaction: all of it or nothing"),
    ("patch", "after a reload, bring old functions, classes and instances up to date in place"),
    ("left behind", "old objects that other code still uses after a reload"),
    ("journal", "the reloads of this agent's life, each undoable while its objects live"),
    ("LOOK ONLY", "this session changes nothing in the target, whatever is pressed"),
)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`3 modules`, `1 module`, `1,204 modules`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
