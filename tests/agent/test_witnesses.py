"""The pyc that a module was loaded from, as a witness: copied away in time, or not believed."""

from __future__ import annotations

import os
from typing import Any

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

SHOP = "RATE = 2\n\n\ndef price(net):\n    return net * RATE\n"
SCRIPT = """
import os, subprocess, time
import shop
path = shop.__file__
text = open(path).read()
def edit(new):
    time.sleep(0.03)
    with open(path, "w") as file:
        file.write(new)
def elsewhere():
    time.sleep(0.03)
    subprocess.check_call([_sys.executable, "-c", "import shop"], cwd=os.path.dirname(path))
from modtui.agent import census, freshness, reloading
def verdict(): return freshness.verdicts(["shop"])["shop"]
%s
"""


def run(inside: Inside, happens: str, *options: str, first: bool = True) -> Any:
    """What happens in a process that was started when the pyc was there."""
    os.utime(inside.write("lib/shop.py", SHOP), (1e9, 1e9))
    paths = {"PYTHONPATH": os.pathsep.join([inside.house, f"{inside.seen}/lib"])}
    if first:
        inside.run("import shop; tell(1)", ready=False, environment=paths)
    return inside.run(SCRIPT % happens, *options, ready=False, environment=paths)


def test_copied_at_the_first_look(inside: Inside) -> None:
    happens = """
edit(text.replace("RATE = 2", "RATE = 3"))
census.Census().page()
elsewhere()
found = verdict()
tell([found, freshness.live_code("shop")["pyc_sure"]])
"""
    found, sure = run(inside, happens)
    assert found["verdict"] == "stale"
    assert "statements outside of functions" in found["reason"]
    if inside.knows_its_start:
        assert found["proof"] == "proved"
        assert sure


def test_overwritten_before_anybody_looked(inside: Inside) -> None:
    happens = """
edit(text.replace("RATE = 2", "RATE = sum([3])"))
elsewhere()
tell([verdict(), freshness.live_code("shop")["pyc"]])
"""
    found, pyc = run(inside, happens)
    assert found["verdict"] == "unknown", found
    assert pyc is None


def test_copied_before_a_reload(inside: Inside) -> None:
    happens = """
edit(text.replace("RATE = 2", "RATE = sum([3])"))
reloading.reload(["shop"], yes=True)
elsewhere()
reloading.undo()
tell([shop.RATE, verdict()])
"""
    rate, found = run(inside, happens)
    assert rate == 2
    assert found["verdict"] == "stale"
    assert "statements outside of functions" in found["reason"]


def test_out_of_date_when_it_was_loaded(inside: Inside) -> None:
    # The pyc is of another text, and a process that writes none has left it there.
    os.utime(inside.write("lib/shop.py", SHOP.replace("RATE = 2", "RATE = 33")), (1e8, 1e8))
    paths = {"PYTHONPATH": os.pathsep.join([inside.house, f"{inside.seen}/lib"])}
    inside.run("import shop; tell(1)", ready=False, environment=paths)
    found = run(inside, "os.utime(path); tell(verdict())", "-B", first=False)
    assert found["verdict"] == "unknown", found
