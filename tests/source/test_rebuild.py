"""The source as loaded, rebuilt from live bytecode: nothing is called proved that is not."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from modtui.source import rebuild
from modtui.source.baselines import Baseline
from modtui.source.changes import Change, between
from modtui.source.matching import Matcher, matcher
from modtui.source.rebuild import encode
from modtui.source.text import decode
from tests.pythons import PYTHONS, Python

FEW = 8  # functions changed by edits, for each Python; by hand it is run with hundreds
HOUSE = Path(__file__).resolve().parents[2]
TRIALS = Path(__file__).with_name("rebuild_trials.py")
ONE = next(python for python in PYTHONS if not python.root)
LOADED = '''"""Prices."""
import decimal

VAT = decimal.Decimal("0.19")


def to_cents(net, gross):
    """Round."""
    # to cents
    total = 0
    for one in net:
        total += one * (1 + VAT)
    return total.quantize(decimal.Decimal("0.01")) if gross else total


class Cart:
    limit = 10

    def pay(self, basket, gateway):
        if not basket.items:
            raise ValueError("nothing in %r" % basket)
        gateway.pay(basket.user.card, basket.total())
        return True

    def left(self):
        return self.limit - len(self.items)


def last(x):
    return x
'''
EDITED = '''"""Prices."""
import decimal

VAT = decimal.Decimal("0.19")


def rounded(value):
    return value


def to_cents(net, gross):
    """Round."""
    # to cents
    return rounded(net * (1 + VAT) if gross else net)


class Cart:
    limit = 10

    def pay(self, basket, gateway):
        gateway.pay(basket)
        return False


def last(x):
    return x
'''
SCRIPT = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
import m
open(m.__file__, "w", encoding="utf-8").write(open(sys.argv[3], encoding="utf-8").read())
from modtui.agent.calls import Calls
calls = Calls()
print(json.dumps([calls.live_code("m"), calls.hello()["target"]]))
"""
EQUAL = """
import sys
sys.path.insert(0, sys.argv[1])
from modtui.agent import codes
one, other = (compile(open(p, "rb").read(), "m", "exec") for p in sys.argv[2:4])
sys.exit(not (codes.same(one, other) and codes.same_place(one, other)))
"""


