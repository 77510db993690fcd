"""The agent's calls as methods of a proxy, whose answers are checked.

What answers may not be an agent, and the target can have it say anything.
"""

from __future__ import annotations

import re
from typing import Any, Protocol, TypedDict, cast

from modtui import __version__
from modtui.agent import shapes
from modtui.reach.checking import check_of
from modtui.reach.errors import ConnectionLost
from modtui.reach.wire import Wire


class CallsLike(Protocol):
    """What `modtui.agent.calls.Calls` offers, in process or through a socket."""

    def hello(self) -> shapes.Hello: ...
    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page: ...
    def changes(self, generation: int) -> shapes.Changes: ...
    def freshness(self, names: list[str] | None = None) -> dict[str, shapes.Freshness]: ...
    def show(self, name: str) -> shapes.Detail: ...
    def source(self, name: str) -> shapes.Text: ...
    def baseline(self, name: str) -> shapes.BaselineText: ...
    def remember(self, texts: list[shapes.Remembered]) -> int: ...
    def told_start(self, seconds: float) -> None: ...
    def live_code(self, name: str) -> shapes.LiveCode: ...
    def plan(
        self, names: list[str], patch: bool = False, dependents: bool = False
    ) -> shapes.Plan: ...
    def journal(self) -> list[shapes.JournalEntry]: ...
    def reload(
        self,
        names: list[str],
        patch: bool = False,
        dependents: bool = False,
        yes: bool = False,
        expect: dict[str, str] | None = None,
    ) -> shapes.Report: ...
    def undo(self) -> shapes.UndoReport: ...
    def submit(self, call: str, arguments: dict[str, Any]) -> str: ...
    def wait(self, token: str, seconds: float) -> shapes.JobState: ...
    def withdraw(self, token: str) -> bool: ...
    def run_here(self, token: str) -> shapes.JobState: ...


_BYTES = ("data", "code", "running", "values", "pyc")  # that travel as latin-1
_DIGEST, _NO_DIGEST = re.compile(r"[0-9a-f]{32}"), "0" * 32


def _is_bytes(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


class _GreetingTarget(TypedDict):
    pid: int
    python: str
    executable: str
    argv: list[str]
    cwd: str
    started: float


class Greeting(TypedDict):
    """What an agent of any version says of itself."""

    version: str
    arrival: str
    sockets: list[str]
    threads: int
    journal: int
    target: _GreetingTarget


class RemoteCalls:
    """The agent's calls through a wire; each is described in `modtui.agent.calls`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def ask(self, shape: Any, call: str, /, **arguments: Any) -> Any:
        """Make a call whose answer must be of that shape. Raises ConnectionLost if it is not."""
        answer = self._wire.request(call, arguments)
        if not check_of(shape)(answer):
            raise self._nonsense(call)
        return answer

    def _nonsense(self, call: str) -> ConnectionLost:
        reason = f"what answered to {call!r} is not an agent"
        self._wire.close(reason)
        return ConnectionLost(reason)

    def hello(self) -> shapes.Hello:
        answer = self.ask(Greeting, "hello")
        if answer["version"] == __version__ and not check_of(shapes.Hello)(answer):
            raise self._nonsense("hello")
        return cast(shapes.Hello, self._as_the_kernel_says(answer))

    def _as_the_kernel_says(self, answer: Any) -> Any:
        """What is kept is kept by pid and start: nobody may pass for another process there."""
        process = self._wire.process
        if process is None or process.ended():
            return answer
        if answer["target"]["pid"] != process.inner_pid:
            raise self._nonsense("hello")
        if answer["target"]["started"]:  # 0 if it sees no /proc: then it has to be told
            answer["target"]["started"] = process.started()
        return answer

    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page:
        page: shapes.Page = self.ask(shapes.Page, "list_modules", offset=offset, limit=limit)
        following = page["next"]
        if following is not None and following <= offset:
            raise self._nonsense("list_modules")  # whoever goes on would never come to an end
        return page

    def changes(self, generation: int) -> shapes.Changes:
        return cast(shapes.Changes, self.ask(shapes.Changes, "changes", generation=generation))

    def freshness(self, names: list[str] | None = None) -> dict[str, shapes.Freshness]:
        found = self.ask(dict[str, shapes.Freshness], "freshness", names=names)
        if names is not None and not found.keys() <= set(names):
            raise self._nonsense("freshness")
        return cast("dict[str, shapes.Freshness]", found)

    def show(self, name: str) -> shapes.Detail:
        return cast(shapes.Detail, self._about(shapes.Detail, "show", name))

    def source(self, name: str) -> shapes.Text:
        return cast(shapes.Text, self._about(shapes.Text, "source", name))

    def baseline(self, name: str) -> shapes.BaselineText:
        return cast(shapes.BaselineText, self._about(shapes.BaselineText, "baseline", name))

    def live_code(self, name: str) -> shapes.LiveCode:
        return cast(shapes.LiveCode, self._about(shapes.LiveCode, "live_code", name))

    def _about(self, shape: Any, call: str, name: str) -> Any:
        answer = self.ask(shape, call, name=name)
        texts = [answer.get(key) for key in _BYTES]
        if any(text is not None and not _is_bytes(text) for text in texts):
            raise self._nonsense(call)
        if not _DIGEST.fullmatch(answer.get("digest") or _NO_DIGEST):
            raise self._nonsense(call)
        return answer

    def told_start(self, seconds: float) -> None:
        self._wire.request("told_start", {"seconds": seconds})

    def remember(self, texts: list[shapes.Remembered]) -> int:
        return cast(int, self.ask(int, "remember", texts=texts))

    def plan(self, names: list[str], patch: bool = False, dependents: bool = False) -> shapes.Plan:
        answer = self.ask(shapes.Plan, "plan", names=names, patch=patch, dependents=dependents)
        return cast(shapes.Plan, answer)

    def journal(self) -> list[shapes.JournalEntry]:
        return cast("list[shapes.JournalEntry]", self.ask(list[shapes.JournalEntry], "journal"))

    def reload(
        self,
        names: list[str],
        patch: bool = False,
        dependents: bool = False,
        yes: bool = False,
        expect: dict[str, str] | None = None,
    ) -> shapes.Report:
        arguments = {
            "names": names,
            "patch": patch,
            "dependents": dependents,
            "yes": yes,
            "expect": expect or {},
        }
        return cast(shapes.Report, self.ask(shapes.Report, "reload", **arguments))

    def undo(self) -> shapes.UndoReport:
        return cast(shapes.UndoReport, self.ask(shapes.UndoReport, "undo"))

    def submit(self, call: str, arguments: dict[str, Any]) -> str:
        return cast(str, self.ask(str, "submit", call=call, arguments=arguments))

    def wait(self, token: str, seconds: float) -> shapes.JobState:
        return cast(
            shapes.JobState, self.ask(shapes.JobState, "wait", token=token, seconds=seconds)
        )

    def withdraw(self, token: str) -> bool:
        return cast(bool, self.ask(bool, "withdraw", token=token))

    def run_here(self, token: str) -> shapes.JobState:
        return cast(shapes.JobState, self.ask(shapes.JobState, "run_here", token=token))
