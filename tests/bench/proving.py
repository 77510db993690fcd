"""A process with thousands of real modules: the cheap pass, and the proof of everything behind it.

The interpreter with big libraries is the one of MODTUI_BIG_PYTHON, or the one that the tests of the
census have made.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from modtui.reach import Session, connect
from modtui.source.prove import prove
from tests.bench.attach import longest
from tests.bench.table import Row, medians, wall
from tests.bench.targets import HEARTBEAT, target

TIMES = 7
PROVED = 250  # modules of the proof in the background that is measured
PACKAGES = ("django", "sqlalchemy", "pandas", "numpy", "rich", "pygments", "asyncio", "email")
PACKAGES += ("http", "json", "logging", "unittest", "xml", "concurrent", "multiprocessing", "pip")
EVERYTHING = f"""
import sys, importlib, io, os, pkgutil, warnings
warnings.simplefilter("ignore")
os.environ["DJANGO_SETTINGS_MODULE"] = ""
out, sys.stdout = sys.stdout, io.StringIO()
import django.conf; django.conf.settings.configure()
for top in {PACKAGES!r}:
    pending = [top]
    while pending:
        name = pending.pop()
        if "__main__" in name or "tests" in name:
            continue
        try:
            module = importlib.import_module(name)
        except BaseException:
            continue
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            pending.append(name + "." + found.name)
sys.stdout = out
"""


def big_python() -> str:
    """An interpreter that has the packages."""
    version = f"big-{sys.version_info[0]}.{sys.version_info[1]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "modtui-tests"
    return os.environ.get("MODTUI_BIG_PYTHON") or str(cache / version / "bin" / "python")


def used(pid: int) -> float:
    """The CPU time of a process, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def rows() -> Iterator[Row]:
    """Nothing of that process was touched since it was started."""
    with target(EVERYTHING + HEARTBEAT, big_python()) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with connect(process.pid) as session:
            calls = session.calls
            records = calls.list_modules()["modules"]
            sources = [r["name"] for r in records if r["status"] == "source"]
            (passed,) = medians(lambda: wall(lambda: calls.freshness(None)), times=TIMES)
            yield Row(f"cheap pass over {len(records)} real modules, answered", passed, (), 150)
            before = used(process.pid)
            for _ in range(TIMES):
                calls.freshness(None)
            spent = (used(process.pid) - before) / TIMES
            yield Row("the same, CPU in the target", spent)
            yield from _in_background(session, process.pid, sources)
            longest(process)
            (felt,) = medians(lambda: _held(session, process, sources), times=3)
            yield Row("longest pause of a thread of the target meanwhile", felt, (), 10)


def _in_background(session: Session, pid: int, names: list[str]) -> Iterator[Row]:
    """A part of the proof of everything, spread over all the modules. What the target's heartbeat
    takes without us is not counted."""
    chosen = names[:: max(1, len(names) // PROVED)][:PROVED]
    own = _heartbeat(pid)
    theirs, began = used(pid), time.monotonic()
    ours, children = time.process_time(), os.times()
    prove(session.calls, chosen, session.target, session.root, pause=0.001)
    seconds = time.monotonic() - began
    after = os.times()
    helper = after.children_user + after.children_system
    helper -= children.children_user + children.children_system
    target_alone = (used(pid) - theirs) / 10 / seconds - own
    share = target_alone + (time.process_time() - ours + helper) * 100 / seconds
    yield Row(f"proof of {len(chosen)} of them in the background", seconds * 1000)
    yield Row("of one core meanwhile: target, helper and inspector", share, (), 10, "%")
    yield Row("of one core meanwhile: the target alone", target_alone, (), None, "%")


def _heartbeat(pid: int) -> float:
    """What the target takes of a core when nobody asks it anything, in percent."""
    before = used(pid)
    time.sleep(5)
    return (used(pid) - before) / 10 / 5


def _held(session: Session, process: object, names: list[str]) -> float:
    chosen = names[::40]
    prove(session.calls, chosen, session.target, session.root)
    return longest(process)  # type: ignore[arg-type]
