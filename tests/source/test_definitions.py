"""Changes told by definition."""

from __future__ import annotations

import pytest

from modtui.source.definitions import compare, outline

OLD = '''"""Doc."""
import os
RATE = 1
class Cart(Base):
    rate = 1
    def total(self, x=1):
        return sum(self)
    def gone(self): pass
    @property
    def p(self): return 1
    @p.setter
    def p(self, v): self.x = v
if os:
    def cond(): return 1
def f(a): return 1
register("a")
'''


def told(old: str, new: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(d.qualname, d.change, d.what) for d in compare(old, new).definitions]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("return sum(self)", "return sum(self) + 1", ("Cart.total", "changed", ("body",))),
        ("x=1", "x=2", ("Cart.total", "changed", ("defaults",))),
        ("x=1", "y=1", ("Cart.total", "changed", ("signature", "body"))),
        ("self, x=1", "self, x: int=1", ("Cart.total", "changed", ("annotations",))),
        ("Cart(Base)", "Cart(Other)", ("Cart", "changed", ("bases",))),
        ("    rate = 1", "    rate = 2", ("Cart.rate", "changed", ("value",))),
        ("    def gone(self): pass\n", "", ("Cart.gone", "removed", ())),
        ("self.x = v", "self.y = v", ("Cart.p", "changed", ("body",))),
        ("@property", "@cached", ("Cart.p", "changed", ("decorators",))),
        ("def cond(): return 1", "def cond(): return 2", ("cond", "changed", ("constants",))),
        ("def f(a): return 1", "async def f(a): return 1", ("f", "changed", ("async",))),
        ("RATE = 1", "RATE = 2", ("RATE", "changed", ("value",))),
        ("import os", "import os, sys", ("<module>", "changed", ("imports",))),
        ('register("a")', 'register("b")', ("<module>", "changed", ("statements",))),
        ('"""Doc."""', '"""Other."""', ("<module>", "changed", ("docstring",))),
        ("def f(a): return 1", "class f: pass", ("f", "changed", ("kind",))),
        (
            "def f(a): return 1",
            'def f(a):\n    "New."\n    return 1',
            ("f", "changed", ("docstring",)),
        ),
        ("RATE = 1\n", "RATE = 1\nclass New: x = 1\n", ("New", "added", ())),
    ],
)
def test_one_edit(before: str, after: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    assert before in OLD
    if expected[2] == ("signature", "body"):
        expected = (expected[0], expected[1], ("signature",))
    assert told(OLD, OLD.replace(before, after, 1)) == [expected]


def test_a_one_of_several_definitions() -> None:
    old = "@overload\ndef f(a: int): ...\ndef f(a): return a\n"
    assert told(old, old.replace("a: int", "a: str")) == [("f", "changed", ("annotations",))]
    more = "@overload\ndef f(a: str): ...\n" + old
    assert told(old, more)[0][:2] == ("f", "changed")


def test_lines_of_both_texts() -> None:
    (found,) = compare(
        OLD, "# a new first line\n" + OLD.replace("sum(self)", "max(self)")
    ).definitions
    assert (found.line, found.old_line) == (7, 6)
    (found,) = compare(OLD, OLD.replace("    def gone(self): pass\n", "")).definitions
    assert (found.line, found.old_line) == (None, 8)


def test_layout_and_comments_only() -> None:
    result = compare(OLD, "# hello\n" + OLD.replace("RATE = 1", "RATE  =  1"))
    assert result.same_code
    assert result.definitions == ()


def test_a_text_that_is_not_python() -> None:
    result = compare(OLD, OLD + "def (\n")
    assert result.new_problem is not None
    assert result.new_problem.line == 17
    assert not result.same_code
    assert compare("def (", OLD).old_problem is not None
    assert compare(OLD, b"x = '\xff'\n").new_problem is not None
    assert compare(OLD, "x = 1\0").new_problem is not None
    assert compare(OLD, "(" * 5000).new_problem is not None


def test_outline_names_what_encloses_a_line() -> None:
    lines = OLD.split("\n")
    assert outline(lines, 6) == ["class Cart", "def total"]
    assert outline(lines, 0) == []
    assert outline(lines, 8) == ["class Cart", "def p"]
    assert outline(lines, 14) == ["def f"]
    assert outline(lines, 99) == []
    nested = ["class A:", "    if x:", "        def f(self):", "", "# odd", "            return ("]
    assert outline(nested, 5) == ["class A", "def f"]
