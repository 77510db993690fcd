"""The verbs: each takes parsed arguments, prints, and returns an exit code."""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from modtui import opening, printing
from modtui.agent.errors import LooksOnly, Refused, UnknownModule
from modtui.exits import ExitCode
from modtui.reach.errors import NobodyListens
from modtui.source.safe import safe_text
from modtui.tui.telling import plan as plan_telling
from modtui.tui.telling import report as report_telling
from modtui.tui.words import count

if TYPE_CHECKING:
    from modtui.agent.shapes import Freshness, Record
    from modtui.reach.session import Session
    from modtui.source.changes import Change
    from modtui.source.store import Store
    from modtui.tui.prose import Document

SCHEMA = 1
MAY_COMPARE = 500  # modules whose code is compared unasked; --prove compares all
BATCH = 20


# What every verb does: connect, print text or JSON.


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps({"schema": SCHEMA, **document}))


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(safe_text(line))


def _print_document(document: Document, to: Any) -> None:
    """One of the app's documents, as wide as the terminal."""
    width = shutil.get_terminal_size((100, 24)).columns
    colour = to.isatty() and "NO_COLOR" not in os.environ
    for line in printing.document_lines(document, width, colour):
        print(line, file=to)


def _store() -> Store:
    from modtui.source.store import Store

    return Store()


def _look(session: Session, store: Store) -> list[Record]:
    """The whole census, judged with what earlier sessions kept; keeps what is proved fresh now.

    A command has no time to keep all texts: those of the project are what gets edited.
    """
    from modtui.source.store import keep

    store.restore(session.calls)
    records = session.calls.list_modules()["modules"]
    _settle(session, records)
    try:
        keep(session.calls, [r for r in records if r["place"] == "project"], store)
    except OSError as refused:
        opening.narrate(f"the texts as loaded could not be kept: {refused}")
    return records


def _settle(session: Session, records: list[Record]) -> None:
    """Compare the code of the project's modules that cheap evidence could not prove."""
    unsettled = {
        record["name"]: record
        for record in records
        if record["place"] == "project"
        and record["freshness"]["verdict"] in ("unknown", "fresh")
        and record["freshness"]["proof"] != "proved"
    }
    for start in range(0, min(len(unsettled), MAY_COMPARE), BATCH):
        names = list(unsettled)[start : start + BATCH]
        for name, freshness in session.calls.freshness(names).items():
            unsettled[name]["freshness"] = freshness


def _follow(session: Session, modules: Iterable[str]) -> None:
    """Note what was changed by us, or the next command would judge by the text of before."""
    try:
        _store().follow(session.calls, modules)
    except OSError as refused:
        opening.narrate(f"the texts as loaded could not be kept: {refused}")


def _require(name: str, records: Iterable[Record]) -> Record:
    """The record of a module the user named. Raises UnknownModule with what they may have meant."""
    known = {record["name"]: record for record in records}
    if name in known:
        return known[name]
    from rapidfuzz import process

    close = [match for match, _, _ in process.extract(name, list(known), limit=3, score_cutoff=70)]
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    raise UnknownModule(f"{name!r} is not in sys.modules of the target{meant}")


# Looking.


def ps(options: argparse.Namespace) -> int:
    from modtui.reach.processes import processes

    found = processes()
    if options.json:
        _print_json({"processes": [process._asdict() for process in found]})
    elif found:
        _print_lines(printing.process_lines(found))
    else:
        print("No Python process of another kind is running on this machine.", file=sys.stderr)
    return ExitCode.DONE


def list_(options: argparse.Namespace) -> int:
    with opening.connect(options) as session:
        records = [
            record
            for record in _look(session, _store())
            if (not options.status or record["status"] in options.status)
            and (not options.stale or _is_stale(record["freshness"]))
            and (not options.match or fnmatch.fnmatchcase(record["name"], options.match))
        ]
        if options.json:
            _print_json({"target": session.target, "modules": records})
        else:
            _print_lines(printing.record_lines(records))
    return ExitCode.DONE


