"""The plan: order, hazards, what a reload would leave behind, and what the new text says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.agent import errors, hazards, planning, syntax
from tests.agent.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Project(tmp_path)
    yield made
    made.forget()


def names(plan: dict[str, list[dict[str, str]]]) -> list[str]:
    """The modules of a plan in order."""
    return [step["name"] for step in plan["steps"]]


def test_what_is_imported_comes_first_whatever_was_selected_first(project: Project) -> None:
    project.load(
        pbase="X = 1\n",
        pmid="from pbase import X\nY = X\n",
        ptop="import pmid\nimport pbase\nZ = pmid.Y\n",
    )
    for selected in (
        ["ptop", "pmid", "pbase"],
        ["pmid", "ptop", "pbase"],
        ["pbase", "ptop", "pmid"],
    ):
        assert names(planning.plan(selected)) == ["pbase", "pmid", "ptop"]


def test_dependents_are_followed_and_the_standard_library_is_not(project: Project) -> None:
    project.load(
        qbase="X = [1]\nclass C: pass\n",
        qmid="import qbase, json, collections\nclass D(qbase.C): pass\n",
        qtop="from qmid import D\nimport threading\n",
        qother="import json\n",
    )
    plan = planning.plan(["qbase"], dependents=True)
    assert names(plan) == ["qbase", "qmid", "qtop"]
    assert [step["why"] for step in plan["steps"]] == [
        "selected",
        "imports qbase",
        "imports D from qmid",
    ]


def test_who_imported_a_number_depends_on_it_and_who_has_an_equal_one_does_not(
    project: Project,
) -> None:
    project.load(
        nconf="RATE = 7\n",
        nuser="from nconf import RATE as R\n",
        nown="RATE = 7\n'nconf'\n",
        nover="from nconf import RATE\nRATE = 8\n",
        nlast="from nuser import R\n",
        nstar="from nconf import *\n",
    )
    plan = planning.plan(["nconf"], dependents=True)
    assert sorted(names(plan)) == ["nconf", "nlast", "nstar", "nuser"]
    why = {step["name"]: step["why"] for step in plan["steps"]}
    assert why["nuser"] == "imports RATE from nconf"


def test_what_a_cycle_imports_comes_before_all_of_it(project: Project) -> None:
    project.load(
        xd="X = 1\n",
        xa="import xb\n",
        xb="import xc\n",
        xc="import xa\nfrom xd import X\n",
    )
    for first in ("xa", "xb", "xc"):
        rest = [name for name in ("xc", "xa", "xb") if name != first]
        assert names(planning.plan([first, *rest, "xd"], patch=True))[0] == "xd"


def test_a_cycle_is_no_obstacle(project: Project) -> None:
    project.load(cyca="import cycb\nX = 1\n", cycb="import cyca\nY = 1\n")
    assert sorted(names(planning.plan(["cyca"], dependents=True))) == ["cyca", "cycb"]


def test_what_the_new_text_says(project: Project) -> None:
    project.load(pnew="gone = 1\nkept = 1\ndef f(): pass\n")
    project.write(
        "pnew",
        "import threading, logging, atexit\n"
        "try:\n    kept\nexcept NameError:\n    kept = 2\n"
        "if 'other' not in globals():\n    other = 1\n"
        "threading.Thread(target=print).start()\n"
        "logging.getLogger().addHandler(None)\n"
        "atexit.register(print)\n"
        "def f(): pass\n",
    )
    (step,) = planning.plan(["pnew"])["steps"]
    assert step["names_removed"] == ["gone"]
    assert step["names_kept"] == ["kept", "other"]
    assert [(one["line"], one["effect"]) for one in step["reruns"]] == [
        (8, "starts a thread once more"),
        (9, "adds a logging handler once more"),
        (10, "registers an atexit hook once more"),
    ]
    assert step["digest"]


def test_a_text_that_does_not_compile_is_a_hazard(project: Project) -> None:
    project.load(pbad="x = 1\n")
    project.write("pbad", "def f(:\n")
    (step,) = planning.plan(["pbad"])["steps"]
    assert [one["code"] for one in step["hazards"]] == ["syntax-error"]
    assert "line 1" in step["hazards"][0]["text"]


def test_a_file_that_is_gone_is_a_hazard(project: Project) -> None:
    project.load(pgone="x = 1\n")
    (project.folder / "pgone.py").unlink()
    (step,) = planning.plan(["pgone"])["steps"]
    assert [one["code"] for one in step["hazards"]] == ["missing"]


def test_planning_changes_nothing(project: Project) -> None:
    (module,) = project.load(pcalm="x = 1\nprint = None\n")
    before, modules = dict(vars(module)), set(sys.modules)
    planning.plan(["pcalm", "json", "sys"], patch=True, dependents=True)
    assert dict(vars(module)) == before
    assert {name for name in sys.modules if not name.startswith("modtui.")} <= modules


def test_what_is_refused_has_a_code() -> None:
    plan = planning.plan(["sys", "builtins", "json"], patch=True)
    assert {one["name"]: one["code"] for one in plan["refused"]} == {
        "sys": "interpreter",
        "builtins": "interpreter",
    }
    sys.modules["blocked_for_test"] = None  # type: ignore[assignment]
    sys.modules["object_for_test"] = object()  # type: ignore[assignment]
    try:
        plan = planning.plan(["blocked_for_test", "object_for_test"])
    finally:
        del sys.modules["blocked_for_test"], sys.modules["object_for_test"]
    assert [one["code"] for one in plan["refused"]] == ["blocked", "object"]
    with pytest.raises(errors.UnknownModule):
        planning.plan(["never_heard_of"])


def test_hazards_of_the_interpreter_and_of_main() -> None:
    assert hazards.cheap("sys", "built-in", None)[0]["level"] == "danger"
    assert hazards.cheap("__main__", "source", {})[0]["code"] == "main"
    assert hazards.cheap("modtui.agent.raw", "source", {})[0]["code"] == "agent"
    assert hazards.cheap("json", "source", {}) == []
    assert hazards.cheap("json.decoder", "lazy", {})[0]["code"] == "lazy"


def test_single_and_multi_phase_extensions_are_told_apart() -> None:
    import array

    found = hazards.of_module("array", array, "extension")
    assert [one["code"] for one in found] in (
        ["extension", "extension-phase"],
        ["extension"],  # compiled in, with nothing to tell it by
    )
    multi = {"__name__": "m", "f": len, "__file__": "m.so", "T": type}
    single = {"__name__": "m", "f": len, "T": type, "__file__": "m.so"}
    assert hazards._phases(multi) == 2
    assert hazards._phases(single) == 1
    assert hazards._phases({"__name__": "m", "f": len, "__file__": "m.so"}) is None


def test_a_module_with_a_thread_inside_is_a_hazard(project: Project) -> None:
    import threading

    (module,) = project.load(
        pbusy="import threading\ngo = threading.Event()\ninside = threading.Event()\n"
        "def loop():\n    inside.set()\n    go.wait(10)\n"
    )
    thread = threading.Thread(target=module.loop)
    thread.start()
    module.inside.wait(10)
    try:
        (step,) = planning.plan(["pbusy"])["steps"]
    finally:
        module.go.set()
        thread.join()
    assert [one["code"] for one in step["hazards"]] == ["running"]
    assert "loop" in step["hazards"][0]["text"]


def test_relative_imports_are_made_absolute() -> None:
    tree = syntax.parse(b"from . import a\nfrom ..b import c\nfrom .d import e as f\n", "x")
    assert syntax.imports(tree, "p.q") == [
        ("p.q", "a", "a"),
        ("p.b", "c", "c"),
        ("p.q.d", "e", "f"),
    ]
