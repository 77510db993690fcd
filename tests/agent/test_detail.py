"""All about one module: spec, names, importers, evidence; and who the target is."""

from __future__ import annotations

import os

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

START = """
import os
from modtui.agent import detail, identity
here = os.path.dirname(os.path.abspath(__file__))
"""


def test_names_importers_and_spec(inside: Inside) -> None:
    inside.write("shop/__init__.py", '"The shop."\nfrom . import pricing\n')
    inside.write(
        "shop/pricing.py",
        "import json as j\nfrom decimal import Decimal\nRATE = 2\nNAME = 'x' * 200\n"
        "HUGE = 1 << 5000\nTABLE = {1: 2}\n"
        "def price(net, *more, scale=1, **rest):\n    return net\n"
        "class Cart(dict):\n    pass\n",
    )
    inside.write("user.py", "import shop.pricing as p\nfrom shop.pricing import price as q, Cart\n")
    script = """
import user, shop
_sys.modules["alias"] = shop.pricing
found = detail.show("shop.pricing")
top = detail.show("shop")
names = {name["name"]: [name["kind"], name["type"], name["defined_in"], name["line"],
                        name["summary"]] for name in found["names"]}
tell([found["imports"], found["importers"], found["aliases"], found["parent"], names,
      found["spec"], top["submodules"], top["doc"], top["spec"], found["evidence"]])
"""
    result = inside.run(START + script)
    imports, importers, aliases, parent, names, spec, submodules, doc, package, evidence = result
    assert imports == ["decimal", "json"]
    assert importers == [
        {"module": "shop", "whole": ["pricing"], "names": []},
        {"module": "user", "whole": ["p"], "names": ["q", "Cart"]},
    ]
    assert aliases == ["alias"]
    assert parent == "shop"
    assert names["j"] == ["module", "module", None, None, "module json"]
    assert names["RATE"][-1] == "2"
    assert names["NAME"][-1].endswith("(200 in all)")
    assert names["HUGE"][-1] == "an int of 5001 bits"
    assert names["TABLE"] == ["value", "dict", None, None, "1 item"]
    assert names["price"] == [
        *["function", "function", "shop.pricing", 7],
        "price(net, *more, scale, **rest)",
    ]
    assert names["Cart"] == ["class", "type", "shop.pricing", None, "class Cart(dict)"]
    assert spec["name"] == "shop.pricing"
    assert spec["parent"] == "shop"
    assert spec["loader"] == "SourceFileLoader"
    assert spec["cached"].endswith(".pyc")
    assert submodules == ["shop.pricing"]
    assert doc == "The shop."
    assert package["submodule_search_locations"].endswith("/shop")
    assert any("1 function of this file" in said for said in evidence)
    assert any("bytes, last written" in said for said in evidence)


def test_every_entry_has_details(inside: Inside) -> None:
    script = """
import json, asyncio, http.server, decimal, xml.dom.minidom, enum, typing
_sys.modules["nothing"] = None
names = list(_sys.modules)
for name in names:
    json.dumps(detail.show(name))
tell(len(names))
"""
    assert inside.run(START + script) > 100


def test_a_name_that_a_reload_left_is_marked(inside: Inside) -> None:
    script = """
from modtui.agent import calls
calls = calls.Calls()
path = os.path.join(here, "shop.py")
open(path, "w").write("old = 1\\nkept = 1\\ndef gone(): pass\\n")
import shop
open(path, "w").write("kept = 22\\nimport os\\nnew = 1\\n")
assert calls.reload(["shop"])["ok"]
tell(sorted(name["name"] for name in calls.show("shop")["names"] if name["kept"]))
"""
    assert inside.run(START + script) == ["gone", "old"]


def test_unknown_module(inside: Inside) -> None:
    script = """
from modtui.agent.errors import UnknownModule
from modtui.agent import baseline
for ask in (detail.show, baseline.current, baseline.loaded):
    try: ask("no.such.module")
    except UnknownModule as error: said = str(error)
tell(said)
"""
    assert inside.run(START + script) == "there is no module 'no.such.module' in sys.modules"


def test_hello(inside: Inside) -> None:
    script = """
identity.arrived("injected", "1.2.3", ["zlib", "no.such"], ["/tmp/x.sock"])
import zlib, time
from modtui.agent import calls
tell([calls.Calls().hello(), os.getpid(), time.time(), _sys.executable])
"""
    hello, pid, now, executable = inside.run(START + script)
    target = hello["target"]
    assert hello["schema"] == 1
    assert (hello["arrival"], hello["version"]) == ("injected", "1.2.3")
    assert hello["sockets"] == ["/tmp/x.sock"]
    assert "zlib" in hello["added"]
    assert "modtui.agent.census" in hello["added"]
    assert "no.such" not in hello["added"]
    assert (hello["capturing"], hello["journal"], hello["threads"]) == (False, 0, 0)
    assert (target["pid"], target["executable"]) == (pid, executable)
    assert target["implementation"] == "cpython"
    if inside.knows_its_start:
        assert now - 30 < target["started"] < now
        assert any(word.endswith("script.py") for word in target["argv"])
    else:
        assert target["started"] == 0.0


def test_the_start_of_a_forked_process_is_its_image_s(inside: Inside) -> None:
    script = """
import time
parent = identity.image_started()
time.sleep(0.3)
read, write = os.pipe()
if not os.fork():
    if not os.fork():
        time.sleep(0.2)
        own, image = identity.started(), identity.image_started()
        os.write(write, repr([own, image]).encode())
    os._exit(0)
os.wait()
os.close(write)
own, image = eval(os.read(read, 1000))
orphan = image <= parent + 0.02
tell([parent, own, image, orphan])
"""
    if not inside.knows_its_start:
        return
    parent, own, _, early = inside.run(START + script)
    assert own > parent + 0.2
    assert early


def test_sums_without_the_builtin_blake2() -> None:
    import hashlib

    from modtui.agent.blake2 import blake2b

    for size in (0, 1, 127, 128, 129, 255, 256, 257, 1000):
        data = os.urandom(size)
        expected = hashlib.blake2b(data, digest_size=16).hexdigest()
        assert blake2b(data, digest_size=16).hexdigest() == expected
