"""A module that raises at any of its statements leaves everything as it was."""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]
import gc
import importlib
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modtui.agent import reloading

PACKAGE = "package_of_rollback"
NAME = f"{PACKAGE}.subject"
MODULES = (PACKAGE, NAME, f"{PACKAGE}.later", "helper_of_rollback")

STATEMENTS = [
    "NUMBER = {n}",
    "TABLE = {{'a': {n}, 'b': [1, {n}]}}",
    "TABLE['c'] = {n}",
    "ITEMS.append({n})",
    "import colorsys",
    "from helper_of_rollback import shared\nshared['k'] = {n}",
    "def f(a={n}):\n    return ('f', {n})",
    "f.note = {n}",
    "class A:\n    x = {n}\n    def m(self):\n        return {n}",
    "class A(Base):\n    y = {n}",
    "A.z = {n}",
    "class B(A):\n    def m(self):\n        return super().m()",
    "@decorate\ndef g():\n    return {n}",
    "@register({n})\ndef h():\n    return {n}",
    "OBJ = A()",
    "OBJ.attr = {n}",
    "globals()['dynamic'] = {n}",
    "import sys as _s; setattr(_s.modules[__name__], 'direct', {n})",
    "try:\n    kept\nexcept NameError:\n    kept = {n}",
    "del NUMBER",
    "with open('/dev/null') as stream:\n    pass",
    "def gen():\n    yield {n}",
    "import enum\nclass E(enum.Enum):\n    ONE = {n}",
    "from dataclasses import dataclass\n@dataclass\nclass D:\n    v: int = {n}",
    "lam = lambda v: v + {n}",
    "from . import later\nlater.COUNT = {n}",
    "import package_of_rollback as package; package.note = {n}",
    "Shape.register(A)",
    "class Round(Shape):\n    def area(self):\n        return {n}",
    "class Shape(Shape):\n    @abc.abstractmethod\n    def edge(self): ...",
    "import abc; isinstance(OBJ, Shape)",
]
BEFORE = """
import abc
from helper_of_rollback import Base, Shape, decorate, register, shared
NUMBER = 0
ITEMS = [1]
TABLE = {'a': 1}
kept = object()
def f(): return 'old'
class A(Base):
    x = 0
    def m(self): return 'old'
class B(A): pass
@decorate
def g(): return 'old'
@register(-1)
def h(): return 'old'
OBJ = A()
lam = lambda v: v
"""
HELPER = """
import abc
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
@Shape.register
class Known: pass
shared = {'k': 0}
registry = {}
class Base:
    subs = []
    def __init_subclass__(cls, **k):
        super().__init_subclass__(**k)
        Base.subs.append(cls)
    def m(self): return 'base'
def decorate(fn):
    def w(*a): return fn(*a)
    return w
def register(key):
    def outer(fn):
        registry[key] = fn
        return fn
    return outer
"""
FAILURES = [
    "raise ValueError('no')",
    "raise SystemExit(3)",
    "raise KeyboardInterrupt",
    "(lambda f: f(f))(lambda f: f(f))",
    "raise MemoryError",
    "undefined_name",
    "import does_not_exist_at_all",
]


