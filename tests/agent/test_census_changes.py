"""The census in pages, and what changes from one to the next, while the target goes on."""

from __future__ import annotations

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

START = """
from modtui.agent import census, detail, freshness
"""


def test_pages_and_changes(inside: Inside) -> None:
    inside.write("one.py", "")
    inside.write("two.py", "")
    script = """
look = census.Census()
whole = look.page(0, 0)
names, offset = [], 0
while offset is not None:
    page = look.page(offset, 7)
    assert len(page["modules"]) <= 7 and page["total"] == whole["total"]
    names += [record["name"] for record in page["modules"]]
    offset = page["next"]
same = names == [record["name"] for record in whole["modules"]]
now = whole["generation"]
nothing = look.changes(now)
import one, two
first = look.changes(now)
del _sys.modules["one"]
del _sys.modules["two"]
import two
second = look.changes(first["generation"])
both = look.changes(now)
other = census.Census().changes(first["generation"])
def short(changes): return [sorted(r["name"] for r in changes["added"]), changes["removed"]]
tell([same, short(nothing), nothing["generation"] == now, short(first), short(second),
      short(both), short(other)])
"""
    same, nothing, generation, first, second, both, other = inside.run(START + script)
    assert same
    assert nothing == [[], []]
    assert generation
    assert first == [["one", "two"], []]
    assert second == [["two"], ["one"]]
    assert both == [["two"], ["one"]]
    assert other == second


def test_a_module_that_is_imported_again_is_always_noticed(inside: Inside) -> None:
    inside.write("one.py", "x = 1")
    script = """
look = census.Census()
now = look.page()["generation"]
missed = 0
for _ in range(200):
    import one
    now = look.changes(now)["generation"]
    del _sys.modules["one"], one
    import one
    changes = look.changes(now)
    missed += [record["name"] for record in changes["added"]] != ["one"]
    now = changes["generation"]
tell(missed)
"""
    assert inside.run(START + script) == 0


def test_no_module_is_kept_alive(inside: Inside) -> None:
    inside.write("one.py", "x = 1")
    script = """
import weakref, gc, one
look = census.Census()
now = look.page()["generation"]
detail.show("one"); freshness.verdicts(); look.page(0, 3)
alive = weakref.ref(one)
del _sys.modules["one"], one
gc.collect()
tell(alive() is None)
"""
    assert inside.run(START + script)


def test_it_changes_while_it_is_read(inside: Inside) -> None:
    script = """
import threading
stop = False
def churn():
    number = 0
    while not stop:
        number += 1
        _sys.modules["churn%d" % (number % 500)] = type(_sys)("churn")
        _sys.modules.pop("churn%d" % ((number + 250) % 500), None)
_sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=churn) for _ in range(2)]
for thread in threads: thread.start()
look = census.Census()
now = 0
for _ in range(60):
    names = [record["name"] for record in look.page()["modules"]]
    assert len(names) == len(set(names)) and "sys" in names
    now = look.changes(now)["generation"]
stop = True
tell(True)
"""
    assert inside.run(START + script)


def test_sys_modules_was_replaced(inside: Inside) -> None:
    script = """
class Modules(dict):
    def items(self): raise SystemExit
    __iter__ = keys = values = get = __getitem__ = items
before = len(_sys.modules)
_sys.modules = Modules(dict.items(_sys.modules))
found = census.Census().page()["total"]
_sys.modules = None
nothing = census.Census().page()["total"]
print("@@" + repr([found == before, nothing]).lower()); os._exit(0)
"""
    done = inside.process(START + script)
    assert "@@[true, 0]" in done.stdout, done.stderr
