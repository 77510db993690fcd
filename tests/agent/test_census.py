"""Every entry of sys.modules has a record, and nothing is touched by looking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

START = """
import os
from modtui.agent import census, detail, freshness, raw
here = os.path.dirname(os.path.abspath(__file__))
def records():
    return {record["name"]: record for record in census.Census().page()["modules"]}
"""

# Objects that shout when they are touched in any way that runs their code.
HOSTILE = """
touched = []
class Meta(type):
    def __getattribute__(cls, name): touched.append(("class", name)); raise SystemExit
    def __eq__(cls, other): touched.append("class =="); raise SystemExit
    def __hash__(cls): touched.append("class hash"); raise SystemExit
    def __repr__(cls): touched.append("class repr"); raise SystemExit
    def __instancecheck__(cls, other): touched.append("class instancecheck"); raise SystemExit
    def __subclasscheck__(cls, other): touched.append("class subclasscheck"); raise SystemExit
    def __bool__(cls): touched.append("class bool"); raise SystemExit
def hostile(*bases):
    def shout(what):
        def method(self, *arguments):
            touched.append(what); raise SystemExit(what)
        return method
    names = ("getattribute getattr setattr eq ne lt hash repr str bool len iter contains call dir "
             "fspath format index int bytes getitem reduce sizeof").split()
    return Meta("Hostile", bases, {"__%s__" % name: shout(name) for name in names})
Thing, Text, Module = hostile(object), hostile(str), hostile(type(_sys))
"""


def test_every_status(inside: Inside) -> None:
    inside.write("plain.py", "")
    inside.write("space/inner.py", "")
    inside.write("sleepy.py", "raise SystemExit('it was executed')")
    script = """
import importlib.machinery, importlib.util, py_compile, zipfile, time
import plain, space.inner
open(os.path.join(here, "bare.py"), "w").write("x = 1")
py_compile.compile(os.path.join(here, "bare.py"), os.path.join(here, "bare.pyc"))
os.remove(os.path.join(here, "bare.py"))
import bare
with zipfile.ZipFile(os.path.join(here, "lib.zip"), "w") as archive:
    archive.writestr("zipped.py", "x = 1")
_sys.path.append(os.path.join(here, "lib.zip"))
import zipped
spec = importlib.util.find_spec("sleepy")
spec.loader = importlib.util.LazyLoader(spec.loader)
_sys.modules["sleepy"] = sleepy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sleepy)
_sys.modules["made"] = type(_sys)("made")
_sys.modules["nothing"] = None
_sys.modules["thing"] = object()
class Fake: __file__ = "/somewhere/else.py"
_sys.modules["class"] = Fake
found = records()
names = ("plain space space.inner bare zipped sleepy made nothing thing class sys zipimport "
         "__main__").split()
kind = type(sleepy).__name__
tell([{name: found[name]["status"] for name in names}, kind, found["class"]["file"]])
"""
    statuses, kind, file = inside.run(START + script)
    assert statuses == {
        "plain": "source",
        "space": "namespace",
        "space.inner": "source",
        "bare": "bytecode",
        "zipped": "zip",
        "sleepy": "lazy",
        "made": "no spec",
        "nothing": "blocked",
        "thing": "object",
        "class": "object",
        "sys": "built-in",
        "zipimport": "frozen",
        "__main__": "no spec",
    }
    assert kind == "_LazyModule", "it was loaded"
    assert file == "/somewhere/else.py"


def test_extension_and_places(inside: Inside) -> None:
    inside.write("lib/site-packages/vendored.py", "")
    inside.write("mine.py", "")
    script = """
_sys.path.append(os.path.join(here, "lib", "site-packages"))
import vendored, mine, json
_sys.modules["json.made"] = _sys.modules["nobodys.made"] = type(_sys)("made")
_sys.modules["mine.made"] = None
found = records()
names = "vendored mine json sys zipimport modtui modtui.agent.census".split()
names += ["json.made", "nobodys.made", "mine.made"]
import math
extension = records()["math"]
tell([{name: [found[name]["place"], found[name]["from_agent"]] for name in names},
      extension["status"], getattr(math, "__file__", None)])
