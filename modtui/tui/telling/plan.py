"""A plan before a reload: the order, what may do harm here, what it would leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modtui.tui import words
from modtui.tui.prose import BLANK, Document, Line, heading, listing, wrap
from modtui.tui.telling import left_behind

if TYPE_CHECKING:
    from modtui.agent import shapes

_PATCH_MEANS = (
    "old functions, classes and instances take the new code in place and keep their identity"
)
LEVELS = ("danger", "caution", "note")

NOTHING = "Nothing of this can be reloaded: starting the program again is what is left."


def document(plan: shapes.Plan, last: shapes.Report | None = None) -> Document:
    """The plan in full, for the preview; `last` is the reload that left behind what a patch now
    brings up to date."""
    behind = {one["name"]: one["left_behind"] for one in last["modules"]} if last else {}

    def lay(width: int) -> list[Line]:
        lines: list[Line] = []
        for number, step in enumerate(plan["steps"], 1):
            lines += _step(number, step, plan["patch"], width, behind.get(step["name"]))
        if plan["refused"]:
            lines += heading("Not reloaded", width)
            for refusal in plan["refused"]:
                lines += wrap(
                    [(refusal["name"], "title"), (f": {refusal['text']}", "text")],
                    width, first="  ✗ ", first_ink="bad",
                )  # fmt: skip
        if not plan["steps"]:
            lines += wrap([(NOTHING, "muted")], width)
        return lines

    return lay


def _step(
    number: int,
    step: shapes.PlanStep,
    patch: bool,
    width: int,
    behind: shapes.LeftBehind | None = None,
) -> list[Line]:
    lines = heading(f"{number}. {step['name']}", width, step["why"])
    lines += hazards(step["hazards"], width)
    if patch:
        lines += wrap([(_PATCH_MEANS, "muted")], width, first="  ✓ ", first_ink="good")
    if patch and behind is not None and left_behind.size(behind):
        lines += wrap([("Left behind by the last reload, brought up to date now", "muted")],
                      width, first="  ")  # fmt: skip
        lines += left_behind.lines(behind, width, step["name"])
    left = step["would_leave"]
    if left_behind.size(left):
        title = "Held elsewhere; patched in place" if patch else "Left behind: these stay old"
        lines += wrap([(title, "muted")], width, first="  ")
        lines += left_behind.lines(left, width, step["name"])
    if step["names_removed"]:
        say = (
            "No longer in the source; removed"
            if patch
            else "No longer in the source; a plain reload keeps them"
        )
        lines += wrap([(say, "muted")], width, first="  ")
        lines += listing(step["names_removed"], width)
    if step["names_kept"]:
        lines += wrap([("State that the source keeps by itself", "muted")], width, first="  ")
        lines += listing(step["names_kept"], width)
    if step["reruns"]:
        lines += wrap([("Statements that run again", "muted")], width, first="  ")
        for rerun in step["reruns"]:
            lines += wrap(
                [(rerun["text"], "code"), (f"  {rerun['effect']}", "muted")],
                width, first=f"  {rerun['line']:>4} ", first_ink="faint",
            )  # fmt: skip
    if len(lines) == 1:
        lines += wrap(
            [("nothing found that it would harm or leave behind", "muted")],
            width, first="  ✓ ", first_ink="good",
        )  # fmt: skip
    return [*lines, BLANK]


def hazards(found: list[shapes.Hazard], width: int) -> list[Line]:
    """Hazards, the worst first, each with its level in words."""
    lines: list[Line] = []
    for hazard in sorted(found, key=lambda one: LEVELS.index(one["level"])):
        term = words.LEVELS[hazard["level"]]
        lines += wrap(
            [(f"{term.word}: ", term.ink), (hazard["text"], "text")],
            width, first=f"  {term.glyph} ", first_ink=term.ink,
        )  # fmt: skip
    return lines


def worst(plan: shapes.Plan) -> str:
    """The plan's level in a few words."""
    if not plan["steps"]:
        return "cannot be reloaded"
    level = plan["level"]
    total = sum(len(step["hazards"]) for step in plan["steps"])
    return (
        words.LEVELS[level].word if level == "none" else f"{level} · {words.count(total, 'hazard')}"
    )


def consequences(plan: shapes.Plan) -> Document:
    """In short: what a reload would do, for the panel under the diff."""

    def lay(width: int) -> list[Line]:
        lines: list[Line] = []
        for refusal in plan["refused"]:
            lines += wrap([(refusal["text"], "text")], width, first="✗ ", first_ink="bad")
        for step in plan["steps"]:
            for hazard in sorted(step["hazards"], key=lambda one: LEVELS.index(one["level"])):
                term = words.LEVELS[hazard["level"]]
                lines += wrap(
                    [(hazard["text"], "text")], width, first=f"{term.glyph} ", first_ink=term.ink
                )
            for spans in left_behind.sentences(step["would_leave"], step["name"], alone=True)[:8]:
                lines += wrap(spans, width, first="◦ ", first_ink="stale")
            if step["names_removed"]:
                lines += wrap(
                    [(left_behind.some(step["names_removed"]), "title"),
                     (" would stay, though no longer in the source", "text")],
                    width, first="◦ ", first_ink="stale",
                )  # fmt: skip
            if step["reruns"]:
                lines += wrap(
                    [(f"{words.count(len(step['reruns']), 'statement')} with effects run again: ",
                      "text"),
                     (left_behind.some([r["text"] for r in step["reruns"]], 2), "code")],
                    width, first="◦ ", first_ink="note",
                )  # fmt: skip
        if not lines:
            lines += wrap(
                [("nothing found that it would harm or leave behind", "muted")],
                width, first="✓ ", first_ink="good",
            )  # fmt: skip
        return lines

    return lay
