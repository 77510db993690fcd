"""Nothing in a whole standard library is called edited that was only, as it were, touched."""

from __future__ import annotations

import pytest

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

EVERYTHING = """
import importlib, os, pkgutil, warnings
warnings.simplefilter("ignore")
known = getattr(_sys, "stdlib_module_names", None)
where = os.path.dirname(os.__file__)
skip = ("antigravity", "this", "idlelib", "turtledemo", "test", "lib2to3", "ensurepip", "tkinter",
        "site-packages", "__main__", "dist-packages", "__phello__")
pending = [(where, "")]
while pending:
    folder, prefix = pending.pop()
    for found in pkgutil.iter_modules([folder]):
        if found.name in skip or found.name.startswith("_pyrepl"):
            continue
        name = prefix + found.name
        try:
            importlib.import_module(name)
        except BaseException:
            continue
        if found.ispkg:
            pending.append((os.path.join(folder, found.name), name + "."))
from modtui.agent import cases, compiling, entries, freshness, proof
compiling.MAX_SIZE = 1 << 30
count, live, alarms, hints, answers = 0, 0, [], [], {}
for entry in entries.look():
    if entry.source_file is None or entry.place != "stdlib":
        continue
    status, *_ = freshness.disk.Paths().look(entry.source_file)
    # As if it had been touched: nothing but the comparison can tell.
    case = cases.Case(entry, entry.source_file, freshness.disk.stamp(status), None, None)
    said = proof.compare(case)
    count += 1
    live += len(proof.live_functions(entry))
    answers[said["verdict"]] = answers.get(said["verdict"], 0) + 1
    hints += proof.residue.differences(entry.namespace, open(entry.source_file, "rb").read())
    if said["verdict"] == "stale":
        alarms.append([entry.name, said["reason"]])
tell([count, live, alarms, hints, answers])
"""


@pytest.mark.parametrize("flags", [(), ("-OO",)], ids=["plain", "OO"])
def test_no_false_alarm_in_the_standard_library(inside: Inside, flags: tuple[str, ...]) -> None:
    quick = {"PYTHONDONTWRITEBYTECODE": "1"}
    if flags and inside.python.label not in ("3.8", "3.13"):
        pytest.skip("the oldest and the newest will do")
    count, live, alarms, hints, _ = inside.run(EVERYTHING, *flags, environment=quick)
    assert alarms == []
    # `ast` takes deprecated classes of its own out of its namespace again.
    assert [hint for hint in hints if hint.split()[0] not in ("`Num`", "`Str`", "`Bytes`")] == []
    assert count > 250
    assert live > 5000