"""
    places, status, file = inside.run(START + script)
    assert status == ("built-in" if file is None else "extension")
    assert places == {
        "vendored": ["site-packages", False],
        "mine": ["project", False],
        "json": ["stdlib", False],
        "sys": ["stdlib", False],
        "json.made": ["stdlib", False],
        "mine.made": ["project", False],
        "nobodys.made": ["none", False],
        "zipimport": ["stdlib", False],
        "modtui": ["agent", True],
        "modtui.agent.census": ["agent", True],
    }


def test_hostile_entries_are_not_touched(inside: Inside) -> None:
    script = """
space = type(_sys).__dict__["__dict__"].__get__
new = type(_sys).__dict__["__init__"]
made = type(_sys).__new__(Module)
new(made, "hostile")
space(made).update(__file__=Text("/x.py"), __spec__=object.__new__(Thing), x=object.__new__(Thing),
    __package__=object.__new__(Thing), __loader__=object.__new__(Thing), __path__=made, C=Thing,
    __cached__=object.__new__(Thing), __doc__=Text("doc"))
_sys.modules["hostile"] = made
_sys.modules["thing"] = object.__new__(Thing)
_sys.modules["class"] = Thing
plain = type(_sys)("plain")
plain.__dict__.update(__file__=object.__new__(Thing), __spec__=object.__new__(Thing),
    __name__=object.__new__(Thing), x=object.__new__(Thing), C=Thing, m=made)
_sys.modules["plain"] = plain
uninitialised = type(_sys).__new__(type(_sys))
_sys.modules["uninitialised"] = uninitialised
del touched[:]
found = records()
said = list(touched)
for name in list(found):
    detail.show(name)
freshness.verdicts(list(found)); freshness.verdicts()
names = "hostile thing class plain uninitialised".split()
statuses = [found[name]["status"] for name in names]
tell([[str(x) for x in touched], statuses, found["hostile"]["file"]])
"""
    touched, statuses, file = inside.run(START + HOSTILE + script)
    assert touched == []
    assert statuses == ["source", "object", "object", "source", "no spec"]
    assert file == "/x.py"


def test_keys_that_are_not_strings(inside: Inside) -> None:
    script = """
import json
class Name(str): pass
modules = _sys.modules
for key in (5, None, (1, 2), b"bytes", Name("json.tool2")):
    if key not in modules: modules[key] = type(_sys)("odd")
modules["<int 5>"] = type(_sys)("odd")
modules["\\ud800\\x1b[31m\\n"] = type(_sys)("odd")
modules[1.5] = None
page = census.Census().page()
names = [record["name"] for record in page["modules"]]
json.dumps(page)
details = [detail.show(name)["record"]["name"] for name in names]
tell([len(names) == len(set(names)) == len(_sys.modules), details == names,
      [name for name in names if name.startswith("<") or "ud8" in ascii(name)]])
"""
    unique, same, odd = inside.run(START + script)
    assert unique
    assert same
    assert odd[0] == "<int 5> (2)"
    assert set(odd) == {
        *["<int 5>", "<int 5> (2)", "<NoneType None>", "<tuple>", "<bytes b'bytes'>"],
        *["<Name json.tool2>", "<float 1.5>", "\ud800\x1b[31m\n"],
    }


def test_looking_imports_loads_and_warns_nothing(inside: Inside) -> None:
    script = """
import gc, json, http.server, email.message, xml.dom.minidom, concurrent.futures, typing, asyncio
import multiprocessing.managers, sqlite3, unittest.mock, decimal, ctypes.util
look = census.Census()
look.page()
def state():
    return {key: id(value) for key, value in _sys.modules.items()}
def namespaces():
    return {key: list(vars(value)) for key, value in _sys.modules.items()
            if type(value) is type(_sys) and not key.startswith(("modtui", "__m"))}
before, spaces = state(), namespaces()
look.page()
for name in before:
    detail.show(name)
