"""All about one module: its names, its imports, its spec with the evidence, its history."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from modtui.source.safe import safe_text
from modtui.tui import words
from modtui.tui.prose import BLANK, Document, Go, Line, heading, pairs, verbatim, wrap
from modtui.tui.telling import plan as plan_telling
from modtui.tui.widgets.ink import fit

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.tui.model import Event


def says(*sentences: tuple[str, str]) -> Document:
    """A document of a few sentences: (text, ink)."""

    def lay(width: int) -> list[Line]:
        lines: list[Line] = []
        for text, ink in sentences:
            if not text:
                continue
            lines += [*wrap([(text, ink)], width - 2, first=" "), BLANK]
        return lines

    return lay


# ---------------------------------------------------------------- names

_KINDS = (
    ("class", "Classes"),
    ("function", "Functions"),
    ("value", "Values"),
    ("module", "Modules"),
)


def names(detail: shapes.Detail) -> Document:
    """The names of the namespace with types; no repr of the target is ever called."""

    def lay(width: int) -> list[Line]:
        found = detail["names"]
        if not found:
            return [*says((f"{detail['record']['name']} has no names to show.", "muted"))(width)]
        name_width = min(
            max((len(safe_text(n["name"])) for n in found), default=8) + 2, width // 2, 34
        )
        type_width = min(max((len(n["type"]) for n in found), default=8) + 2, 24)
        lines: list[Line] = []
        for kind, title in _KINDS:
            group = [one for one in found if one["kind"] == kind]
            if not group:
                continue
            lines += heading(title, width, str(len(group)))
            own = detail["record"]["name"]
            for one in sorted(group, key=lambda n: (n["name"].startswith("__"), n["name"])):
                lines.append(_name(one, own, name_width, type_width, width))
            lines.append(BLANK)
        return lines

    return lay


def _name(one: shapes.NameInfo, own: str, name_width: int, type_width: int, width: int) -> Line:
    foreign = one["defined_in"] not in (None, own)
    summary = one["summary"]
    if not summary and foreign:
        summary = f"from {one['defined_in']}"
    elif not summary and one["line"]:
        summary = f"line {one['line']}"
    go: Go | None = None
    if foreign and one["defined_in"]:
        go = Go("module", one["defined_in"])
    elif one["line"]:
        go = Go("line", own, one["line"])
    special = one["name"].startswith("__")
    return Line(
        (
            ("● " if one["kept"] else "  ", "stale"),
            (fit(safe_text(one["name"]), name_width), "faint" if special else "name"),
            (fit(safe_text(one["type"]), type_width), "muted"),
            (safe_text(summary), "code"),
            ("  kept from before the last reload" if one["kept"] else "", "stale"),
        ),
        go,
    )


# ---------------------------------------------------------------- imports


def imports(detail: shapes.Detail) -> Document:
    """Who imports it and what it imports, each a link."""

    def lay(width: int) -> list[Line]:
        importers = detail["importers"]
        lines = heading("Imported by", width, words.count(len(importers), "module"))
        if not importers:
            lines += wrap([("No module holds it or anything of it.", "muted")], width, first="  ")
        for one in sorted(importers, key=lambda item: item["module"]):
            lines.append(_importer(one))
        lines.append(BLANK)
        lines += heading("Imports", width, words.count(len(detail["imports"]), "module"))
        for name in detail["imports"]:
            lines.append(Line((("  → ", "faint"), (safe_text(name), "name")), Go("module", name)))
        if detail["submodules"]:
            lines += [BLANK, *heading("Submodules", width, str(len(detail["submodules"])))]
            for name in detail["submodules"]:
                lines.append(
                    Line((("  ▸ ", "faint"), (safe_text(name), "name")), Go("module", name))
                )
        return lines

    return lay


def _importer(one: shapes.Importer) -> Line:
    spans = [("  ← ", "faint"), (safe_text(one["module"]), "name")]
    if one["whole"]:
        same = one["whole"] == [one["module"]]
        spans.append(("  the module" + ("" if same else f" as {', '.join(one['whole'])}"), "muted"))
    if one["names"]:
        spans.append(("  " + ", ".join(map(safe_text, one["names"])), "code"))
    return Line(tuple((safe_text(text), ink) for text, ink in spans), Go("module", one["module"]))


# ---------------------------------------------------------------- spec and evidence


def spec(detail: shapes.Detail) -> Document:
    """What is known of how it was loaded, and why the verdict is what it is."""

    def lay(width: int) -> list[Line]:
        record = detail["record"]
        fresh = record["freshness"]
        term = words.VERDICTS[fresh["verdict"]]
        proof = f", {fresh['proof']}" if fresh["proof"] != "none" else ""
        lines = heading("Freshness", width)
        lines += wrap(
            [(f"{term.word}{proof}", term.ink), (f"  {fresh['reason']}", "text")],
            width, first=f"  {term.glyph} ", first_ink=term.ink,
        )  # fmt: skip
        for sentence in detail["evidence"]:
            lines += wrap([(sentence, "muted")], width, first="  · ", first_ink="faint")
        lines.append(BLANK)
        if record["hazards"]:
            lines += heading("Hazards", width, "the preview knows all")
            lines += [*plan_telling.hazards(record["hazards"], width), BLANK]
        lines += heading("How it was loaded", width)
        lines += pairs(_loaded(detail), width)
        if detail["spec"]:
            lines += [BLANK, *heading("__spec__", width)]
            rows = [
                (f"  {k}", "None" if v is None else v, "code") for k, v in detail["spec"].items()
            ]
            lines += pairs(rows, width, 28)
        if detail["doc"]:
            lines += [BLANK, *heading("Documentation", width)]
            lines += verbatim(detail["doc"].strip(), ink="muted")
        return lines

    return lay


def _loaded(detail: shapes.Detail) -> list[tuple[str, str, str]]:
    record = detail["record"]
    status = words.STATUSES[record["status"]]
    place = words.PLACES[record["place"]]
    rows = [("  status", f"{record['status']}: {status.meaning}", "text")]
    rows.append(("  place", place, "text"))
    for key in ("file", "origin", "cached", "loader", "package"):
        value = record[key]
        if value is not None and not (key == "origin" and value == record["file"]):
            rows.append((f"  {key}", str(value), "path" if key in ("file", "cached") else "code"))
    if detail["parent"]:
        rows.append(("  parent", detail["parent"], "name"))
    if detail["aliases"]:
        rows.append(("  also as", ", ".join(detail["aliases"]), "name"))
    return rows


# ---------------------------------------------------------------- history

EVENT_INKS = {
    "saved": "stale",
    "stale": "stale",
    "missing": "bad",
    "fresh": "good",
    "imported": "note",
    "removed": "note",
    "reloaded": "good",
    "patched": "good",
    "undone": "note",
    "failed": "bad",
    "lost": "bad",
    "attached": "good",
}


def event_lines(event: Event, width: int) -> list[Line]:
    """One event in full, on as many lines as it takes."""
    first, second, *rest = event_line(event).spans
    lead = first[0] + second[0]
    found = wrap(rest, width, first=" " * len(lead))
    head = found[0]
    return [head._replace(spans=(first, second, *head.spans[1:])), *found[1:]]


def event_line(event: Event, with_name: bool = True) -> Line:
    """One event: when, what, which module, in words."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.at))
    spans = [(f"{clock}  ", "faint"), (f"{event.kind:<10}", EVENT_INKS.get(event.kind, "muted"))]
    if event.name and with_name:
        spans.append((safe_text(event.name) + "  ", "title"))
    spans.append((event.text, "muted"))
    go = Go("module", event.name) if event.name and with_name else None
    return Line(tuple(spans), go)


