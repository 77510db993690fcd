"""A session that answers with what a real process once said (`record.py`)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from modtui.agent.errors import FileChanged, UnknownModule
from modtui.reach.errors import Cancelled
from tests.tui.record import FIXTURE, STARTED, plan_key

NOW = STARTED + 11_000  # what the clock says in these tests


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FIXTURE.read_text())
    return told


def told() -> dict[str, Any]:
    """The recording; a copy, so that nobody changes it for others."""
    return copy.deepcopy(_told())


class FakeCalls:
    """Answers by phase: calm, edited, reloaded, patched."""

    def __init__(self) -> None:
        self.told = told()
        self.phase = "calm"
        self.records: list[dict[str, Any]] = self.told["page"]["modules"]
        self.pending: dict[str, Any] = {"added": [], "removed": []}
        self.asked: list[tuple[str, Any]] = []
        self.error: Exception | None = None
        self.journal_entries: list[dict[str, Any]] = []
        self.generation = 1

    def _at(self, what: str, name: str) -> Any:
        if self.error:
            raise self.error
        self.asked.append((what, name))
        for phase in (self.phase, "calm"):
            if name in self.told[phase][what]:
                return copy.deepcopy(self.told[phase][what][name])
        raise UnknownModule(f"there is no module {name!r} in sys.modules")

    def hello(self) -> Any:
        return self.told["hello"]

    def list_modules(self, offset: int = 0, limit: int = 0) -> Any:
        if self.error:
            raise self.error
        verdicts = self.told[self.phase]["freshness"]
        for record in self.records:
            record["freshness"] = verdicts.get(record["name"], record["freshness"])
        end = offset + limit if limit else len(self.records)
        page = self.records[offset:end]
        return {
            "generation": self.generation,
            "total": len(self.records),
            "modules": copy.deepcopy(page),
            "next": end if end < len(self.records) else None,
        }

    def changes(self, generation: int) -> Any:
        if self.error:
            raise self.error
        pending, self.pending = self.pending, {"added": [], "removed": []}
        return {"generation": generation, **pending}

    def freshness(self, names: list[str] | None = None) -> Any:
        if self.error:
            raise self.error
        verdicts = self.told[self.phase]["freshness"]
        return {name: verdicts[name] for name in names or verdicts if name in verdicts}

    def show(self, name: str) -> Any:
        return self._at("show", name)

    def source(self, name: str) -> Any:
        return self._at("source", name)

    def baseline(self, name: str) -> Any:
        return self._at("baseline", name)

    def remember(self, texts: Any) -> int:
        return 0

    def plan(self, names: list[str], patch: bool = False, dependents: bool = False) -> Any:
        if len(names) == 1:
            return self._at("plans", plan_key(names, patch, dependents))
        plans = [self.plan([name], patch, dependents) for name in names]
        levels = ["none", "note", "caution", "danger"]
        return {
            **plans[0],
            "steps": [step for plan in plans for step in plan["steps"]],
            "refused": [refusal for plan in plans for refusal in plan["refused"]],
            "level": max((plan["level"] for plan in plans), key=levels.index),
        }

    def journal(self) -> Any:
        if self.error:
            raise self.error
        return list(self.journal_entries)


class FakeSession:
    """One connection to the recorded process."""

    way = "run"
    host_pid = 48213
    root = ""
    alive = True

    def __init__(self) -> None:
        self.calls = FakeCalls()
        self.target = self.calls.told["target"]
        self.reloads: list[dict[str, Any]] = []
        self.answer: str | Exception | None = None  # what the next reload does instead
        self.closed = False
        self.busy = False  # whether its main thread does not come
        self.only_looks = False

    def edit(self) -> None:
        """As if the recorded edit were saved now."""
        self.calls.phase = "edited"

    def reload(self, names: list[str], **options: Any) -> Any:
        self.reloads.append({"names": names, **options})
        while self.busy:
            if options["cancel"].wait(0.01):
                raise Cancelled("cancelled while the main thread was waited for")
        answer, self.answer = self.answer, None
        if isinstance(answer, Exception):
            if isinstance(answer, FileChanged):
                self.edit()
            raise answer
        if answer is None:
            answer = "patch" if options.get("patch") else "reload"
            self.calls.phase = "patched" if options.get("patch") else "reloaded"
            self.calls.journal_entries = self.calls.told[self.calls.phase]["journal"]
        return copy.deepcopy(self.calls.told[answer])

    def only_look(self) -> None:
        self.only_looks = True

    def undo(self, **options: Any) -> Any:
        self.calls.phase = "edited"
        self.calls.journal_entries = []
        return self.calls.told["undo"]

    def detach(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


class FakeMachine:
    """Processes: the recorded one, and others that cannot be reached, as `reach` words it."""

    def __init__(self, session: FakeSession | None = None) -> None:
        self.session = session or FakeSession()
        self.attached: list[int] = []
        real = told()["processes"][0]
        real["argv"] = tuple(real["argv"])
        self.list: list[Any] = [
            SimpleNamespace(**real),
            SimpleNamespace(
                **{
                    **real,
                    "pid": 812,
                    "uid": 107,
                    "user": "www",
                    "argv": ("/usr/bin/python3", "/usr/bin/gunicorn", "site:app"),
                    "way": None,
                    "reason": "it belongs to another user (www)",
                    "remedy": "sudo modtui attach 812",
                }
            ),
            SimpleNamespace(
                **{**real, "pid": 50001, "argv": ("python", "-m", "http.server"), "way": "ptrace"}
            ),
        ]

    def processes(self) -> Sequence[Any]:
        return self.list

    def connect(self, pid: int, attempt: Any) -> Any:
        self.attached.append(pid)
        return self.session


Connect = Callable[[], FakeSession]
