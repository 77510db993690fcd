"""Our own themes beside Textual's: calm dark and light, high contrast, colour-blind safe.

Stale is amber and fresh is blue-green in all of them, which the common kinds of colour blindness
tell apart; every state has a glyph and a word besides.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="modtui-dark",
    primary="#6cb6eb",
    secondary="#a5b4fc",
    accent="#f2c14e",
    warning="#f0a35e",
    error="#f47174",
    success="#5cc8a8",
    foreground="#d5dbe3",
    background="#11151b",
    surface="#181d25",
    panel="#1f2630",
    dark=True,
    variables={
        "border": "#6cb6eb",
        "border-blurred": "#323b48",
        "block-cursor-background": "#24405a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#232b36",
        "block-hover-background": "#1d242e",
        "footer-background": "#181d25",
        "input-selection-background": "#6cb6eb 35%",
    },
)

LIGHT = Theme(
    name="modtui-light",
    primary="#1f6fb2",
    secondary="#5b55b5",
    accent="#9a5b00",
    warning="#b45309",
    error="#b42335",
    success="#0f766e",
    foreground="#1f2933",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#e7e4dc",
    dark=False,
    variables={
        "border": "#1f6fb2",
        "border-blurred": "#cfcabd",
        "block-cursor-background": "#cfe3f5",
        "block-cursor-foreground": "#10202e",
        "block-cursor-blurred-background": "#e6e3da",
        "block-hover-background": "#efece4",
        "footer-background": "#f1efe9",
        "text-warning": "#a04a06",
        "text-success": "#0c655e",
        "text-error": "#a81e30",
        "text-secondary": "#4f49a8",
    },
)

CONTRAST = Theme(
    name="modtui-contrast",
    primary="#00d7ff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffaf00",
    error="#ff5f5f",
    success="#00ffaf",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    text_alpha=1.0,
    variables={
        "border": "#ffff00",
        "border-blurred": "#8a8a8a",
        "block-cursor-background": "#005f87",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#303030",
        "text-warning": "#ffaf00",
        "text-success": "#00ffaf",
        "text-error": "#ff8787",
        "text-secondary": "#ffffff",
    },
)

# The eight colours that Okabe and Ito chose for every kind of colour vision: added is blue, removed
# and stale are orange and yellow, which no common kind takes for each other.
COLOURBLIND = Theme(
    name="modtui-colourblind",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0e442",
    warning="#f0e442",
    error="#e69f00",
    success="#56b4e9",
    foreground="#e4e8ee",
    background="#0f1318",
    surface="#161b22",
    panel="#1e242d",
    dark=True,
    variables={
        "border": "#56b4e9",
        "border-blurred": "#36404d",
        "block-cursor-background": "#1f4460",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#232b36",
        "block-hover-background": "#1d242e",
        "footer-background": "#161b22",
        "text-warning": "#f0e442",
        "text-success": "#7cc8f0",
        "text-error": "#ffb733",
    },
)

THEMES = (DARK, LIGHT, CONTRAST, COLOURBLIND)
