"""Proofs by a helper process: the target's own interpreter compiles, nothing is held meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modtui.source import prove
from tests.agent.inside import Inside, settle
from tests.agent.inside import make as make_inside
from tests.pythons import Python

SERVE = """
import json, os
here = os.path.dirname(os.path.abspath(__file__))
import shop, big
from modtui.agent import calls
calls = calls.Calls()
tell(calls.hello()["target"])
for line in _sys.stdin:
    name, arguments = json.loads(line)
    if name == "run":
        exec(arguments[0]); tell(None)
    else:
        tell(getattr(calls, name)(*arguments))
"""
SHOP = "RATE = 2\ndef price(net):\n    return net * RATE\n"
BIG = SHOP + "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(3000))


class Remote:
    """The calls of an agent in another process."""

    def __init__(self, inside: Inside, *options: str) -> None:
        self.process: subprocess.Popen[str] = inside.start(SERVE, *options)
        self.target = self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("@@"):
                return json.loads(line[2:])
        raise AssertionError(self.process.communicate())

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            return self._answer()

        return call

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture
def inside(python: Python, tmp_path: Path) -> Iterator[Inside]:
    if python.root:
        pytest.skip("a chroot cannot see the checkout")
    for one in make_inside(python, tmp_path):
        one.write("shop.py", SHOP)
        one.write("big.py", BIG)
        settle()
        yield one


@pytest.fixture
def remote(inside: Inside) -> Iterator[Remote]:
    remote = Remote(inside)
    yield remote
    remote.close()


def check(remote: Remote, *names: str) -> dict[str, Any]:
    return prove.prove(remote, names, remote.target)  # type: ignore[return-value]


def test_untouched_stays_proved(remote: Remote) -> None:
    found = check(remote, "shop", "big", "sys", "nowhere")
    assert found["shop"]["verdict"] == "fresh"
    assert found["shop"]["proof"] == "proved"
    assert found["sys"]["verdict"] == "n/a"
    assert "nowhere" not in found


def test_a_big_file_is_compared(inside: Inside, remote: Remote) -> None:
    inside.write("big.py", BIG.replace("return x + 2500", "return x - 2500"))
    assert remote.freshness(["big"])["big"]["proof"] != "proved"
    found = check(remote, "big")["big"]
    assert (found["verdict"], found["proof"]) == ("stale", "proved")
    assert "`f2500`" in found["reason"]


def test_a_big_file_that_was_touched(inside: Inside, remote: Remote) -> None:
    inside.write("big.py", BIG)
    found = check(remote, "big")["big"]
    assert found["verdict"] == "fresh"
    assert found["proof"] == "likely"


def test_the_target_ran_optimised(inside: Inside) -> None:
    inside.write("shop.py", SHOP.replace("    return", "    assert net\n    return"))
    settle()
    remote = Remote(inside, "-OO")
    inside.write("shop.py", SHOP.replace("    return", "    assert net\n    return"))
    found = check(remote, "shop")["shop"]
    remote.close()
    assert found["verdict"] in ("fresh", "unknown"), found


def test_loaded_from_a_pyc_that_lied(inside: Inside) -> None:
    # The file was edited, and its time put back, before the process began.
    lie = (
        "import os, shop, time\n"
        "path = shop.__file__; status = os.stat(path)\n"
        "open(path, 'w').write(%r)\n"
        "os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns)); tell(1)"
    )
    inside.run(lie % SHOP.replace("net * RATE", "net + RATE"))
    settle()
    remote = Remote(inside)
    shallow = remote.freshness(["shop"])["shop"]
    found = check(remote, "shop")["shop"]
    remote.close()
    assert (shallow["verdict"], shallow["proof"]) == ("fresh", "proved")
    assert found["verdict"] == "unknown"
    assert "`price` in memory differs" in found["reason"]


def test_no_interpreter_of_that_release(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "executable", "")
    target = {**remote.target, "executable": "/nowhere/python"}
    found = prove.prove(remote, ["shop"], target, progress=told.append)  # type: ignore[arg-type]
    assert found["shop"]["verdict"] == "fresh"
    assert "no interpreter here compiles as the target's does" in told[0]
    assert "/nowhere/python" in told[0]


def test_without_an_interpreter_the_agent_compares(
    inside: Inside, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(prove, "MANY", 0)  # as if many had been asked for
    target = {**remote.target, "executable": "/nowhere/python"}
    inside.write("shop.py", SHOP.replace("net * RATE", "net + RATE"))
    found: Any = prove.prove(remote, ["shop"], target)  # type: ignore[arg-type]
    assert found["shop"]["verdict"] == "stale", found


def test_everything_in_a_process(remote: Remote) -> None:
    remote.run("import asyncio, http.server, json, decimal, email.mime.text, xml.dom.minidom")
    names = list(remote.freshness())
    found = check(remote, *names)
    assert not [name for name, verdict in found.items() if verdict["verdict"] == "stale"]
    odd = {
        name: verdict
        for name, verdict in found.items()
        if verdict["verdict"] == "unknown" and name != "__main__"
    }
    assert not {name for name in odd if not name.startswith("modtui")}, odd