def history(name: str, events: Sequence[Event], journal: Sequence[shapes.JournalEntry]) -> Document:
    """What happened to this module, newest last."""

    def lay(width: int) -> list[Line]:
        mine = [event for event in events if event.name == name]
        entries = [entry for entry in journal if name in entry["modules"]]
        lines = heading("In this session", width, words.count(len(mine), "event"))
        lines += [event_line(event, with_name=False) for event in mine]
        if not mine:
            lines += wrap(
                [("Nothing yet. Saves, verdicts and reloads of this module appear here.", "muted")],
                width, first="  ",
            )  # fmt: skip
        lines += [BLANK, *heading("Reloads in the journal", width, str(len(entries)))]
        for entry in entries:
            lines.append(entry_line(entry, journal))
        return lines

    return lay


def entry_line(entry: shapes.JournalEntry, journal: Sequence[shapes.JournalEntry]) -> Line:
    """One reload of the journal."""
    clock = time.strftime("%H:%M:%S", time.localtime(entry["at"]))
    mode = "patched" if entry["mode"] == "patch" else "reloaded"
    state = "can be undone" if entry["undoable"] else (entry["why_not"] or "cannot be undone")
    names = set(entry["modules"])
    if not entry["undoable"] and any(
        one["undoable"] and one["number"] > entry["number"] and names & set(one["modules"])
        for one in journal
    ):
        state = "after the later one is undone"
    return Line(
        (
            (f"{entry['number']:>4}  ", "faint"),
            (f"{clock}  ", "faint"),
            (f"{mode:<10}", "good"),
            (safe_text(", ".join(entry["modules"])) + "  ", "title"),
            (safe_text(state), "muted" if entry["undoable"] else "faint"),
        )
    )
