"""Plain reload: the report, the journal and undo, refusals, texts that changed meanwhile."""

from __future__ import annotations

import gc
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.agent import disk, errors, planning, reloading
from tests.agent.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Project(tmp_path)
    yield made
    made.forget()


BEFORE = "import sys\nlimit = 1\ngone = 2\ndef f(): return 'old'\nclass C:\n    pass\n"
AFTER = "import sys\nlimit = 2\nfresh = 3\ndef f(): return 'new'\nclass C:\n    pass\nprint('hi')\n"


def test_the_report_says_what_was_rebound_added_and_kept(project: Project) -> None:
    (a, user) = project.load(ra=BEFORE, ruser="from ra import f, C\nitem = C()\n")
    project.write("ra", AFTER)
    report = reloading.reload(["ra"])
    (module,) = report["modules"]
    assert report["ok"]
    assert module["names"] == {
        "added": ["fresh"],
        "changed": ["limit", "f", "C"],
        "unchanged": ["sys"],
        "kept_from_before": ["gone"],
        "in_place": [],
        "removed": [],
    }
    assert module["output"] == "hi\n"
    left = module["left_behind"]
    assert {(one["module"], one["name"], one["of"]) for one in left["from_imports"]} == {
        ("ruser", "f", "ra.f"),
        ("ruser", "C", "ra.C"),
    }
    assert left["instances"] == [{"class": "C", "count": 1}]
    assert (a.f(), user.f()) == ("new", "old")


def test_a_wrapper_that_another_module_made_is_told_like_any_function(project: Project) -> None:
    """Whether one name elsewhere holds it, or one list."""
    maker = "def wrapped(function):\n    def wrapper(): return function()\n    return wrapper\n"
    text = "from rmaker import wrapped\n@wrapped\ndef f(): pass\n@wrapped\ndef g(): pass\n"
    project.load(rmaker=maker, rw=text, rtakes="import rw\nfrom rw import f\nheld = [rw.g]\n")
    (module,) = reloading.reload(["rw"])["modules"]
    left = module["left_behind"]
    assert left["from_imports"] == [{"module": "rtakes", "name": "f", "of": "rw.f"}]
    assert left["functions"] == [{"function": "g", "held_by": ["a list of 1"]}]


