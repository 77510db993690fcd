"""The text as loaded: captured at import, told by an inspector, after reloads and rollbacks."""

from __future__ import annotations

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

START = """
import os
from modtui.agent import baseline, freshness
here = os.path.dirname(os.path.abspath(__file__))
def write(name, text, mode="w"):
    with open(os.path.join(here, name), mode) as file:
        file.write(text)
def verdict(name="shop"):
    found = freshness.verdicts([name])[name]
    return [found["verdict"], found["proof"]]
def loaded(name="shop"):
    found = baseline.loaded(name)
    return [found["source"], found["proof"], found["data"]]
"""


def test_captured_text_is_the_one_as_loaded(inside: Inside) -> None:
    script = """
baseline.start_capturing()
write("shop.py", "x = 1\\n")
import shop
found = [verdict(), loaded()]
write("shop.py", "x = 2  # and more\\n")
found += [verdict(), loaded(), baseline.current("shop")["data"]]
write("shop.py", "x = 1\\n")
tell(found + [verdict()])
"""
    first, text, second, still, now, back = inside.run(START + script)
    assert first == ["fresh", "proved"]
    assert text == ["captured", "proved", "x = 1\n"]
    assert second == ["stale", "proved"]
    assert still == text
    assert now == "x = 2  # and more\n"
    assert back == ["fresh", "proved"]


def test_a_module_level_edit_of_the_same_size_is_seen(inside: Inside) -> None:
    script = """
baseline.start_capturing()
write("shop.py", "x = 1\\n")
import shop
write("shop.py", "x = 2\\n")
tell(verdict())
"""
    assert inside.run(START + script) == ["stale", "proved"]


def test_captured_through_a_pyc_too(inside: Inside) -> None:
    inside.write("shop.py", "x = 1\n")
    inside.run("import shop; tell(1)")
    script = "baseline.start_capturing()\nimport shop\ntell([bool(shop.__cached__), loaded()])"
    if inside.python.label == "3.15":
        script = script.replace("shop.__cached__", "1")
    assert inside.run(START + script) == [True, ["captured", "proved", "x = 1\n"]]


def test_a_lying_pyc_is_not_taken_for_the_text(inside: Inside) -> None:
    script = """
baseline.start_capturing()
import importlib
write("shop.py", "x = 1\\n")
path = os.path.join(here, "shop.py")
os.utime(path, (1e9, 1e9))
import shop
write("shop.py", "x = 2\\n")
os.utime(path, (1e9, 1e9 + 0.5))
importlib.reload(shop)
found = [shop.x, verdict(), loaded()]
write("new.py", "x = 1\\n")
path = os.path.join(here, "new.py")
os.utime(path, (1e9, 1e9))
import py_compile; py_compile.compile(path)
write("new.py", "x = 2\\n")
os.utime(path, (1e9, 1e9))
import new
tell(found + [new.x, verdict("new")[0] == "fresh", baseline.loaded("new")["source"]])
"""
    x, verdict, text, new, fresh, source = inside.run(START + script)
    assert x == 1, "the interpreter ran the old pyc"
    assert verdict == ["stale", "proved"]
    assert text == ["captured", "proved", "x = 1\n"]
    assert new == 1, "the interpreter ran the old pyc"
    assert not fresh
    assert source != "captured"


def test_a_reload_by_the_program_is_captured(inside: Inside) -> None:
    script = """
baseline.start_capturing()
import importlib
write("shop.py", "x = 1\\n")
import shop
write("shop.py", "x = 22\\n")
importlib.reload(shop)
tell([verdict(), loaded()])
"""
    assert inside.run(START + script) == [
        ["fresh", "proved"],
        ["captured", "proved", "x = 22\n"],
    ]