def _verdicts(
    session: Session, records: list[Record], names: list[str], prove: bool
) -> dict[str, Freshness]:
    if names:
        records = [_require(name, records) for name in names]
    verdicts = {record["name"]: record["freshness"] for record in records}
    if prove:
        from modtui.source.prove import prove as prove_them

        comparable = [name for name, f in verdicts.items() if f["verdict"] != "n/a"]
        verdicts.update(
            prove_them(session.calls, comparable, session.target, session.root, opening.narrate)
        )
    return verdicts


def check(options: argparse.Namespace) -> int:
    with opening.connect(options) as session:
        records = _look(session, _store())
        verdicts = _verdicts(session, records, options.modules, options.prove)
        target = session.target
    stale = [name for name, freshness in verdicts.items() if _is_stale(freshness)]
    if options.json:
        files = {record["name"]: record["file"] for record in records}
        modules = [
            {"name": name, "file": files[name], "freshness": freshness}
            for name, freshness in verdicts.items()
        ]
        _print_json({"target": target, "stale": stale, "modules": modules})
    else:
        _print_lines(printing.check_lines(verdicts))
    return ExitCode.DIFFERENT if stale else ExitCode.DONE


def show(options: argparse.Namespace) -> int:
    if not options.agent and options.module is None:
        print("modtui show: name a MODULE, or ask for --agent", file=sys.stderr)
        return ExitCode.USAGE
    with opening.connect(options) as session:
        if options.agent:
            hello = session.calls.hello()
            if options.json:
                _print_json({"agent": hello})
            else:
                _print_lines(printing.agent_lines(hello))
            return ExitCode.DONE
        _require(options.module, _look(session, _store()))
        detail = session.calls.show(options.module)
        if options.json:
            _print_json({"target": session.target, "module": detail})
        else:
            _print_lines(printing.detail_lines(detail))
    return ExitCode.DONE


def _changes(session: Session, names: list[str]) -> list[tuple[Record, Change]]:
    from modtui.source.changes import change

    store = _store()
    records = _look(session, store)
    if names:
        wanted = [_require(name, records) for name in names]
    else:
        wanted = [record for record in records if _is_stale(record["freshness"])]

    def compared(name: str) -> Change:
        def tell(step: str) -> None:
            opening.narrate(f"{name}: {step}")

        return change(session.calls, name, root=session.root, store=store, tell=tell)

    return [(record, compared(record["name"])) for record in wanted]


def _is_stale(freshness: Freshness) -> bool:
    return freshness["verdict"] in ("stale", "missing")


def _painted(unified: str) -> Iterator[str]:
    """Unified diff lines, coloured as git does, safe for a terminal."""
    paint = {"+": "32", "-": "31", "@": "36"} if "NO_COLOR" not in os.environ else {}
    for line in unified.rstrip("\n").split("\n"):
        code = "1" if line.startswith(("+++ ", "--- ")) and paint else paint.get(line[:1])
        text = safe_text(line)
        yield f"\x1b[{code}m{text}\x1b[m" if code else text


def _comment(name: str, text: str) -> None:
    print(safe_text(f"modtui: {name}: {text}"), file=sys.stderr)


def _print_change(record: Record, change: Change) -> None:
    baseline = change.baseline
    known = f"{baseline.detail} ({baseline.proof})" if baseline.proof != "none" else baseline.detail
    _comment(change.name, change.error or known)
    unified = change.unified()
    if not unified:
        if record["freshness"]["verdict"] == "stale":
            _comment(change.name, f"stale all the same: {record['freshness']['reason']}")
        return
    if change.guesses:
        lines = printing.ranges([index + 1 for index in change.guesses])
        _comment(change.name, f"guessed, not proved, of the text as loaded: line {lines}")
    if sys.stdout.isatty():
        for line in _painted(unified):
            print(line)
    else:
        # What is not for eyes is for `patch`: exactly the text.
        sys.stdout.buffer.write(unified.encode("utf-8", "surrogateescape"))