def test_attributes_that_a_failed_reload_gave_to_a_function_go_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that it had have their values again, also where it got another dict for them."""
    monkeypatch.setattr("modtui.agent.batch.other_threads", lambda: 0)  # whose they might be
    text = "def f(): pass\ndef g(): pass\ndef h(): pass\ng.calls = 1\nh.calls = 1\n"
    (module,) = project.load(rx=text)
    old = module.f, module.g, module.h
    spoil = "f.calls, g.calls, h.__dict__ = 2, 2, {'more': 2}\n"
    project.write("rx", spoil + text + "raise ValueError\n")
    assert reloading.reload(["rx"])["rolled_back"]
    assert (module.f, module.g, module.h) == old
    assert [vars(one) for one in old] == [{}, {"calls": 1}, {"calls": 1}]


def test_what_an_earlier_reload_left_behind_is_still_told(project: Project) -> None:
    """By each later plan and report, also of many functions; gone when nobody holds it any more."""
    many = "".join(f"def f{number}(): return 0\n" for number in range(120))
    _, user = project.load(
        rb=BEFORE + many, rholder="from rb import f, C, f7\nitem = C()\nlist_ = [f7]\n"
    )
    middle = None
    for number in (1, 2, 3):
        project.write("rb", AFTER + many + f"# {number}\n")
        told = [planning.plan(["rb"])["steps"][0]["would_leave"]]
        (module,) = reloading.reload(["rb"])["modules"]
        told.append(module["left_behind"])
        for left in told:
            assert {one["of"] for one in left["from_imports"]} == {"rb.f", "rb.C", "rb.f7"}
            count = 1 if middle is None else 2
            assert left["instances"] == [{"class": "C", "count": count}]
            assert left["functions"] == [{"function": "f7", "held_by": ["a list of 1"]}]
        middle = middle or sys.modules["rb"].C()
    del user.f, user.C, user.item, user.list_, user.f7, middle
    gc.collect()
    left = planning.plan(["rb"])["steps"][0]["would_leave"]
    assert not any(left.values())


def test_dependents_are_also_who_holds_what_was_there_before(project: Project) -> None:
    project.load(
        rd="def f(): return 1\n",
        rdirect="from rd import f\n",
        rhidden="import importlib\nf = importlib.import_module('rd').f\n",
    )
    for number in (2, 3, 4):
        project.write("rd", f"def f(): return {number}\n")
        steps = planning.plan(["rd"], dependents=True)["steps"]
        assert {step["name"] for step in steps} == {"rd", "rdirect", "rhidden"}
        reloading.reload(["rd"])


def test_what_is_kept_for_undo_is_not_left_behind(project: Project) -> None:
    project.load(rk="def f(): return 1\n")
    for number in (2, 3):
        project.write("rk", f"def f(): return {number}\n")
        (module,) = reloading.reload(["rk"])["modules"]
        assert not any(module["left_behind"].values())


def test_undo_several_steps_deep(project: Project) -> None:
    (a,) = project.load(rb="n = 0\ndef f(): return 0\n")
    before = [dict(vars(a))]
    for number in (1, 2, 3):
        project.write("rb", f"n = {number}\ndef f(): return {number}\nx{number} = {number}\n")
        assert reloading.reload(["rb"])["ok"]
        before.append(dict(vars(a)))
    for number in (2, 1, 0):
        undone = reloading.undo()
        assert undone["modules"] == ["rb"]
        assert a.f() == a.n == number
        assert {k: id(v) for k, v in vars(a).items() if not k.startswith("__")} == {
            k: id(v) for k, v in before[number].items() if not k.startswith("__")
        }


def test_undo_is_refused_when_state_has_moved_on(project: Project) -> None:
    import importlib

    (a,) = project.load(rc="def f(): return 0\n")
    project.write("rc", "def f(): return 1\n")
    reloading.reload(["rc"])
    importlib.reload(a)
    assert not reloading.journal.entries()[-1]["undoable"]
    with pytest.raises(errors.CannotUndo, match="rebound since"):
        reloading.undo()
    reloading.journal.drop_last()


def test_state_that_the_program_changed_since_stays_over_an_undo(project: Project) -> None:
    (a,) = project.load(rd="try:\n    kept\nexcept NameError:\n    kept = 1\nn = 1\n")
    project.write("rd", "try:\n    kept\nexcept NameError:\n    kept = 1\nn = 2\n")
    reloading.reload(["rd"])
    a.kept = 50
    reloading.undo()
    assert (a.kept, a.n) == (50, 1)


def test_a_danger_needs_a_yes() -> None:
    before = dict(vars(sys))
    with pytest.raises(errors.Refused, match="sys"):
        reloading.reload(["sys"])
    assert dict(vars(sys)) == before


def test_what_cannot_be_reloaded_is_refused_and_the_rest_goes_on(project: Project) -> None:
    made = types.ModuleType("made_by_hand")
    sys.modules["made_by_hand"] = made
    (a,) = project.load(re_="x = 1\n")
    project.write("re_", "x = 2\n")
    try:
        report = reloading.reload(["made_by_hand", "re_"])
        assert [one["code"] for one in report["refused"]] == ["no-spec"]
        assert a.x == 2
        with pytest.raises(errors.Refused, match="no spec"):
            reloading.reload(["made_by_hand"])
    finally:
        del sys.modules["made_by_hand"]
    reloading.undo()


def test_an_unknown_module() -> None:
    with pytest.raises(errors.UnknownModule):
        reloading.reload(["no_such_module_here"])


def test_the_text_that_was_shown_is_the_text_that_runs(project: Project) -> None:
    (a,) = project.load(rf="x = 1\n")
    project.write("rf", "x = 2\n")
    shown = disk.digest(b"x = 2\n")
    project.write("rf", "x = 3\n")
    with pytest.raises(errors.FileChanged):
        reloading.reload(["rf"], expect={"rf": shown})
    assert a.x == 1
    project.write("rf", "x = 2\n")
    assert reloading.reload(["rf"], expect={"rf": shown})["ok"]
    assert a.x == 2
    reloading.undo()


def test_a_compiled_file_of_the_same_second_never_runs(project: Project) -> None:
    import importlib

    (a,) = project.load(rg="x = 1\n")
    project.write("rg", "x = 2\n")
    importlib.reload(a)  # writes a pyc of this second
    project.write("rg", "x = 3\n")
    assert reloading.reload(["rg"])["ok"]
    assert a.x == 3
    reloading.undo()


def test_only_one_reload_at_a_time(project: Project) -> None:
    (a,) = project.load(rh="x = 1\n")
    seen: list[str] = []

    def try_it() -> None:
        try:
            reloading.reload(["rh"])
        except errors.Busy:
            seen.append("busy")

    sys.modules["try_it_for_rh"] = types.SimpleNamespace(go=try_it)  # type: ignore[assignment]
    project.write(
        "rh",
        "import threading, try_it_for_rh\n"
        "t = threading.Thread(target=try_it_for_rh.go); t.start(); t.join()\nx = 2\n",
    )
    try:
        assert reloading.reload(["rh"])["ok"]
    finally:
        del sys.modules["try_it_for_rh"]
    assert seen == ["busy"]
    assert a.x == 2
    reloading.undo()


def test_other_threads_print_as_ever(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    go, done = threading.Event(), threading.Event()

    def other() -> None:
        go.wait(5)
        print("from the other thread")
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    sys.modules["events_for_ri"] = types.SimpleNamespace(go=go, done=done)  # type: ignore[assignment]
    project.load(ri="x = 1\n")
    project.write(
        "ri",
        "import warnings, events_for_ri as e\nprint('from the module')\n"
        "warnings.warn('careful')\ne.go.set(); e.done.wait(5)\n",
    )
    try:
        report = reloading.reload(["ri"])
    finally:
        del sys.modules["events_for_ri"]
        thread.join()
    (module,) = report["modules"]
    assert module["output"] == "from the module\n"
    assert len(module["warnings"]) == 1
    assert "careful" in module["warnings"][0]
    assert capsys.readouterr().out == "from the other thread\n"
    reloading.undo()


def test_undo_of_a_patch_brings_everything_back(project: Project) -> None:
    reg, a, user = project.load(
        rreg="handlers = []\ntable = {}\n",
        rj=(
            "import rreg\nX = 1\n"
            "class Base:\n    def b(self): return 'old'\n"
            "class C:\n    tag = 1\n    def m(self): return 'old'\n"
            "def f(n=1): return ('old', n)\n"
            "rreg.handlers.append(f)\n"
            "rreg.table['C'] = C\n"
            "LIST = [1]\n"
        ),
        ruser2="from rj import X, f, C\nD = X * 2\n",
    )
    instance, bound = a.C(), a.C().m
    objects = [(a.f, a.f.__code__, a.f.__defaults__), (a.C.m, a.C.m.__code__, None)]
    spaces = [{k: v for k, v in vars(m).items() if k[:2] != "__"} for m in (reg, a, user)]
    contents = [list(reg.handlers), dict(reg.table), list(a.LIST), dict(vars(a.C))]
    project.write(
        "rj",
        "import rreg\nX = 5\n"
        "class Base:\n    def b(self): return 'new'\n"
        "class C(Base):\n    tag = 2\n    def m(self): return super().b()\n    extra = 1\n"
        "def f(n=X): return ('new', n)\n"
        "def g(): return 'g'\n"
        "rreg.handlers.append(f)\n"
        "rreg.handlers.append(g)\n"
        "rreg.table['C'] = C\n"
        "rreg.table['g'] = g\n"
        "LIST = [1, 2]\n",
    )
    report = reloading.reload(["rj"], patch=True)
    assert report["ok"], report
    assert (user.X, user.D, user.f()) == (5, 10, ("new", 5))
    assert instance.m() == "new"
    assert [one.__name__ for one in reg.handlers] == ["f", "g"]
    reloading.undo()
    gc.collect()
    now = [{k: v for k, v in vars(m).items() if k[:2] != "__"} for m in (reg, a, user)]
    for before, after in zip(spaces, now, strict=True):
        assert before.keys() == after.keys()
        assert all(before[key] is after[key] for key in before)
    assert contents[:3] == [list(reg.handlers), dict(reg.table), list(a.LIST)]
    assert all(vars(a.C)[key] is value for key, value in contents[3].items())
    assert set(vars(a.C)) == set(contents[3])
    for function, code, defaults in objects:
        assert function.__code__ is code
        assert function.__defaults__ == defaults
    assert type(instance) is a.C
    assert instance.m() == bound() == "old"
    assert (user.D, user.f()) == (2, ("old", 1))
