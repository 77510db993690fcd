"""A report after a reload, as a story: what happened, what is old still, what to do next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from modtui.tui import words
from modtui.tui.prose import BLANK, Document, Line, heading, verbatim, wrap
from modtui.tui.telling import left_behind

if TYPE_CHECKING:
    from modtui.agent import shapes

THREADS = {
    "main": "on the main thread",
    "agent": "on the agent's thread",
    "caller": "on this thread",
}


def headline(report: shapes.Report) -> tuple[str, str]:
    """The result in one sentence, with its ink."""
    names = [module["name"] for module in report["modules"]]
    if report["ok"]:
        done = "Patched" if report["mode"] == "patch" else "Reloaded"
        seconds = sum(module["seconds"] for module in report["modules"])
        return f"{done} {left_behind.some(names, 3)} in {_time(seconds)}", "good"
    failed = [module["name"] for module in report["modules"] if not module["ok"]]
    back = (
        "nothing changed: everything is as before" if report["rolled_back"] else "not rolled back"
    )
    return f"{left_behind.some(failed or names, 3)} failed; {back}", "bad"


_FRAME = re.compile(r'^ *File "(.+)", line (\d+)', re.MULTILINE)


def failed_at(report: shapes.Report) -> tuple[str, int] | None:
    """The file and line (from 1) where a module's own code failed, None if no text says it."""
    for module in report["modules"]:
        frames = _FRAME.findall(module["error"]["traceback"]) if module["error"] else []
        if frames:
            # The traceback begins in the module's own file; the end may be in a library.
            return next((path, int(at)) for path, at in reversed(frames) if path == frames[0][0])
    return None


def _time(seconds: float) -> str:
    if seconds < 0.001:
        return "less than 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def left(report: shapes.Report) -> int:
    """How many old objects are still in use."""
    return sum(left_behind.size(module["left_behind"]) for module in report["modules"])


def holders(report: shapes.Report) -> list[str]:
    """The modules that hold old names, and were not reloaded themselves."""
    done = {module["name"] for module in report["modules"]}
    found: dict[str, None] = {}
    for module in report["modules"]:
        for held in module["left_behind"]["from_imports"]:
            if held["module"] not in done:
                found[held["module"]] = None
    return list(found)


def document(report: shapes.Report) -> Document:
    """The whole story."""

    def lay(width: int) -> list[Line]:
        text, ink = headline(report)
        glyph = "✓ " if report["ok"] else "✗ "
        lines = wrap([(text, "title")], width, first=glyph, first_ink=ink)
        lines += wrap([(f"It ran {THREADS[report['thread']]}.", "muted")], width, first="  ")
        lines.append(BLANK)
        for module in report["modules"]:
            lines += _module(module, report, width)
        if report["side_effects"]:
            lines += heading("Happened outside the modules", width, "undo cannot take these back")
            for effect in report["side_effects"]:
                lines += wrap([(effect, "text")], width, first="  ! ", first_ink="stale")
            lines.append(BLANK)
        for refusal in report["refused"]:
            lines += wrap(
                [(refusal["name"], "title"), (f" was not reloaded: {refusal['text']}", "text")],
                width, first="✗ ", first_ink="bad",
            )  # fmt: skip
        return lines

    return lay


def _module(module: shapes.ModuleReport, report: shapes.Report, width: int) -> list[Line]:
    state = "" if module["ok"] else "failed"
    lines = heading(module["name"], width, state or _time(module["seconds"]))
    if module["error"]:
        lines += _error(module["error"], report["rolled_back"], width)
    lines += _names(module["names"], width)
    if module["replaced"]:
        lines += wrap(
            [("it put another object in its place in sys.modules", "text")],
            width, first="  ! ", first_ink="stale",
        )  # fmt: skip
    if module["patched"]:
        done = ", ".join(_some(n, what) for what, n in module["patched"].items() if n)
        if done:
            lines += wrap(
                [("brought up to date in place: ", "muted"), (done, "text")],
                width, first="  ✓ ", first_ink="good",
            )  # fmt: skip
    if left_behind.size(module["left_behind"]):
        lines += wrap([("Left behind: these stay old", "muted")], width, first="  ")
        lines += left_behind.lines(module["left_behind"], width, module["name"])
    elif module["ok"]:
        lines += wrap(
            [("nothing old is still in use", "muted")], width, first="  ✓ ", first_ink="good"
        )
    if module["could_not_patch"]:
        lines += wrap([("Could not be patched", "muted")], width, first="  ")
        for one in module["could_not_patch"]:
            lines += wrap(
                [(one["what"], "title"), (f": {one['why']}", "text")],
                width, first="  ✗ ", first_ink="bad",
            )  # fmt: skip
    for warning in module["warnings"]:
        lines += wrap([(warning, "text")], width, first="  ! ", first_ink="stale")
    if module["output"]:
        lines += wrap([("It printed", "muted")], width, first="  ")
        lines += verbatim(module["output"], indent="  │ ")
    return [*lines, BLANK]


def _some(number: int, plural: str) -> str:
    """`1 class`, `2 classes`: the report's words are plurals."""
    if number != 1:
        return f"{number:,} {plural}"
    return "1 " + (plural[:-2] if plural.endswith("sses") else plural.removesuffix("s"))


_NAMES = (
    ("changed", "rebound", "code", "names that stand for a new object now"),
    ("in_place", "patched", "code", "names that stand for the object of before, which is new"),
    ("added", "added", "added", "new names"),
    ("removed", "removed", "removed", "names that only the old text bound"),
    ("kept_from_before", "kept", "stale", "names that the source no longer sets and that stay"),
)


def _names(names: shapes.NamesReport, width: int) -> list[Line]:
    lines: list[Line] = []
    in_place = set(names.get("in_place", ()))
    for key, word, ink, _ in _NAMES:
        found: list[str] = names.get(key, [])  # type: ignore[assignment]
        if key == "changed":
            found = [name for name in found if name not in in_place]
        if found:
            text = left_behind.some(found, 30)
            lines += wrap([(text, ink)], width, first=f"  {word:<10}", first_ink="muted")
    if names["unchanged"]:
        lines += wrap(
            [(words.count(len(names["unchanged"]), "name"), "muted")],
            width, first=f"  {'unchanged':<10}", first_ink="muted",
        )  # fmt: skip
    return lines


def _error(error: shapes.ErrorInfo, rolled_back: bool, width: int) -> list[Line]:
    message = error["message"].splitlines()[0] if error["message"] else ""
    lines = wrap(
        [(error["type"], "bad"), (f": {message}" if message else "", "text")],
        width, first="  ✗ ", first_ink="bad",
    )  # fmt: skip
    lines += verbatim(error["traceback"], ink="muted", indent="    ")
    if rolled_back:
        lines += wrap(
            [("Nothing changed: the module, its classes and functions are as before.", "title")],
            width, first="  ✓ ", first_ink="good",
        )  # fmt: skip
    return lines
