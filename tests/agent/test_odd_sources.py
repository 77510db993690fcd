"""Sources that are odd, each loaded twice: one file only touched since, one edited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from modtui.source.changes import between
from tests.agent.inside import Inside, inside

__all__ = ["inside"]

FUNCTION = "def f(x):\n\treturn x + 1, '%s'\n\n\nclass C:\n\tdef g(self):\n\t\treturn 2\n"
PLAIN = FUNCTION % "plain"
EXEC = """import sys
text = "def made(): return 1\\n"
exec(compile(text, __file__, "exec"))
def f(x):
    return x + 1
"""
SOURCES: dict[str, bytes] = {
    "latin": ("# -*- coding: latin-1 -*-\n" + FUNCTION % "\xe9\xfc").encode("latin-1"),
    "cyrillic": ("# vim: set fileencoding=koi8-r :\n" + FUNCTION % "\u0434\u0430").encode("koi8-r"),
    "marked": b"\xef\xbb\xbf" + (FUNCTION % "\u20ac").encode(),
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "carriage": PLAIN.replace("\n", "\r").encode(),
    "mixed": PLAIN.replace("\n", "\r\n", 3).encode(),
    "feeds": ("x = 1\n\f\n" + FUNCTION % "a\x0b\x0c b\u2028c\x85").encode(),
    "endless": PLAIN.rstrip("\n").encode() + b"  # no newline",
    "future": b"from __future__ import annotations\ndef f(x: int) -> Nothing:\n    return x + 1\n",
    "made": EXEC.encode(),
    "lines": b"def f(x):\n    return (x\n\n        + 1,\\\n 3)\n",
    "deep": b"def f(x):\n    def g():\n        return lambda: x + 1\n    return g\n",
    "nan": b"def f(x):\n    return x + 1, 1e999 - 1e999, -0.0, 1j, ..., b'\\x00', x in {1, 2}\n",
}
SCRIPT = """
import importlib, os, sys
names = %r
for name in names:
    importlib.import_module(name + "_touched")
    importlib.import_module(name + "_edited")
importlib.import_module("twice_pkg.twice")
import runpy
kept = runpy.run_path(os.path.join(os.path.dirname(__file__), "run_by_path.py"), {"kept": []})
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "twice_pkg"))
import twice
import time; time.sleep(0.03)
for name in names:
    path = sys.modules[name + "_touched"].__file__
    data = open(path, "rb").read()
    open(path, "wb").write(data)
    path = sys.modules[name + "_edited"].__file__
    data = open(path, "rb").read().replace(b"+ 1", b"+ 22")
    open(path, "wb").write(data)
path = twice.__file__
open(path, "a").write("# twice\\n")
from modtui.agent import baseline, freshness
answers = freshness.verdicts([n + e for n in names for e in ("_touched", "_edited")])
twice_answers = freshness.verdicts(["twice", "twice_pkg.twice", "__main__"])
tell([answers, {n: baseline.current(n + "_edited") for n in names}, twice_answers])
"""


def test_odd_sources(inside: Inside) -> None:
    for name, data in SOURCES.items():
        inside.write(f"{name}_touched.py", data)
        inside.write(f"{name}_edited.py", data)
    inside.write("twice_pkg/__init__.py", "")
    inside.write("twice_pkg/twice.py", PLAIN)
    inside.write("run_by_path.py", "def f(): return 1\nkept.append(f)\n")
    answers, texts, twice = inside.run(SCRIPT % list(SOURCES))
    for name, data in SOURCES.items():
        touched, edited = answers[f"{name}_touched"], answers[f"{name}_edited"]
        assert touched["verdict"] in ("fresh", "unknown"), (name, touched)
        assert edited["verdict"] == "stale", (name, edited)
        now = texts[name]["data"].encode("latin-1")
        assert now == data.replace(b"+ 1", b"+ 22"), name
        change = between(name, data, now)
        assert (change.added, change.removed) == (1, 1), (name, change.unified())
    # One file under two names: each entry is judged by its own objects.
    for name in ("twice", "twice_pkg.twice"):
        assert twice[name]["verdict"] == "stale", twice
        assert "only comments" in twice[name]["reason"]
    assert twice["__main__"]["verdict"] != "stale"


REWRITTEN = """
import json, os, sys
def helper(x):
    return x + 1
def test_it():
    assert helper(1) == 2
    os.utime(__file__)
    sys.path.insert(0, %r)
    from modtui.agent import freshness
    print("@@" + json.dumps(freshness.verdicts([__name__])[__name__]))
"""


def test_rewritten_by_pytest(tmp_path: Path) -> None:
    house = str(Path(__file__).resolve().parents[2])
    (tmp_path / "test_own.py").write_text(REWRITTEN % house)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "test_own.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    told = next(line for line in done.stdout.splitlines() if "@@" in line)
    found: Any = json.loads(told[told.index("@@") + 2 :])
    assert found["verdict"] in ("fresh", "unknown"), found
    assert "AssertionRewritingHook" in found["reason"] or found["verdict"] == "fresh"


SHADOWED = """
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "first"), os.path.join(here, "second")]
import shop, _json
from modtui.agent import detail
before = detail.show("shop")["evidence"]
open(os.path.join(here, "first", "shop.py"), "w").write("x = 2\\n")
after = detail.show("shop")["evidence"]
sys.modules["fast"] = _json
tell([before, after])
"""


def test_another_file_would_be_found_first(inside: Inside) -> None:
    inside.write("first/other.py", "")
    inside.write("second/shop.py", "x = 1\n")
    before, after = inside.run(SHADOWED)
    assert not [said for said in before if "find another file" in said]
    assert [said for said in after if "find another file" in said and "first/shop.py" in said]


CYTHON = """
import importlib.machinery, importlib.util, os, shutil, sys
here = os.path.dirname(os.path.abspath(__file__))
found = importlib.util.find_spec("_json")
if not found.origin.endswith(".so"):
    tell(None)
else:
    path = os.path.join(here, "_json.cpython-x.so")
    shutil.copy(found.origin, path)
    os.utime(path, (1e9, 1e9))
    loader = importlib.machinery.ExtensionFileLoader("_json", path)
    spec = importlib.util.spec_from_file_location("_json", path, loader=loader)
    sys.modules.pop("_json", None)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules["_json"] = module
    from modtui.agent import detail
    told = detail.show("_json")
    tell([told["record"]["freshness"], told["evidence"]])
"""


def test_cython_source_beside_an_extension(inside: Inside) -> None:
    inside.write("_json.pyx", "def f(): pass\n")
    told = inside.run(CYTHON)
    if told is not None:  # it is built into some interpreters
        freshness, evidence = told
        assert freshness["verdict"] == "n/a"
        assert [said for said in evidence if "_json.pyx" in said]
