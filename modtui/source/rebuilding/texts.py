"""Texts to take lines from, and what is known of the text that was loaded, line by line."""

from __future__ import annotations

import ast
from types import CodeType

from .instructions import NOTHING, Line, by_line, inside, last_line, nested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

FUNCTION = 0x1  # CO_OPTIMIZED: a function's code, not a module's or the body of a class
ERRORS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)


class Unit:
    """A function that is not inside of another one of its kind: its name, code and lines."""

    __slots__ = ("code", "first", "last", "qualname")

    def __init__(self, qualname: str, code: CodeType, last: int) -> None:
        self.qualname, self.code, self.last = qualname, code, last
        self.first = code.co_firstlineno

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.code.co_name


def is_function(code: CodeType) -> bool:
    """Whether it is the code of a `def`, not of a lambda, a comprehension or a class."""
    return bool(code.co_flags & FUNCTION) and code.co_name.isidentifier() and _by_people(code)


def _by_people(code: CodeType) -> bool:
    return code.co_name not in ("__annotate__", "__annotate_func__")


def outermost(code: CodeType, prefix: str = "") -> Iterator[tuple[str, CodeType]]:
    """The functions of a module or class that are not inside of other functions."""
    for each in nested(code):
        if is_function(each):
            yield prefix + each.co_name, each
        elif each.co_name.startswith("<generic"):
            yield from outermost(each, prefix)
        elif not each.co_flags & FUNCTION:
            yield from outermost(each, f"{prefix}{each.co_name}.")


def functions(code: CodeType, prefix: str = "") -> Iterator[tuple[str, CodeType]]:
    """All functions, those inside of others, too."""
    for name, each in outermost(code, prefix):
        yield name, each
        yield from functions(each, name + ".<locals>.")