freshness.verdicts()
freshness.verdicts(list(before))
after = namespaces()
changed = [name for name in after if after[name] != spaces[name]]
tell([state() == before, changed])
"""
    done = inside.process(START + script, "-W", "always")
    assert "@@[true, []]" in done.stdout, done.stderr[-3000:]
    assert "Warning" not in done.stderr


keys = st.one_of(
    st.text(max_size=8),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Co"]), max_size=4),
    st.integers(),
    st.none(),
    st.binary(max_size=4),
    st.tuples(st.integers(), st.text(max_size=3)),
    st.floats(allow_nan=True),
)
values = st.sampled_from(["none", "module", "class", "object", "number", "list", "function"])
attributes = st.dictionaries(
    st.sampled_from(
        [f"__{name}__" for name in ("file", "spec", "loader", "package", "path", "name", "cached")]
    ),
    st.one_of(st.none(), st.text(max_size=12), st.integers(), st.lists(st.text(max_size=5)))
    | st.sampled_from(["\0", "/dev/null", "/", "/proc/self/mem", "a\0b.py", "." * 5000]),
    max_size=6,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(keys, values, attributes), max_size=12))
def test_generated_entries(entries: list[tuple[object, str, dict[str, object]]]) -> None:
    from modtui.agent import census, detail, freshness

    made = {
        "none": lambda: None,
        "module": lambda: type(sys)("made"),
        "class": lambda: type("Made", (), {}),
        "object": lambda: type("Made", (), {})(),
        "number": lambda: 5,
        "list": lambda: [1],
        "function": lambda: lambda: 0,
    }
    saved = dict(sys.modules)
    try:
        for key, kind, stored in entries:
            if key in saved:
                continue
            value = made[kind]()
            if kind in ("module", "class", "object"):
                for name, attribute in stored.items():
                    if kind != "class" or name != "__name__":  # a class insists on a str
                        setattr(value, name, attribute)
            sys.modules[key] = value  # type: ignore[index, assignment]
        page = census.Census().page()
        names = [record["name"] for record in page["modules"]]
        assert len(names) == len(set(names)) == len(sys.modules) == page["total"]
        json.dumps(page)
        odd = [record["name"] for record in page["modules"] if record["name"] not in saved]
        for name in odd:
            json.dumps(detail.show(name))
        json.dumps(freshness.verdicts(odd))
    finally:
        for key in list(sys.modules):
            if key not in saved:
                del sys.modules[key]


BIG = "numpy pandas sqlalchemy django rich"


@pytest.fixture(scope="session")
def big_python() -> str:
    """An interpreter with big libraries: the one of MODTUI_BIG_PYTHON, or one made for this."""
    named = os.environ.get("MODTUI_BIG_PYTHON")
    if named:
        return named
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "modtui-tests"
    folder = cache / f"big-{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--no-compile", *BIG.split()]
        if subprocess.run(install, check=False).returncode:
            pytest.skip(f"cannot install {BIG} here; name an interpreter in MODTUI_BIG_PYTHON")
        ready.touch()
    return str(python)


BIG_SCRIPT = """
import json, sys, time, warnings
import numpy, pandas, sqlalchemy, sqlalchemy.orm, rich.console, rich.progress
import django.db.models, django.http, django.template, django.contrib.admin.sites
sys.path.insert(0, %r)
import modtui.agent.calls
calls = modtui.agent.calls.Calls()
def state(): return {key: id(value) for key, value in sys.modules.items()}
def namespaces():
    return {key: list(vars(value)) for key, value in sys.modules.items()
            if type(value) is type(sys) and not key.startswith(("modtui", "__m"))}
before, spaces = state(), namespaces()
page = calls.list_modules()
names = [record["name"] for record in page["modules"]]
assert sorted(names) == sorted(before), "a record for every entry"
found = calls.freshness()
assert sorted(found) == sorted(before)
for name in names[::7]:
    json.dumps(calls.show(name)); json.dumps(calls.source(name)); json.dumps(calls.baseline(name))
assert state() == before, "something was imported"
after = namespaces()
changed = [name for name in after if after[name] != spaces[name]]
assert not changed, changed
agent = [record["name"] for record in page["modules"] if record["from_agent"]]
assert all(name == "modtui" or name.startswith("modtui.") for name in agent), agent
stale = {name: said for name, said in found.items() if said["verdict"] == "stale"}
assert not stale, stale
print(len(names), {said["verdict"] for said in found.values()})
"""


def test_big_libraries(big_python: str, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    script = tmp_path / "big.py"
    script.write_text(BIG_SCRIPT % str(root))
    command = [big_python, "-W", "error::ImportWarning", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert int(done.stdout.split()[0]) > 1000