def state(modules: list[types.ModuleType]) -> dict[str, Any]:
    """The whole state reachable from the modules, by identity, in a form that compares."""
    seen: dict[int, Any] = {}
    keep: list[Any] = []

    def look(value: Any) -> Any:
        key = id(value)
        if key in seen:
            return key
        kind = type(value)
        if kind in (dict, list, set, tuple):
            seen[key] = None
            keep.append(value)
            if kind is dict:
                skip = ("__builtins__", "__warningregistry__")
                inner: Any = [(look(k), look(v)) for k, v in value.items() if k not in skip]
            else:
                inner = [look(one) for one in value]
            seen[key] = (kind.__name__, inner)
        elif kind is types.FunctionType:
            seen[key] = None
            keep.append(value)
            cells = [look(cell.cell_contents) for cell in value.__closure__ or ()]
            parts = (value.__defaults__, value.__kwdefaults__, value.__dict__)
            seen[key] = ("function", id(value.__code__), cells, [look(one) for one in parts])
        elif isinstance(value, type) and value.__module__ in (NAME, "helper_of_rollback"):
            seen[key] = None
            keep.append(value)
            own = {k: v for k, v in vars(value).items() if k not in ("__dict__", "__weakref__")}
            bases = [look(base) for base in value.__bases__]
            subs = sorted(id(sub) for sub in type.__subclasses__(value))
            registered = []
            if "_abc_impl" in own:
                del own["_abc_impl"]
                registered = sorted(id(one()) for one in _abc._get_dump(value)[0])
            inside = [(k, look(v)) for k, v in own.items()]
            seen[key] = ("class", bases, subs, registered, inside)
        elif type(value).__module__ == NAME:
            seen[key] = ("instance", id(type(value)), look(vars(value)))
        elif kind in (int, str, float, bool, type(None)):
            return (kind.__name__, value)
        else:
            return key
        return key

    spaces = [look(vars(module)) for module in modules]
    names = {name for name in sys.modules if not name.startswith(("modtui.", "opcode", "_opcode"))}
    return {"spaces": spaces, "seen": seen, "keep": keep, "modules": names}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # Runners have threads of their own; what another thread could have changed would be kept.
    monkeypatch.setattr("modtui.agent.batch.other_threads", lambda: 0)
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def write(folder: Path, text: str) -> None:
    """The text of the subject, in its package."""
    package = folder / PACKAGE
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("note = 0\n")
    (package / "later.py").write_text("COUNT = 0\nclass Late: pass\n")
    (package / "subject.py").write_text(text)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    picks=st.lists(st.integers(0, len(STATEMENTS) - 1), min_size=2, max_size=9),
    failure=st.sampled_from(FAILURES),
    patch=st.booleans(),
)
def test_raising_at_every_statement_leaves_everything_as_it_was(
    folder: Path, picks: list[int], failure: str, patch: bool
) -> None:
    (folder / "helper_of_rollback.py").write_text(HELPER)
    head = ["import abc; from helper_of_rollback import Base, Shape, decorate, register, shared"]
    head.append("ITEMS = [1]")
    lines = head + [STATEMENTS[pick].format(n=100 + n) for n, pick in enumerate(picks)]
    for place in range(len(lines) + 1):
        for name in MODULES:
            sys.modules.pop(name, None)
        write(folder, BEFORE)
        module = importlib.import_module(NAME)
        all_of_it = [module, sys.modules["helper_of_rollback"], sys.modules[PACKAGE]]
        text = "\n".join([*lines[:place], failure, *lines[place:]])
        write(folder, text)
        sys.modules.pop("colorsys", None)
        gc.collect()
        before = state(all_of_it)
        report = reloading.reload([NAME], patch=patch)
        # A statement of the pick may raise before: that is as good.
        assert not report["ok"]
        assert report["rolled_back"]
        after = state(all_of_it)
        assert after["spaces"] == before["spaces"]
        assert after["seen"] == before["seen"], text
        assert after["modules"] == before["modules"]
        assert sys.modules[NAME] is module
        del before, after


def test_what_cannot_be_undone_is_named(folder: Path) -> None:
    write(folder, "x = 1\n")
    module = importlib.import_module(NAME)
    write(
        folder,
        "import atexit, logging, signal, threading, time\n"
        "x = 2\n"
        "logging.getLogger('rollback').addHandler(logging.NullHandler())\n"
        "atexit.register(print, end='')\n"
        "old = signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n"
        "t = threading.Thread(target=time.sleep, args=(0.5,), name='sleepy'); t.start()\n"
        "raise ValueError('late')\n",
    )
    import signal

    try:
        report = reloading.reload([NAME])
    finally:
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    said = "\n".join(report["side_effects"])
    assert not report["ok"]
    assert module.x == 1
    for word in ("sleepy", "logger rollback", "atexit", "signal 12"):
        assert word in said, said
    error = report["modules"][0]["error"]
    assert error is not None
    assert error["type"] == "ValueError"
    assert "modtui" not in error["traceback"]
    assert "subject.py" in error["traceback"]


def test_what_another_thread_may_have_changed_is_kept_and_said(folder: Path) -> None:
    write(folder, "SEEN = {}\n")
    (folder / "helper_of_rollback.py").write_text("")
    importlib.import_module(NAME)
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        write(
            folder,
            "try:\n    SEEN\nexcept NameError:\n    SEEN = {}\nSEEN['here'] = 1\nraise OSError\n",
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("modtui.agent.batch.other_threads", lambda: 1)
            report = reloading.reload([NAME])
    finally:
        done.set()
        thread.join()
    assert report["rolled_back"]
    assert sys.modules[NAME].SEEN == {"here": 1}
    assert any(f"{NAME}.SEEN was changed in place" in said for said in report["side_effects"])
