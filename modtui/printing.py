"""What the commands print: records, plans and reports as lines of text."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modtui.agent.shapes import (
        Detail,
        Freshness,
        Hello,
        LeftBehind,
        ModuleReport,
        Plan,
        Record,
        Report,
        UndoReport,
    )
    from modtui.reach.processes import Process

# A glyph beside the word, as in the app: state is never told by colour alone.
GLYPHS = {"fresh": "✓", "stale": "~", "unknown": "?", "missing": "!", "n/a": "·"}
LEVELS = {"note": "·", "caution": "!", "danger": "!!"}
MAY_LIST = 6


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as aligned lines; the last column is never padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def some(items: Iterable[str], most: int = MAY_LIST) -> str:
    """The first few, and how many more there are."""
    listed = list(items)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def count(number: int, noun: str) -> str:
    """1 module, 2 modules, 2 classes, 2 entries."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith(("s", "x", "ch")):
        return f"{number} {noun}es"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


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
    return f"{GLYPHS[freshness['verdict']]} {freshness['verdict']}{likely}"


def record_lines(records: Sequence[Record]) -> Iterator[str]:
    """The table of `modtui list`, and a line of counts."""
    rows = [("MODULE", "STATUS", "FRESHNESS", "FILE")]
    rows += [
        (r["name"], r["status"], freshness_text(r["freshness"]), r["file"] or "") for r in records
    ]
    yield from columns(rows)
    verdicts: Counter[str] = Counter(r["freshness"]["verdict"] for r in records)
    counts = [f"{verdicts[verdict]} {verdict}" for verdict in GLYPHS if verdicts[verdict]]
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
        yield f"  {LEVELS[hazard['level']]} {hazard['level']}: {hazard['text']}"
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
    yield f"  import capture: {'on' if hello['capturing'] else 'off'}"
    yield f"  reloads that can be undone: {hello['journal']}"


def left_behind_lines(left: LeftBehind) -> Iterator[str]:
    """What keeps the old objects."""
    by_object: dict[str, list[str]] = {}
    for held in left["from_imports"]:
        by_object.setdefault(held["of"], []).append(held["module"])
    for of, modules in by_object.items():
        yield f"{of} is held by {count(len(modules), 'module')}: {some(modules)}"
    for instances in left["instances"]:
        yield f"{count(instances['count'], 'instance')} of {instances['class']}"
    for subclass in left["subclasses"]:
        yield f"{subclass['class']} derives from {subclass['of']}"
    for function in left["functions"]:
        yield f"{function['function']} is held by {some(function['held_by'])}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """What a reload would do, in its order."""
    mode = "patch" if plan["patch"] else "reload"
    for number, step in enumerate(plan["steps"], 1):
        yield f"{number}. {mode} {step['name']}  ({step['why']})"
        for hazard in step["hazards"]:
            yield f"   {LEVELS[hazard['level']]} {hazard['level']}: {hazard['text']}"
        for rerun in step["reruns"]:
            yield f"   runs again: line {rerun['line']}: {rerun['text']}  ({rerun['effect']})"
        if step["names_removed"]:
            stays = "would be removed" if plan["patch"] else "stay, though no longer in the source"
            yield f"   {some(step['names_removed'])}: {stays}"
        if step["names_kept"]:
            yield f"   {some(step['names_kept'])}: state that the source itself keeps"
        for line in left_behind_lines(step["would_leave"]):
            yield f"   {'to patch' if plan['patch'] else 'would keep the old'}: {line}"
    for refusal in plan["refused"]:
        yield f"✗ {refusal['name']}: {refusal['text']}"


def report_lines(report: Report) -> Iterator[str]:
    """What a reload did."""
    for module in report["modules"]:
        yield from _module_report_lines(module, report)
    for refusal in report["refused"]:
        yield f"✗ {refusal['name']} was not reloaded: {refusal['text']}"
    for effect in report["side_effects"]:
        yield f"! cannot be taken back: {effect}"
    if report["rolled_back"]:
        yield "Everything was rolled back: each module is as it was before."


def _module_report_lines(module: ModuleReport, report: Report) -> Iterator[str]:
    if module["error"]:
        yield f"✗ {module['name']} raised {module['error']['type']}: {module['error']['message']}"
        yield from (f"  {line}" for line in module["error"]["traceback"].rstrip().split("\n"))
        return
    verb = "patched" if report["mode"] == "patch" else "reloaded"
    if not module["ok"]:
        yield f"· {module['name']} was not reloaded"
        return
    milliseconds = module["seconds"] * 1000
    yield f"✓ {verb} {module['name']} in {milliseconds:.1f} ms on the {report['thread']} thread"
    for label, names in (
        ("changed", module["names"]["changed"]),
        ("added", module["names"]["added"]),
        ("kept from before", module["names"]["kept_from_before"]),
    ):
        if names:
            yield f"  {label}: {some(names, 12)}"
    if module["replaced"]:
        yield "  the module put another object into sys.modules"
    yield from (f"  left behind: {line}" for line in left_behind_lines(module["left_behind"]))
    patched = [count(number, what) for what, number in module["patched"].items() if number]
    if patched:
        yield f"  brought up to date: {', '.join(patched)}"
    for item in module["could_not_patch"]:
        yield f"  ! could not patch {item['what']}: {item['why']}"
    yield from (f"  ! warning: {warning}" for warning in module["warnings"])
    if module["output"]:
        yield from (f"  | {line}" for line in module["output"].rstrip("\n").split("\n"))


def undo_lines(report: UndoReport) -> Iterator[str]:
    """What an undo did."""
    yield f"✓ took back reload {report['undone']}: {', '.join(report['modules'])}"
    yield from (f"  {note}" for note in report["notes"])
