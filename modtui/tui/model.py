"""What the app knows of the target, on the app's own thread: no widget, no call, no waiting."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from modtui.source.safe import safe_text
from modtui.tui import filtering
from modtui.tui.filtering import Order, Row

if TYPE_CHECKING:
    from modtui.agent import shapes

ONE_SAVE = 2.0  # seconds
ONE_SAVE_EVENTS = 8

NOBODY: shapes.Target = {
    "pid": 0,
    "python": "",
    "implementation": "",
    "executable": "",
    "argv": [],
    "cwd": "",
    "started": 0.0,
}


class Event(NamedTuple):
    """Something that happened in this session, for the log lines and the history."""

    at: float
    kind: str  # "saved", "stale", "fresh", "imported", "removed", "reloaded", "failed", ...
    name: str | None
    text: str


@dataclass
class Model:
    """The records and rows by module name, the events, and cached orders of the rows."""

    target: shapes.Target = field(default_factory=lambda: NOBODY)
    records: dict[str, shapes.Record] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    fold: frozenset[str] = frozenset()  # packages that are folded away with the libraries
    generation: int = -1
    complete: bool = False  # all pages of the first census have come
    events: list[Event] = field(default_factory=list)
    journal: list[shapes.JournalEntry] = field(default_factory=list)
    changed_at: dict[str, float] = field(default_factory=dict)
    _next: int = 0
    _arranged: dict[Order, list[Row]] = field(default_factory=dict)
    _counts: dict[str, int] | None = None
    _editable: int | None = None

    def start(self, target: shapes.Target) -> None:
        """Begin anew with a target; the events stay."""
        self.target = target
        self.records.clear()
        self.rows.clear()
        self.generation, self.complete, self._next = -1, False, 0
        self._touched()

    def _touched(self) -> None:
        self._arranged.clear()
        self._counts = self._editable = None

    def put(self, records: Iterable[shapes.Record]) -> None:
        """Add records, or replace those of the same name."""
        for record in records:
            name = record["name"]
            old = self.rows.get(name)
            index = old.nth if old else self._next
            self._next += old is None
            self.records[name] = record
            self.rows[name] = filtering.row(record, self.target["cwd"], index, self.fold)
        self._touched()

    def drop(self, names: Iterable[str]) -> None:
        """Forget entries that are no longer in sys.modules."""
        for name in names:
            self.records.pop(name, None)
            self.rows.pop(name, None)
        self._touched()

    def judge(self, verdicts: Mapping[str, shapes.Freshness]) -> list[str]:
        """Take new verdicts; returns the names whose verdict is another one now."""
        turned = []
        for name, verdict in verdicts.items():
            record, row = self.records.get(name), self.rows.get(name)
            if record is None or row is None or record["freshness"] == verdict:
                continue
            if verdict["verdict"] != row.verdict:
                turned.append(name)
            record["freshness"] = verdict
            self.rows[name] = row._replace(
                verdict=verdict["verdict"],
                proof=verdict["proof"],
                reason=safe_text(verdict["reason"]),
            )
            self._touched()
        return turned

    def arranged(self, order: Order) -> list[Row]:
        """All rows in that order, kept until the rows change."""
        found = self._arranged.get(order)
        if found is None:
            found = self._arranged[order] = filtering.arrange(self.rows.values(), order)
        return found

    def counts(self) -> dict[str, int]:
        """How many modules each toggle of the legend holds."""
        if self._counts is None:
            self._counts = filtering.counts(self.rows.values())
        return self._counts

    def log(self, kind: str, name: str | None, text: str, at: float | None = None) -> Event:
        """Remember an event."""
        event = Event(time.time() if at is None else at, kind, name, safe_text(text))
        self.events.append(event)
        return event

    def just_said(self, name: str, text: str) -> bool:
        """Whether that is in the log already: an editor's save may be several writes."""
        since = time.time() - ONE_SAVE
        latest = self.events[-ONE_SAVE_EVENTS:]
        return any((one.name, one.text) == (name, text) and one.at >= since for one in latest)

    def files(self) -> dict[str, tuple[str, ...]]:
        """Which modules were loaded from which file."""
        found: dict[str, list[str]] = {}
        for row in self.rows.values():
            if row.path and row.verdict != "n/a":
                found.setdefault(row.path, []).append(row.name)
        return {path: tuple(names) for path, names in found.items()}

    @property
    def editable(self) -> int:
        """How many modules have a file to be compared with."""
        if self._editable is None:
            self._editable = sum(row.verdict != "n/a" for row in self.rows.values())
        return self._editable
