"""The words of the diff view: which baseline, how sure, and why there is nothing to show."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from modtui.source.baselines import Baseline
from modtui.source.changes import Change
from modtui.source.safe import safe_text
from modtui.tui.widgets.ink import Span, fit, fit_left, width_of

MEASURE = 64  # cells that a message is wrapped to


def head(change: Change, width: int, *, hunk: int, hunks: int, compared: bool) -> list[list[Span]]:
    """The lines above a diff, for that width."""
    lines = [_title(change, width, hunk, hunks), witness(change.baseline, width)]
    for ink, sentence in _notes(change, compared):
        lines.append([(" " + fit(safe_text(sentence), width - 1), ink)])
    return lines


def _title(change: Change, width: int, hunk: int, hunks: int) -> list[Span]:
    counts: list[Span] = []
    if hunks:
        counts = [(f"+{change.added}", "added"), (f" −{change.removed}", "removed")]
        at = f"{hunk} of {hunks}" if hunk and hunks > 1 else str(hunks)
        places = f"  {at} change{'s' * (hunks > 1)} "
        counts.append((places if width >= 60 else f" {hunk}/{hunks} ", "muted"))
    room = width - 1 - sum(width_of(text) for text, _ in counts)
    path = fit_left(safe_text(change.file or change.name), room)
    folder, slash, name = path.rpartition("/")
    return [(" ", "text"), (folder + slash, "muted"), (name, "title"), *counts]


def witness(baseline: Baseline, width: int) -> list[Span]:
    """Which text the file is compared with, and how that is known."""
    if baseline.data is None:
        sign, words, ink = "?", "The source as loaded is not known", "stale"
    elif baseline.proof == "proved":
        sign, words, ink = "✓", "Since it was loaded, proved", "good"
    elif baseline.source == "rebuilt" and baseline.proof != "none":
        sign, words, ink = "≈", "Against what its bytecode tells", "stale"
    elif baseline.proof == "likely":
        sign, words, ink = "≈", "Against what was probably loaded", "stale"
    else:
        sign, words, ink = "?", "Against a guess, not checked", "bad"
    detail = safe_text(baseline.detail)
    room = width - 1 - width_of(f"{sign} {words}")
    spans: list[Span] = [(f" {sign} {words}", ink)]
    if detail and room > 8:
        spans.append((fit(f" · {detail}", room), "muted"))
    return spans


def _notes(change: Change, compared: bool) -> list[tuple[str, str]]:
    found = []
    if guesses := len(change.guesses):
        said = (
            "1 line of the old text is a guess"
            if guesses == 1
            else (f"{guesses} lines of the old text are guesses")
        )
        found.append(("stale", f"? {said}: dim, with a ? before it"))
    if not compared:
        return found
    problem = change.comparison.new_problem
    if problem is not None:
        where = f", line {problem.line}" if problem.line else ""
        found.append(("bad", f"✗ The file is not valid Python{where}: {problem.message}"))
    if change.note:
        found.append(("stale", f"! {change.note[0].upper()}{change.note[1:]}"))
    return found


def message(change: Change | None, width: int) -> list[list[Span]]:
    """What is said, in that many cells, where there is no changed line to show."""
    title, *sentences = _nothing_to_show(change)
    measure = min(MEASURE, width - 2) if width > 2 else MEASURE
    lines: list[list[Span]] = [[(title, "title")]]
    for sentence in sentences:
        if sentence:
            parts = textwrap.wrap(safe_text(sentence), measure)
            lines += [[], *([(part, "muted")] for part in parts)]
    return lines


def _nothing_to_show(change: Change | None) -> tuple[str, ...]:
    """A title, and sentences."""
    if change is None:
        return ("Nothing selected", "Select a module to see what changed in it.")
    baseline = change.baseline
    if change.data is None:
        known = (
            "What was loaded is still known: see the source."
            if baseline.data is not None
            else baseline.detail
        )
        return ("The file cannot be read", change.error or "There is no file.", known)
    if baseline.data is None:
        return (
            "What was loaded is not known",
            baseline.detail,
            "A reload makes it known: its text is captured as it is loaded.",
        )
    if change.differs:
        return ("No line differs", change.note or "Only the bytes between lines do.")
    if baseline.proof == "proved":
        return ("No difference", "What runs is what is on disk.")
    return ("No difference found", baseline.detail)


def centred(spans: Sequence[Span], width: int) -> list[Span]:
    """A line of a message in the middle."""
    used = sum(width_of(text) for text, _ in spans)
    if used > width:
        return [(fit(text, width), ink) for text, ink in spans[:1]]
    return [(" " * ((width - used) // 2), "text"), *spans]
