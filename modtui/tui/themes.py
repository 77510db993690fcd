"""Our own themes beside Textual's: a calm dark and light one, and one of high contrast.

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

THEMES = (DARK, LIGHT, CONTRAST)
