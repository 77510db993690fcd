"""One edit of a text, of any kind."""

from __future__ import annotations

import ast
import random

from tests.mutations import code_edits, layout_edits
from tests.mutations.texts import KINDS, TEXT_ONLY, Text

__all__ = ["KINDS", "TEXT_ONLY", "code_edits", "edited", "layout_edits"]


def edited(text: str, kind: str, rng: random.Random) -> str | None:
    """The text after an edit of that kind; None where there is nothing of the kind to edit."""
    new = KINDS[kind](Text(text), rng)
    if new is None or new == text:
        return None
    try:
        tree = ast.dump(ast.parse(new))
    except SyntaxError:
        return None
    if (tree == ast.dump(ast.parse(text))) is not (kind in TEXT_ONLY):
        return None
    return new
