"""The inks and backgrounds that all line-drawing widgets share, from the theme's colours.

They are no component classes: those are matched against all rules of the app for each widget anew,
which for a score of widgets and inks was half of the time to the first frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.style import Style
from textual.color import Color


class Ink(NamedTuple):
    """A colour of the theme, how much of it, and a text style."""

    colour: str
    alpha: float = 1.0
    style: str = ""


INKS: dict[str, Ink] = {
    "text": Ink("foreground"),
    "muted": Ink("foreground", 0.65),
    "faint": Ink("foreground", 0.40),
    "title": Ink("foreground", 1.0, "bold"),
    "name": Ink("primary"),
    "link": Ink("primary", 1.0, "underline"),
    "good": Ink("text-success"),
    "stale": Ink("text-warning"),
    "bad": Ink("text-error"),
    "note": Ink("text-secondary"),
    "code": Ink("foreground", 0.85),
    "key": Ink("accent", 1.0, "bold"),
    "added": Ink("text-success"),
    "removed": Ink("text-error"),
    "match": Ink("accent", 1.0, "bold underline"),
    "path": Ink("foreground", 0.55),
    "accent": Ink("accent"),
    "badge": Ink("accent", 1.0, "bold reverse"),
}
BACKS: dict[str, Ink] = {
    "cursor": Ink("block-cursor-background", 1.0, "bold"),
    "blurred": Ink("block-cursor-blurred-background"),
    "marked": Ink("secondary", 0.18),
    "hover": Ink("block-hover-background"),
    "head": Ink("surface"),
}

# Sixteen colours that somebody else chose: only a reversed row is certain to be seen.
ANSI_INKS: dict[str, Ink] = {
    **{name: Ink("ansi_default", 1.0, ink.style) for name, ink in INKS.items()},
    "faint": Ink("ansi_bright_black"),
    "name": Ink("ansi_blue"),
    "link": Ink("ansi_blue", 1.0, "underline"),
    "good": Ink("ansi_green"),
    "stale": Ink("ansi_yellow"),
    "bad": Ink("ansi_red"),
    "note": Ink("ansi_magenta"),
    "key": Ink("ansi_yellow", 1.0, "bold"),
    "added": Ink("ansi_green"),
    "removed": Ink("ansi_red"),
    "match": Ink("ansi_yellow", 1.0, "bold underline"),
    "accent": Ink("ansi_yellow"),
    "badge": Ink("ansi_yellow", 1.0, "bold reverse"),
}
ANSI_BACKS: dict[str, Ink] = {
    "cursor": Ink("ansi_default", 1.0, "reverse bold"),
    "blurred": Ink("ansi_default", 1.0, "bold"),
    "marked": Ink("ansi_default"),
    "hover": Ink("ansi_default", 1.0, "underline"),
    "head": Ink("ansi_default"),
}


def ink(name: str, ansi: bool) -> Ink | None:
    """One of ours, or None if it is a component class of the widget."""
    return (ANSI_INKS if ansi else INKS).get(name)


def back(name: str, ansi: bool) -> Ink | None:
    """A background of ours, or None."""
    return (ANSI_BACKS if ansi else BACKS).get(name)


def colour(one: Ink, variables: Mapping[str, str], fallback: Color) -> Color:
    """The colour in this theme; `fallback` where the theme leaves it to the background."""
    if one.colour.startswith("ansi_"):
        return Color.parse(one.colour)
    text = variables.get(one.colour, "")
    value, _, percent = text.partition(" ")
    if not value or value == "auto":
        return fallback.with_alpha(one.alpha)
    found = Color.parse(value)
    if found.ansi is not None:
        return found
    share = float(percent.rstrip("%")) / 100 if percent.endswith("%") else 1.0
    return found.with_alpha(found.a * share * one.alpha)


def text_style(one: Ink) -> Style:
    """Bold, underline, reverse."""
    return Style.parse(one.style) if one.style else Style.null()
