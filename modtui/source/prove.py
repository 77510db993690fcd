"""Comparing the live code of many modules with their files, in a helper process.

The helper is the target's own interpreter, so that it compiles exactly as the target did; nothing
of the work holds the target's interpreter but reading the code out of it.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

from modtui.agent import shapes
from modtui.agent.errors import UnknownModule
from modtui.source import bounded, interpreters

HOUSE = Path(__file__).resolve().parents[2]
HELPER = Path(__file__).with_name("compare_helper.py")
# Beyond so many the target is asked for a cheap pass over everything instead of a deep one.
MANY = 20
FEW = 5  # modules that the target is asked to compare at a time
TELL_SECONDS = 0.5
PATIENCE = 30.0  # seconds for one module
IDLE = 10  # times as long as a comparison took nothing is done in the background


class NoHelper(Exception):
    """There is no interpreter here that compiles as the target's does; str() says why."""


class Calls(Protocol):
    """The calls of an agent that a proof needs."""

    def freshness(self, names: list[str] | None = None) -> dict[str, shapes.Freshness]: ...
    def live_code(self, name: str) -> shapes.LiveCode: ...
    def source(self, name: str) -> shapes.Text: ...


def prove(
    calls: Calls,
    names: Iterable[str],
    target: shapes.Target,
    root: str = "",
    progress: Callable[[str], None] | None = None,
    pause: float = 0.0,
) -> dict[str, shapes.Freshness]:
    """The verdict on each of these modules, from all evidence and a comparison of all code.

    `root` is where the target's paths can be opened ("" or "/proc/PID/root"); `progress` is told
    in words how far it is; `pause`, for a proof in the background, are the seconds that are slept
    between two at least: it takes less than a tenth of one core.
    Names that are not in sys.modules are left out. Where no interpreter compiles as the target's
    does, `progress` is told, and the agent compares what it can. Raises what the calls raise.
    """
    wanted = list(dict.fromkeys(names))
    known = calls.freshness(wanted if len(wanted) <= MANY else None)
    verdicts = {name: known[name] for name in wanted if name in known}
    tell = progress or (lambda words: None)
    told = time.monotonic()
    try:
        with Helper(target, root) as helper:
            for done, name in enumerate(list(verdicts)):
                if time.monotonic() > told + TELL_SECONDS:
                    told = time.monotonic()
                    tell(f"compared the code of {done} of {len(verdicts)} modules")
                began = time.monotonic()
                verdicts[name] = _prove_one(calls, name, verdicts[name], helper)
                if pause:
                    time.sleep(max(pause, (time.monotonic() - began) * IDLE))
    except NoHelper as error:
        tell(str(error))
    # The agent has the values that the module has bound, too, which say something.
    names = [name for name in verdicts if known[name]["verdict"] == "unknown"]
    _by_the_agent(calls, names, verdicts, tell, pause)
    return verdicts


def _by_the_agent(
    calls: Calls,
    names: list[str],
    verdicts: dict[str, shapes.Freshness],
    tell: Callable[[str], None],
    pause: float,
) -> None:
    """Ask the agent for what is open still, by name: it compares all where files are small."""
    names = [name for name in names if verdicts[name]["verdict"] == "unknown"]
    told = time.monotonic()
    for start in range(0, len(names), FEW):
        if time.monotonic() > told + TELL_SECONDS:
            told = time.monotonic()
            tell(f"the target compared the code of {start} of {len(names)} modules itself")
        began = time.monotonic()
        found = calls.freshness(names[start : start + FEW])
        verdicts.update({n: said for n, said in found.items() if said["verdict"] != "unknown"})
        if pause:
            time.sleep(max(pause, (time.monotonic() - began) * IDLE))


def _prove_one(
    calls: Calls, name: str, known: shapes.Freshness, helper: Helper
) -> shapes.Freshness:
    if known["verdict"] in ("n/a", "missing"):
        return known
    try:
        live, text = calls.live_code(name), calls.source(name)
    except UnknownModule:  # it has gone meanwhile
        return known
    if not live["plain"] or live["code"] is None or live["stamp"] is None or text["data"] is None:
        return known
    return merged(known, helper.compare(live, text["data"]))