class Reference:
    """A text that exists, compiled: lines are taken from it."""

    def __init__(self, text: str, optimize: int, whole: bool) -> None:
        self.text = text
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.tree = ast.parse(text)
        self._spans: dict[int, int] | None = None
        self.top = compile(text, "<text>", "exec", dont_inherit=True, optimize=optimize)
        known = [self.top] if whole else [code for _, code in _function_codes(self.top)]
        self.facts = by_line(known)
        ends = _ends(self.tree)
        self.units = []
        for name, code in functions(self.top):
            last = ends.get((code.co_name, code.co_firstlineno)) or last_line(code)
            self.units.append(Unit(name, code, last))
        self.units.sort(key=lambda unit: unit.first)

    @property
    def spans(self) -> dict[int, int]:
        """The last line of each statement outside of functions, by its first."""
        if self._spans is None:
            self._spans = {}
            _statements(self.tree.body, self._spans)
        return self._spans

    def line(self, number: int) -> str:
        """A line, counted from 1; "" beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def fact(self, number: int) -> Line:
        """The code on a line."""
        return self.facts.get(number, NOTHING)

    def imported(self) -> list[str]:
        """The names that imports at the top level bind: 3.12+ compiles calls of theirs its way."""
        found = []
        for node in self.tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    name = (alias.asname or alias.name).split(".")[0]
                    if name.isidentifier():
                        found.append(name)
        return found


def _statements(body: Sequence[Any], found: dict[int, int]) -> None:
    for node in body:
        first = min([node.lineno] + [each.lineno for each in getattr(node, "decorator_list", [])])
        if isinstance(node, ast.ClassDef):
            inner = node.body[0]
            start = min([inner.lineno] + [d.lineno for d in getattr(inner, "decorator_list", [])])
            heads = [*node.bases, *(keyword.value for keyword in node.keywords)]
            ends = [each.end_lineno or 0 for each in heads]
            found[first] = min(max([node.lineno, *ends]), max(start - 1, node.lineno))
            _statements(node.body, found)
        else:
            found[first] = node.end_lineno or node.lineno


def _function_codes(top: CodeType) -> Iterator[tuple[str, CodeType]]:
    for each in nested(top):
        if each.co_flags & FUNCTION:
            yield each.co_name, each
        else:
            yield from _function_codes(each)


def _ends(tree: ast.AST) -> dict[tuple[str, int], int]:
    """The last line of each function, by its name and first line."""
    found: dict[tuple[str, int], int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno] + [each.lineno for each in node.decorator_list])
            found[node.name, first] = node.end_lineno or node.lineno
    return found


class Loaded:
    """What memory tells of the text that was loaded."""

    def __init__(self, live: Sequence[tuple[str, CodeType]], whole: CodeType | None) -> None:
        self.whole = whole
        if whole is not None:
            known = [whole]
            tops = list(outermost(whole))
        else:
            known = _not_inside(live)
            names = {id(code): name for name, code in live}
            tops = [(_qualname(names[id(code)], code), code) for code in known if is_function(code)]
        self.units = [Unit(name, code, last_line(code)) for name, code in tops]
        self.units.sort(key=lambda unit: unit.first)
        self.facts = by_line(known)
        self._names: set[str] | None = None
        self._spans = [(unit.first, unit.last) for unit in self.units]

    def fact(self, number: int) -> Line:
        """The code on a line."""
        return self.facts.get(number, NOTHING)

    def names(self) -> set[str]:
        """All names that the functions use."""
        if self._names is None:
            self._names = set()
            for unit in self.units:
                for code in inside(unit.code):
                    self._names.update(code.co_names)
        return self._names

    def is_open(self, number: int) -> bool:
        """Whether code may stand on that line of which memory knows nothing."""
        return self.whole is None and not any(a <= number <= b for a, b in self._spans)


def _qualname(name: str, code: CodeType) -> str:
    own: str = getattr(code, "co_qualname", name)  # functools.wraps renames functions, not code
    return own if own.rpartition(".")[2] == code.co_name else code.co_name


def _not_inside(live: Sequence[tuple[str, CodeType]]) -> list[CodeType]:
    """Each once, without those that are inside of another one."""
    inner: list[Any] = []
    for _, code in live:
        inner.extend(each for each in inside(code) if each is not code)
    taken = {id(code) for code in inner}
    places = {(code.co_name, code.co_firstlineno) for code in inner}
    found: list[CodeType] = []
    for _, code in live:
        same = (code.co_name, code.co_firstlineno) in places and code in inner
        if id(code) not in taken and not same and not any(code is one for one in found):
            found.append(code)
    return found


def pairs(units: Sequence[Unit], reference: Reference, same: Any) -> dict[int, Unit]:
    """For each of the units (by its index) the function of a text that it most likely is."""
    found: dict[int, Unit] = {}
    free = list(reference.units)

    def take(index: int, unit: Unit) -> None:
        found[index] = unit
        free.remove(unit)

    for exactly in (True, False):
        for index, unit in enumerate(units):
            named = [other for other in free if other.qualname == unit.qualname]
            if index in found or not named:
                continue
            if exactly:
                named = [other for other in named if same(unit.code, other.code)]
            elif len(named) > 1:
                named.sort(key=lambda other: -_alike(unit.code, other.code))
            if named:
                take(index, named[0])
    for index, unit in enumerate(units):
        if index in found or not free:
            continue
        best = max(free, key=lambda other: _kinship(unit, other))
        if _kinship(unit, best) > 0.6:
            take(index, best)
    return found


def _kinship(unit: Unit, other: Unit) -> float:
    alike = _alike(unit.code, other.code)
    scope = unit.qualname.rpartition(".")[0] == other.qualname.rpartition(".")[0]
    return alike + 0.1 * scope + 0.2 * (unit.name == other.name)


def _alike(one: CodeType, other: CodeType) -> float:
    """From 0 to 1: how many of the names and constants are the same."""
    ours, theirs = _words(one), _words(other)
    return len(ours & theirs) / (len(ours | theirs) or 1)


def _words(code: CodeType) -> Any:
    words = set(code.co_names) | set(code.co_varnames)
    return words | {value for value in code.co_consts if isinstance(value, str)}