def late(
    python: Python, folder: Path, loaded: str, edited: str, write_pyc: bool = False
) -> Matcher:
    """A matcher for a module whose file was edited after it was loaded."""
    if python.root:
        pytest.skip("it does not see this checkout")
    (folder / "m.py").write_text(loaded, encoding="utf-8")
    (folder / "edited").write_text(edited, encoding="utf-8")
    flags = [] if write_pyc else ["-B"]
    done = subprocess.run(
        [*python.command, *flags, "-c", SCRIPT, str(folder), str(HOUSE), str(folder / "edited")],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    live, target = json.loads(done.stdout)
    found = matcher(live, target, "")
    assert found is not None
    return found


def same_code(python: Python, folder: Path, one: bytes, other: bytes) -> bool:
    (folder / "one").write_bytes(one)
    (folder / "other").write_bytes(other)
    paths = [str(folder / "one"), str(folder / "other")]
    done = subprocess.run([*python.command, "-c", EQUAL, str(HOUSE), *paths], check=False)
    return done.returncode == 0


def test_three_edits_and_a_function_that_is_gone(python: Python, tmp_path: Path) -> None:
    found = rebuild.rebuild(late(python, tmp_path, LOADED, EDITED), EDITED.encode(), [], 20)
    assert found is not None
    assert found.data is not None
    assert (found.source, found.proof) == ("rebuilt", "likely")
    told = {(each.qualname, each.change) for each in found.definitions}
    expected = {("to_cents", "changed"), ("Cart.pay", "changed"), ("Cart.left", "removed")}
    assert told == expected
    assert "all 3 changed functions are proved" in found.detail
    assert same_code(python, tmp_path, found.data, LOADED.encode())


def test_with_the_compiled_file_the_whole_text_is_proved(tmp_path: Path) -> None:
    edited = LOADED.replace('"0.19"', '"0.2"').replace("limit = 10", "limit = 11")
    edited = edited.replace("return True", "return 1")
    match = late(ONE, tmp_path, LOADED, edited, write_pyc=True)
    found = rebuild.rebuild(match, edited.encode(), [], 20)
    assert found is not None
    assert found.data == LOADED.encode()
    assert found.proof == ("proved" if match.sure else "likely")
    assert "it compiles to the very code that was loaded, and is as long" in found.detail


def test_lines_come_from_other_texts_too(tmp_path: Path) -> None:
    head = LOADED.replace("# to cents", "# to whole cents").replace("- len", "+ len")
    match = late(ONE, tmp_path, LOADED, EDITED)
    found = rebuild.rebuild(match, EDITED.encode(), [b"def (", head.encode()], 20)
    assert found is not None
    assert found.data == head.replace("+ len", "- len").encode()


def test_unproved_lines_are_guesses(tmp_path: Path) -> None:
    loaded = LOADED.replace("return x", "return [(a, b) for a in x if a for b in a if b < a < 9]")
    match = late(ONE, tmp_path, loaded, EDITED)
    found = rebuild.rebuild(match, EDITED.encode(), [], 20)
    assert found is not None
    assert found.data is not None
    lines = decode(found.data).lines
    if found.data != loaded.encode():
        assert "dim lines are guesses" in found.detail
        assert any("def last" in lines[index - 1] for index in found.guessed)


def test_nothing_new_and_nothing_that_works(tmp_path: Path) -> None:
    only_constant = LOADED.replace('"0.19"', '"0.2"')
    match = late(ONE, tmp_path, LOADED, only_constant)
    assert rebuild.rebuild(match, only_constant.encode(), []) is None
    assert rebuild.rebuild(Matcher(match.live, "/bin/false"), EDITED.encode(), []) is None
    assert rebuild.rebuild(Matcher(match.live, "/nowhere"), EDITED.encode(), []) is None
    assert rebuild.rebuild(match, b"#" * (rebuild.MOST_BYTES + 1), []) is None


def test_without_any_text(tmp_path: Path) -> None:
    match = late(ONE, tmp_path, "def f(a, b=1):\n    return a + b * 2\n", "")
    found = rebuild.rebuild(match, None, [], 20)
    assert found is not None
    assert found.data is not None
    assert b"def f(a, b" in found.data
    assert b"return a + b * 2" in found.data


def test_it_ends_in_time(tmp_path: Path) -> None:
    body = "".join(f"    x{n} = g(x{n}, {n})\n" for n in range(3000))
    loaded = "".join(f"def f{n}(x):\n{body}\n" for n in range(3))
    match = late(ONE, tmp_path, loaded, loaded.replace("g(x", "h(y"))
    start = time.monotonic()
    rebuild.rebuild(match, loaded.replace("g(x", "h(y").encode(), [], 1.0)
    assert time.monotonic() - start < 1.0 + rebuild.PATIENCE + 5


def test_everything_proved_is_true(python: Python) -> None:
    if python.root:
        pytest.skip("it does not see this checkout")
    done = subprocess.run(
        [*python.command, "-I", "-B", str(TRIALS), str(HOUSE), "11", str(FEW)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["lies"] == []
    seen = sum(count for count, _ in found["told"].values())
    proved = sum(count for _, count in found["told"].values())
    assert proved / seen > 0.5, found["told"]


def test_bytes_as_the_file_has_them() -> None:
    like = decode("# coding: latin-1\r\nx = 'é'\r\n".encode("latin-1"))
    assert encode(["# coding: latin-1", "y = 'é'"], like) == (
        "# coding: latin-1\r\ny = 'é'\r\n".encode("latin-1")
    )
    assert encode(["x = '€'"], like) is None
    assert encode(["x"], decode(b"\xef\xbb\xbfx")) == b"\xef\xbb\xbfx"


def guessed_change() -> Change:
    """A change of which the second line as loaded is a guess."""
    old, new = b"def f():\n    x = 1\n    return 2\n", b"def f():\n    x = 3\n    return 4\n"
    told: Any = between("m", old, new).definitions[0]
    base = Baseline(old, "rebuilt", "likely", "rebuilt", frozenset({0, 1}), (told,))
    return Change("m", "/m.py", base, new)


def test_a_change_knows_its_guesses() -> None:
    found = guessed_change()
    assert found.guesses == (1,)  # the first line is that of the file
    assert found.as_json()["baseline"]["guessed"] == [1, 2]
    assert [one.qualname for one in found.definitions] == ["f"]


def test_definitions_by_bytecode_where_the_old_text_is_no_python() -> None:
    told: Any = between("m", b"def f(): pass\n", b"def f(): return 1\n").definitions
    base = Baseline(b"def f(:\n", "rebuilt", "none", "rebuilt", frozenset({0}), told)
    assert Change("m", None, base, b"def f(): return 1\n").definitions == told