def diff(options: argparse.Namespace) -> int:
    with opening.connect(options) as session:
        changes = _changes(session, options.modules)
        if options.json:
            _print_json({"diffs": [change.as_json() for _, change in changes]})
        else:
            for record, change in changes:
                _print_change(record, change)
            if not changes:
                print("modtui: nothing is stale", file=sys.stderr)
    differ = any(_is_stale(record["freshness"]) or change.unified() for record, change in changes)
    return ExitCode.DIFFERENT if differ else ExitCode.DONE


# Changing.


def _may_change(options: argparse.Namespace) -> None:
    if options.look_only:
        raise LooksOnly("changing anything was made impossible")


def reload(options: argparse.Namespace) -> int:
    if not options.dry_run:
        _may_change(options)
    with opening.connect(options) as session:
        records = _look(session, _store())
        for name in options.modules:
            _require(name, records)
        plan = session.calls.plan(
            options.modules, patch=options.patch, dependents=options.dependents
        )
        if options.dry_run and options.json:
            _print_json({"plan": plan})
        else:
            _print_document(
                plan_telling.document(plan), sys.stdout if options.dry_run else sys.stderr
            )
        if options.dry_run:
            return ExitCode.DONE
        if plan["level"] == "danger" and not options.yes:
            raise Refused("the plan holds a danger (see above)")
        report = session.reload(
            options.modules,
            patch=options.patch,
            dependents=options.dependents,
            yes=options.yes,
            expect={step["name"]: step["digest"] for step in plan["steps"] if step["digest"]},
            thread=options.thread,
            progress=opening.narrate,
        )
        if report["ok"]:
            _follow(session, [module["name"] for module in report["modules"]])
    if options.json:
        _print_json(dict(report))
    else:
        _print_document(report_telling.document(report), sys.stdout)
        if report["ok"] and report["modules"]:
            opening.narrate(f"`modtui undo {options.target}` takes this back")
    if not report["ok"]:
        return ExitCode.FAILED
    return ExitCode.DONE if report["modules"] else ExitCode.REFUSED


def undo(options: argparse.Namespace) -> int:
    _may_change(options)
    with opening.connect(options) as session:
        report = session.undo()
        _follow(session, report["modules"])
    if options.json:
        _print_json(dict(report))
    else:
        _print_lines(printing.undo_lines(report))
    return ExitCode.DONE


def detach(options: argparse.Namespace) -> int:
    options.via = "listening"  # an agent that is not there need not be brought first
    try:
        with opening.connect(options, any_version=True) as session:
            journal = session.calls.hello()["journal"]
            session.detach()
    except NobodyListens:
        if not isinstance(options.target, int):
            raise
        if options.json:
            _print_json({"detached": False, "forgotten": 0})
        else:
            print(f"No agent is in process {options.target}.")
        return ExitCode.DONE
    if options.json:
        _print_json({"detached": True, "forgotten": journal})
    else:
        forgotten = f"; {count(journal, 'reload')} can no longer be undone"
        print(f"The agent has left{forgotten if journal else ''}.")
    return ExitCode.DONE


def print_completion(parser: argparse.ArgumentParser, shell: str) -> int:
    """Print a completion script; needs shtab."""
    try:
        import shtab
    except ImportError:
        print(
            "modtui: completions need shtab: pip install 'modtui[completion]'",
            file=sys.stderr,
        )
        return ExitCode.USAGE
    print(shtab.complete(parser, shell))
    return ExitCode.DONE


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "ps": ps,
    "list": list_,
    "check": check,
    "show": show,
    "diff": diff,
    "reload": reload,
    "undo": undo,
    "detach": detach,
}
