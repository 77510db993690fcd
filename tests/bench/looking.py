"""The census and the cheap freshness pass of a large process, and what they do to it."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from modtui.agent.calls import Calls
from modtui.reach import connect
from tests.bench.attach import longest
from tests.bench.table import Row, cpu, medians, wall
from tests.bench.targets import HEARTBEAT, target

TIMES = 7
MODULES = 10_000


def many(folder: str) -> str:
    """Code of a target that imports that many real modules of a file each, then beats."""
    package = Path(folder) / "many"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for number in range(MODULES):
        (package / f"m{number}.py").write_text(f"def f():\n    return {number}\n")
    return (
        f"import sys, importlib; sys.path.insert(0, {folder!r})\n"
        f"for n in range({MODULES}): importlib.import_module('many.m%d' % n)\n" + HEARTBEAT
    )


def with_inspect() -> float:
    """The ordinary way of looking at what is loaded, which touches everything."""
    return wall(lambda: [inspect.getmembers(module) for module in list(sys.modules.values())])


def raw_listing() -> float:
    return cpu(lambda: Calls().list_modules())


def rows() -> Iterator[Row]:
    """In this process, then in a target of 10,000 modules."""
    before = dict(sys.modules)
    for number in range(MODULES - len(before)):
        sys.modules[f"made.up.m{number}"] = ModuleType(f"made.up.m{number}")
    (ours,) = medians(raw_listing, times=TIMES)
    for name in set(sys.modules) - set(before):
        del sys.modules[name]
    yield Row("census of 10,000 modules without files, CPU in the target", ours, (), 150)
    with tempfile.TemporaryDirectory() as folder, target(many(folder)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with connect(process.pid) as session:
            calls = session.calls
            calls.list_modules()
            (listed,) = medians(lambda: wall(lambda: calls.list_modules()), times=TIMES)
            yield Row("list 10,000 source modules with freshness, over the socket", listed)
            names = [r["name"] for r in calls.list_modules()["modules"]][:6000]
            (judged,) = medians(lambda: wall(lambda: calls.freshness(None)), times=TIMES)
            yield Row(f"freshness of all {len(names) and MODULES} again", judged)

            def held() -> float:
                longest(process)
                calls.list_modules()
                return longest(process)

            (felt,) = medians(held, times=TIMES)
            yield Row("longest pause of a thread of the target meanwhile", felt, (), 10)