def test_a_reload_that_nobody_saw_makes_the_text_unknown(inside: Inside) -> None:
    script = """
baseline.start_capturing()
import importlib
write("shop.py", "x = 1\\n")
import shop
baseline.stop_capturing()
write("shop.py", "x = 22\\n")
importlib.reload(shop)
tell([verdict()[0], baseline.loaded("shop")["source"]])
"""
    verdict, source = inside.run(START + script)
    assert verdict != "stale"
    assert source != "captured"


def test_a_reload_that_fails_to_compile_changes_nothing(inside: Inside) -> None:
    script = """
baseline.start_capturing()
import importlib
write("shop.py", "x = 1\\n")
import shop
write("shop.py", "xyz = (\\n")
try: importlib.reload(shop)
except SyntaxError: pass
tell([verdict(), loaded()])
"""
    assert inside.run(START + script) == [["stale", "proved"], ["captured", "proved", "x = 1\n"]]


def test_looking_at_code_is_not_loading(inside: Inside) -> None:
    script = """
baseline.start_capturing()
write("shop.py", "x = 1\\n")
import shop
write("shop.py", "x = 22\\n")
shop.__spec__.loader.get_code("shop")
tell([verdict(), loaded()[2]])
"""
    assert inside.run(START + script) == [["stale", "proved"], "x = 1\n"]


def test_run_as_a_module(inside: Inside) -> None:
    inside.write("tool.py", "x = 1\n")
    script = """
baseline.start_capturing()
import runpy
_sys.argv = ["tool"]
main = _sys.modules["__main__"]
try: runpy._run_module_as_main("tool", alter_argv=False)
finally: tell([loaded("__main__")])
"""
    assert inside.run(START + script) == [["captured", "proved", "x = 1\n"]]


def test_capturing_leaves_what_it_found(inside: Inside) -> None:
    script = """
import importlib.machinery as machinery
loader = machinery.SourceFileLoader.__mro__[2]
before = loader.__dict__["get_code"]
baseline.start_capturing(); baseline.start_capturing()
during = loader.__dict__["get_code"]
baseline.stop_capturing(); baseline.stop_capturing()
tell([before is not during, loader.__dict__["get_code"] is before, baseline.capturing()])
"""
    assert inside.run(START + script) == [True, True, False]


def test_somebody_else_wraps_the_recorder(inside: Inside) -> None:
    script = """
import importlib.machinery as machinery
loader = machinery.SourceFileLoader.__mro__[2]
baseline.start_capturing()
inner = loader.get_code
def theirs(self, name): return inner(self, name)
loader.get_code = theirs
baseline.stop_capturing()
write("shop.py", "x = 1\\n")
import shop
first = baseline.loaded("shop")["source"]
baseline.start_capturing()
write("two.py", "x = 1\\n")
import two
tell([loader.get_code is not theirs, first, baseline.loaded("two")["source"]])
"""
    wrapped_again, first, second = inside.run(START + script)
    assert wrapped_again
    assert first != "captured"
    assert second == "captured"


def test_tracebacks_of_failing_imports_stay_short(inside: Inside) -> None:
    script = """
import traceback
write("bad.py", "x = (\\n")
write("imports_bad.py", "import bad\\n")
def frames():
    try:
        import imports_bad
    except SyntaxError as error:
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)]
before = frames()
baseline.start_capturing()
tell([before, frames()])
"""
    before, during = inside.run(START + script)
    assert before == during


def test_remembered_by_an_inspector(inside: Inside) -> None:
    inside.write("shop.py", "x = 1\n")
    script = """
import shop, importlib
digest = baseline.current("shop")["digest"]
text = {"name": "shop", "digest": digest, "detail": "the text that was kept at 12:00"}
taken = baseline.remember([text, dict(text, name="nowhere")])
found = [taken, verdict()]
write("shop.py", "x = 2\\n")
os.utime(os.path.join(here, "shop.py"), (1e9, 1e9))
reason = freshness.verdicts(["shop"])["shop"]["reason"]
found += [verdict(), "kept at 12:00" in reason]
importlib.reload(shop)
tell(found + [verdict()[0]])
"""
    taken, first, second, said, reloaded = inside.run(START + script)
    assert (taken, first) == (1, ["fresh", "proved"])
    assert (second, said) == (["stale", "proved"], True)
    assert reloaded != "stale"


