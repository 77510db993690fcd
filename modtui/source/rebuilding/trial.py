"""Trying texts: a few lines, or one function, compiled as if it stood where it stood."""

from __future__ import annotations
import __future__

import ast
from types import CodeType

from .instructions import NOTHING, Line, by_line
from .texts import ERRORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from .texts import Unit

_COROUTINE = 0x80 | 0x200  # CO_COROUTINE, CO_ASYNC_GENERATOR
_FUTURES = [
    (name, getattr(__future__, name).compiler_flag) for name in __future__.all_feature_names
]


def indent_of(line: str) -> str:
    """The blanks that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def futures_of(flags: int) -> list[str]:
    """What was imported from `__future__`, by the flags of a code object."""
    return [name for name, flag in _FUTURES if flag >= 0x2000 and flags & flag]


class Statements:
    """Compiles statements as they stand somewhere; `opening` is what they are inside of."""

    def __init__(self, opening: str, optimize: int) -> None:
        self.optimize = optimize
        self._opening = opening
        self._statements: dict[Any, list[Line] | None] = {}

    def statement(self, lines: Sequence[str]) -> list[Line] | None:
        """The code of each line of a statement, or of the head of a block; None if it is none."""
        key = tuple(lines)
        if key not in self._statements:
            self._statements[key] = self._statement(lines)
        return self._statements[key]

    def _statement(self, lines: Sequence[str]) -> list[Line] | None:
        if not lines:
            return None
        indent, words = indent_of(lines[0]), lines[0].split()
        if not words:
            return None
        first = words[0].rstrip(":")
        text = [self._opening] if indent else []
        if first in ("elif", "else"):
            text += [indent + "if _:", indent + " pass"]
        elif first in ("except", "finally"):
            text += [indent + "try:", indent + " pass"]
        skip = len(text)
        text += lines
        if first == "try":
            text += [indent + " pass", indent + "finally:"]
        if lines[-1].split("#")[0].rstrip().endswith(":"):
            text.append(indent + " pass")
        if first.startswith("@"):
            text.append(indent + "def _(): pass")
        if first in ("break", "continue"):
            return [NOTHING] * len(lines)
        try:
            source = "\n".join(text) + "\n"
            code = compile(source, "<t>", "exec", dont_inherit=True, optimize=self.optimize)
        except ERRORS:
            return None
        facts = by_line([code])
        return [facts.get(skip + 1 + at, NOTHING) for at in range(len(lines))]


class Trial(Statements):
    """Compiles candidates for one function."""

    def __init__(self, unit: Unit, imported: Collection[str], optimize: int) -> None:
        is_async = unit.code.co_flags & _COROUTINE
        super().__init__("async def _():" if is_async else "def _():", optimize)
        self.unit = unit
        self._imported = sorted(set(imported))

    def function(self, lines: Sequence[str]) -> CodeType | None:
        """The code of the function that these lines are, or None; they begin with its first."""
        tree = self._parse(lines)
        if tree is None:
            return None
        module = ast.Module(body=[*self._head(), self._shell(tree)], type_ignores=[])
        ast.fix_missing_locations(module)
        try:
            top: Any = compile(module, "<trial>", "exec", dont_inherit=True, optimize=self.optimize)
        except ERRORS:
            return None
        return _find(top, self.unit.name, self.unit.first)

    def _parse(self, lines: Sequence[str]) -> Any:
        if not lines or not lines[0].strip():
            return None
        inner = lines[0][:1].isspace()
        text = "\n".join(["if 1:", *lines] if inner else lines) + "\n"
        try:
            tree = ast.parse(text)
        except ERRORS:
            return None
        found: Any = tree.body[0] if tree.body else None
        if inner and isinstance(found, ast.If):
            found = found.body[0]
        if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        ast.increment_lineno(found, self.unit.first - 1 - inner)
        return found

    def _head(self) -> list[Any]:
        names = futures_of(self.unit.code.co_flags)
        body: list[Any] = []
        if names:
            aliases = [ast.alias(name=name, asname=None) for name in names]
            body.append(ast.ImportFrom(module="__future__", names=aliases, level=0))
        if self._imported:
            aliases = [ast.alias(name=name, asname=None) for name in self._imported]
            body.append(ast.Import(names=aliases))
        return body

    def _shell(self, function: Any) -> Any:
        """The function inside of what it is inside of, for names' sake."""
        scopes = self.unit.qualname.split(".")[:-1]
        free = [name for name in self.unit.code.co_freevars if name != "__class__"]
        while scopes:
            scope = scopes.pop()
            if scope == "<locals>":
                scope = scopes.pop() if scopes else "outer"
                function = _function(scope, free, [function])
                free = []
            else:
                function = ast.ClassDef(
                    name=scope, bases=[], keywords=[], body=[function], decorator_list=[]
                )
                if "type_params" in function._fields:
                    function.type_params = []
        return function


def _function(name: str, arguments: Sequence[str], body: list[Any]) -> Any:
    fields: Any = {
        "posonlyargs": [],
        "args": [ast.arg(arg=each, annotation=None) for each in arguments],
        "vararg": None,
        "kwonlyargs": [],
        "kw_defaults": [],
        "kwarg": None,
        "defaults": [],
    }
    found: Any = ast.FunctionDef(
        name=name, args=ast.arguments(**fields), body=body, decorator_list=[], returns=None
    )
    if "type_params" in found._fields:
        found.type_params = []
    return found


def _find(top: CodeType, name: str, first: int) -> CodeType | None:
    for each in top.co_consts:
        if isinstance(each, CodeType):
            if each.co_name == name and each.co_firstlineno == first:
                return each
            found = _find(each, name, first)
            if found is not None:
                return found
    return None
