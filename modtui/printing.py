"""What the commands print: tables of records, and the app's documents as lines of text."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from modtui.tui.telling.left_behind import some
from modtui.tui.words import LEVELS, VERDICTS, count

if TYPE_CHECKING:
    from modtui.agent.shapes import (
        Detail,
        Freshness,
        Hello,
        Record,
        UndoReport,
    )
    from modtui.reach.process import Process
    from modtui.tui.prose import Document

# SGR codes of the app's inks; what has none is printed plainly.
INKS = {
    "title": "1",
    "muted": "2",
    "faint": "2",
    "good": "32",
    "added": "32",
    "stale": "33",
    "bad": "31",
    "removed": "31",
    "note": "35",
    "key": "1",
}


def document_lines(document: Document, width: int, colour: bool = False) -> Iterator[str]:
    """One of the app's documents (a plan, a report) for a terminal; already safe."""
    for line in document(width):
        if not colour:
            yield line.text
            continue
        painted = (
            f"\x1b[{INKS[ink]}m{text}\x1b[m" if ink in INKS else text for text, ink in line.spans
        )
        yield "".join(painted).rstrip()


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as aligned lines; the last column is never padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def duration(seconds: float) -> str:
    """12 s, 3 min, 5 h 20 min, 4 d."""
    minutes, _ = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def freshness_text(freshness: Freshness) -> str:
    """A verdict in a cell: '✓ fresh', '~ stale (likely)'."""
    likely = " (likely)" if freshness["proof"] == "likely" else ""
    return f"{VERDICTS[freshness['verdict']].glyph} {freshness['verdict']}{likely}"


def record_lines(records: Sequence[Record]) -> Iterator[str]:
    """The table of `modtui list`, and a line of counts."""
    rows = [("MODULE", "STATUS", "FRESHNESS", "FILE")]
    rows += [
        (r["name"], r["status"], freshness_text(r["freshness"]), r["file"] or "") for r in records
    ]
    yield from columns(rows)
    verdicts: Counter[str] = Counter(r["freshness"]["verdict"] for r in records)
    counts = [f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS if verdicts[verdict]]
    yield " · ".join([count(len(records), "module"), *counts])


def process_lines(processes: Sequence[Process]) -> Iterator[str]:
    """The table of `modtui ps`."""
    rows = [("PID", "PYTHON", "USER", "UP", "WAY", "COMMAND")]
    now = time.time()
    for process in processes:
        way = process.way or "✗"
        command = " ".join(process.argv) or process.executable or ""
        up = duration(now - process.started) if process.started else ""
        rows.append((str(process.pid), process.python or "?", process.user, up, way, command))
    yield from columns(rows)
    for process in processes:
        if process.reason:
            yield f"✗ {process.pid}: {process.reason}"
            if process.remedy:
                yield f"    {process.remedy}"


def check_lines(verdicts: dict[str, Freshness]) -> Iterator[str]:
    """What `modtui check` says: every module that is not fresh and why, then the counts."""
    for name, freshness in verdicts.items():
        if freshness["verdict"] in ("stale", "missing"):
            yield f"{freshness_text(freshness)}  {name}: {freshness['reason']}"
    kinds = Counter(
        f"{f['verdict']} ({f['proof']})" if f["proof"] != "none" else f["verdict"]
        for f in verdicts.values()
    )
    yield " · ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    unknown = [name for name, f in verdicts.items() if f["verdict"] == "unknown"]
    if unknown:
        yield f"unknown: {some(unknown)}; e.g. {unknown[0]}: {verdicts[unknown[0]]['reason']}"


def detail_lines(detail: Detail) -> Iterator[str]:
    """All about one module."""
    record = detail["record"]
    yield f"{record['name']}  {record['status']}  {freshness_text(record['freshness'])}"
    yield f"  {record['freshness']['reason']}"
    for hazard in record["hazards"]:
        yield f"  {LEVELS[hazard['level']].glyph} {hazard['level']}: {hazard['text']}"
    fields = [(key, record[key]) for key in ("file", "origin", "loader", "package", "cached")]
    fields += [("parent", detail["parent"])]
    fields += [("also known as", ", ".join(detail["aliases"]) or None)]
    fields += [(f"spec.{key}", value) for key, value in (detail["spec"] or {}).items()]
    yield from columns([(f"  {key}", value) for key, value in fields if value is not None])
    yield from _section("evidence", detail["evidence"])
    yield from _section("submodules", detail["submodules"])
    yield from _section("imports", detail["imports"])
    importers = [
        f"{i['module']}: {', '.join([*(f'{w} (the module)' for w in i['whole']), *i['names']])}"
        for i in detail["importers"]
    ]
    yield from _section("imported by", importers)
    names = [
        (f"  {n['name']}", n["type"], n["summary"] or (f"line {n['line']}" if n["line"] else ""))
        for n in detail["names"]
    ]
    if names:
        yield f"names ({len(names)}):"
        yield from columns(names)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title} ({len(lines)}):"
        yield from (f"  {line}" for line in lines)


def agent_lines(hello: Hello) -> Iterator[str]:
    """What the agent adds to the target, all of it."""
    yield f"agent of modtui {hello['version']}, {hello['arrival']}"
    yield f"  threads: {hello['threads']}"
    yield from (f"  socket: {path}" for path in hello["sockets"])
    yield f"  sys.modules entries: {', '.join(hello['added']) or 'none'}"
    libraries = ", ".join(hello["libraries"]) or "none"
    yield f"  libraries that stay mapped until the process ends: {libraries}"
    yield f"  import capture: {'on' if hello['capturing'] else 'off'}"
    yield f"  reloads that can be undone: {hello['journal']}"


def undo_lines(report: UndoReport) -> Iterator[str]:
    """What an undo did."""
    yield f"✓ took back reload {report['undone']}: {', '.join(report['modules'])}"
    yield from (f"  {note}" for note in report["notes"])


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in few words: `3, 7-9`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)