def merged(known: shapes.Freshness, found: shapes.Freshness) -> shapes.Freshness:
    """One verdict of what the agent knows and what the comparison of the code found."""
    if known["verdict"] == "fresh" and known["proof"] == "proved" and found["verdict"] == "stale":
        # Edited with its time put back before it was loaded, replaced in memory by a debugger or
        # a patch, or compiled to a pyc by another release of this Python: nobody can tell.
        said = found["reason"].rpartition("; ")[2]
        reason = f"{known['reason']}, yet {said}: the code in memory is not of this text"
        return {"verdict": "unknown", "proof": "none", "reason": reason}
    if known["proof"] == "proved":
        return known
    if found["verdict"] == "unknown" and known["verdict"] != "unknown":
        return known
    return found


class Helper:
    """The helper process, as a context manager. Raises NoHelper when there can be none."""

    def __init__(self, target: shapes.Target, root: str = "") -> None:
        self._target = target
        self._root = root
        self._process: subprocess.Popen[str] | None = None
        self._optimize = 0

    def __enter__(self) -> Helper:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def compare(self, live: shapes.LiveCode, data: str) -> shapes.Freshness:
        """The verdict on one module; `data` is its file's bytes as latin-1."""
        process = self._process
        if process is None or self._optimize != live["optimize"]:
            process = self._start(live)
        asked = {**live, "data": data}
        try:
            _pipe(process.stdin).write(json.dumps(asked) + "\n")
            _pipe(process.stdin).flush()
            answer, reason = _answer(process), "it ended"
        except OSError as error:
            answer, reason = "", str(error)
        if not answer:  # a file that kills the compiler, say
            self._stop()
            said = f"its code could not be compared: the helper failed, {reason}"
            return {"verdict": "unknown", "proof": "none", "reason": said}
        return cast(shapes.Freshness, json.loads(answer))

    def _start(self, live: shapes.LiveCode) -> subprocess.Popen[str]:
        self._stop()
        reasons = []
        for executable in self._interpreters():
            process, why = _try(executable, live, self._target["python"])
            if process is not None:
                self._process, self._optimize = process, live["optimize"]
                return process
            reasons.append(f"{executable}: {why}")
        theirs = self._target["executable"] or "an interpreter that is not named"
        tried = "; ".join(reasons) or f"{theirs} may not be run by us"
        raise NoHelper(f"no interpreter here compiles as the target's does ({tried})")

    def _interpreters(self) -> Iterator[str]:
        theirs = interpreters.own(self._target, self._root)
        if theirs is not None:
            yield theirs
        if sys.executable and sys.executable != theirs:
            yield sys.executable

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _pipe(process.stdin).close()
        _pipe(process.stdout).close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _try(
    executable: str, live: shapes.LiveCode, version: str
) -> tuple[subprocess.Popen[str] | None, str]:
    level = ["-" + "O" * live["optimize"]] if live["optimize"] else []
    try:
        process = subprocess.Popen(
            [*interpreters.command(executable, HELPER, *level), str(HOUSE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
        )
    except OSError as error:
        return None, error.strerror or str(error)
    bounded.bound(process)
    try:
        hello: dict[str, Any] = json.loads(_pipe(process.stdout).readline() or "{}")
    except ValueError:
        hello = {}
    # Releases of one version share the magic number, and yet compile a little differently.
    if hello.get("magic") == live["magic"] and hello.get("python") == version:
        return process, ""
    _pipe(process.stdin).close()
    _pipe(process.stdout).close()
    process.wait()
    if not hello:
        return None, "it does not start"
    return None, f"it is Python {hello['python']}, not {version}"


def _answer(process: subprocess.Popen[str]) -> str:
    """The helper's next line, "" if it has ended. Raises TimeoutError; a text may be made for that.

    It says one line for each that it is asked, so that nothing is in a buffer of ours.
    """
    stream = _pipe(process.stdout)
    if not select.select([stream], [], [], PATIENCE)[0]:
        process.kill()
        raise TimeoutError("it takes too long")
    return stream.readline()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # it was asked for when the process was started
    return stream