def test_what_was_known_of_an_earlier_execution_is_not_taken(inside: Inside) -> None:
    script = """
import importlib
texts = ["RATE = 1\\ndef f(): return 1\\n", "RATE = 2\\ndef f(): return 1\\n",
         "RATE = 1\\ndef f(): return 2\\n"]
write("shop.py", texts[0])
import shop
text = baseline.current("shop")
first = {"name": "shop", "digest": text["digest"], "detail": "kept", "execution": text["execution"]}
same = baseline.current("shop")["execution"] == first["execution"]
wrong = 0
for number in range(1, 40):
    write("shop.py", texts[number % 3] + "#" * number)
    importlib.reload(shop)
    if number % 3:
        wrong += baseline.remember([first])
tell([same, wrong])
"""
    assert inside.run(START + script) == [True, 0]


def test_our_reload_rollback_and_undo(inside: Inside) -> None:
    script = """
from modtui.agent import calls
calls = calls.Calls()
baseline.start_capturing()
write("shop.py", "x = 1\\n")
import shop
write("shop.py", "x = 22\\n")
assert calls.reload(["shop"])["ok"]
found = [shop.x, verdict(), loaded()[2]]
write("shop.py", "x = 333\\n1/0\\n")
assert not calls.reload(["shop"])["ok"]
found += [shop.x, verdict(), loaded()[2]]
calls.undo()
tell(found + [shop.x, verdict(), loaded()[2]])
"""
    assert inside.run(START + script) == [
        *[22, ["fresh", "proved"], "x = 22\n"],
        *[22, ["stale", "proved"], "x = 22\n"],
        *[1, ["stale", "proved"], "x = 1\n"],
    ]


def test_our_reload_after_a_late_arrival(inside: Inside) -> None:
    inside.write("shop.py", "x = 1\n")
    script = """
from modtui.agent import calls
import shop
calls = calls.Calls()
write("shop.py", "x = 22\\n")
assert calls.reload(["shop"])["ok"]
found = [verdict(), loaded()[2]]
calls.undo()
tell(found + [shop.x, verdict()[0]])
"""
    verdict, text, x, undone = inside.run(START + script)
    assert (verdict, text, x) == (["fresh", "proved"], "x = 22\n", 1)
    assert undone in ("stale", "unknown")


def test_a_fresh_file_is_its_own_baseline(inside: Inside) -> None:
    inside.write("shop.py", "# caf\xe9\nx = 1\r\n".encode("latin-1"))
    inside.write("shop.py", b"# -*- coding: latin-1 -*-\n# caf\xe9\nx = 1\r\n")
    found = inside.run(START + "import shop\ntell(loaded())")
    if inside.knows_its_start:
        assert found == ["file", "proved", "# -*- coding: latin-1 -*-\n# caf\xe9\nx = 1\r\n"]


def test_linecache_is_labelled_as_a_guess(inside: Inside) -> None:
    inside.write("shop.py", "x = 1\n")
    script = """
import shop, linecache
linecache.getlines(shop.__file__)
write("shop.py", "x = 22\\n")
tell(loaded())
"""
    assert inside.run(START + script) == ["linecache", "none", "x = 1\n"]


def test_unreadable_texts_say_why(inside: Inside) -> None:
    inside.write("shop.py", "x = 1\n")
    script = """
import shop
os.remove(shop.__file__)
found = {name: baseline.current(name) for name in ("shop", "sys", "zipimport")}
tell({name: [text["data"], text["error"]] for name, text in found.items()})
"""
    assert inside.run(START + script) == {
        "shop": [None, "the file is gone"],
        "sys": [None, "it is built into the interpreter"],
        "zipimport": [None, "it is frozen into the interpreter and was not read from a file"],
    }
