"""Text that flows: paragraphs of (text, ink) spans wrapped to a width, as lines with links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from modtui.source.safe import safe_text

Span = tuple[str, str]


class Go(NamedTuple):
    """Where a link leads: `module`, or another kind that the screen knows."""

    kind: str
    value: str
    line: int | None = None


class Line(NamedTuple):
    """One line of the screen."""

    spans: tuple[Span, ...] = ()
    go: Go | None = None

    @property
    def text(self) -> str:
        """Without the inks."""
        return "".join(text for text, _ in self.spans).rstrip()


Document = Callable[[int], Sequence[Line]]
BLANK = Line()


def _pieces(spans: Iterable[Span]) -> Iterable[Span]:
    for text, ink in spans:
        word = ""
        for char in text:
            if char == " " and word and not word.endswith(" "):
                word += char
                yield word, ink
                word = ""
            else:
                word += char
        if word:
            yield word, ink


def wrap(
    spans: Iterable[Span], width: int, *, first: str = "", rest: str | None = None,
    first_ink: str = "text", go: Go | None = None,
) -> list[Line]:  # fmt: skip
    """Spans as lines of at most that many characters.

    Args:
        spans: (text, ink); the text is made safe here, whoever wrote it.
        width: in cells.
        first: what stands before the first line, such as a bullet.
        rest: what stands before the others; spaces of the same width by default.
        first_ink: of what stands before.
        go: where the lines lead.
    """
    rest = " " * len(first) if rest is None else rest
    room = max(width - len(first), 8)
    lines: list[Line] = []
    current: list[Span] = []
    used = 0

    def flush() -> None:
        nonlocal current, used
        lead = first if not lines else rest
        lines.append(Line(((lead, first_ink), *current), go))
        current, used = [], 0

    for text, ink in _pieces((safe_text(text), ink) for text, ink in spans):
        if used and used + len(text.rstrip()) > room:
            flush()
        while len(text.rstrip()) > room:
            current.append((text[:room], ink))
            text = text[room:]
            flush()
        current.append((text, ink))
        used += len(text)
    if current or not lines:
        flush()
    return lines


def heading(text: str, width: int, note: str = "") -> list[Line]:
    """A title line with a note, and a rule up to the edge."""
    text, note = safe_text(text), safe_text(note)
    tail = f" {note}" if note else ""
    rule = "─" * max(width - len(text) - len(tail) - 1, 0)
    return [Line(((text, "title"), (tail, "muted"), (" " + rule, "faint")))]


def pairs(rows: Iterable[tuple[str, str, str]], width: int, label: int = 12) -> list[Line]:
    """`label  value` lines with wrapped values; rows are (label, value, ink)."""
    lines: list[Line] = []
    for name, value, ink in rows:
        lines += wrap([(value, ink)], width, first=f"{name:<{label}} ", first_ink="muted")
    return lines


def verbatim(text: str, ink: str = "code", indent: str = "  ") -> list[Line]:
    """Text whose lines stay as they are: output, tracebacks, code."""
    return [Line(((indent + safe_text(line), ink),)) for line in text.splitlines()]


def listing(names: Sequence[str], width: int, ink: str = "code", most: int = 60) -> list[Line]:
    """Names, comma by comma, wrapped; a long list says how many it leaves out."""
    spans: list[Span] = []
    for index, name in enumerate(names[:most]):
        spans.append((name, ink))
        if index < len(names) - 1:
            spans.append((", ", "muted"))
    if len(names) > most:
        spans.append((f"and {len(names) - most:,} more", "muted"))
    return wrap(spans, width, first="  ")
