"""What changed between two texts of a module, told by definition instead of by line.

Read from the syntax trees, so layout and comments do not count: if nothing else changed, that is
what is said.
"""

from __future__ import annotations

import ast
import copy
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_parsing = threading.Lock()  # warnings.catch_warnings is not safe between threads

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DefinitionNode = FunctionNode | ast.ClassDef


@dataclass(frozen=True)
class Definition:
    """One definition that was added, removed or changed, and what of it changed.

    `what` holds words: signature, annotations, decorators, bases, docstring, constants, body,
    value, imports, statements. Lines count from 1; `line` is in the new text, `old_line` in the
    old, None where there is none.
    """

    qualname: str
    change: Literal["added", "removed", "changed"]
    what: tuple[str, ...] = ()
    line: int | None = None
    old_line: int | None = None
    kind: Literal["function", "class", "value", "module"] = "value"


@dataclass(frozen=True)
class Problem:
    """Why a text is not Python: the line, counted from 1, and the message."""

    line: int | None
    message: str


@dataclass(frozen=True)
class Comparison:
    """The definitions that differ; or why that cannot be told."""

    definitions: tuple[Definition, ...]
    old_problem: Problem | None = None
    new_problem: Problem | None = None
    same_code: bool = False  # only comments or layout differ, if anything does


def parse(data: bytes | str) -> ast.Module | Problem:
    """The syntax tree of a source text, or why there is none. Nothing of it is executed."""
    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        return Problem(error.lineno or None, error.msg or "invalid syntax")
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Problem(None, str(error) or type(error).__name__)


def compare(old: bytes | str, new: bytes | str) -> Comparison:
    """What changed from the old text to the new one, in the order of the new."""
    before, after = parse(old), parse(new)
    if isinstance(before, Problem) or isinstance(after, Problem):
        return Comparison(
            (),
            before if isinstance(before, Problem) else None,
            after if isinstance(after, Problem) else None,
        )
    found = tuple(_order(_scopes("", "", before, after)))
    return Comparison(found, same_code=not found and _dump(before) == _dump(after))


def function_spans(text: str) -> list[tuple[str, int, int]]:
    """The functions of a text: qualified name, first and last line (from 1); [] if no Python."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return []
    found: list[tuple[str, int, int]] = []
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        prefix, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, DefinitionNode):
                name = prefix + child.name
                if not isinstance(child, ast.ClassDef):
                    found.append((name, _line(child), child.end_lineno or child.lineno))
                    name += ".<locals>"
                pending.append((name + ".", child))
            else:
                pending.append((prefix, child))
    return found


def outline(lines: Sequence[str], index: int) -> list[str]:
    """The headers that enclose the line, outermost first: `["class Cart", "def total"]`.

    By indentation, upwards from the line: quick on any text, also on one that does not parse.
    """
    found: list[str] = []
    here = _first_code(lines, index)
    if here is None:
        return []
    if match := _HEADER.match(lines[here]):
        found.append(_header(match))
    limit = _indent(lines[here])
    for number in range(here - 1, -1, -1):
        if not limit:
            break
        line = lines[number]
        if not line.strip() or _indent(line) >= limit:
            continue
        match = _HEADER.match(line)
        if match:
            found.append(_header(match))
            limit = _indent(line)
        elif not line.lstrip().startswith(("#", ")", "]", "}", '"', "'")):
            limit = _indent(line) if _BLOCK.match(line) else limit
    return found[::-1]


_HEADER = re.compile(r"[ \t]*(async def|def|class)[ \t]+(\w+)")
_BLOCK = re.compile(r"[ \t]*(if|elif|else|for|while|try|except|finally|with|async|match|case)\b")


def _header(match: re.Match[str]) -> str:
    return f"{match[1]} {match[2]}"


def _first_code(lines: Sequence[str], index: int) -> int | None:
    for number in range(min(index, len(lines) - 1), len(lines)):
        text = lines[number].strip()
        if text and not text.startswith("#"):
            while number + 1 < len(lines) and text.startswith("@"):
                number += 1
                text = lines[number].strip()
            return number
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


# Trees.


@dataclass
class _Scope:
    """What a module or class body binds, and its other statements."""

    definitions: dict[str, list[DefinitionNode]]
    values: dict[str, list[ast.stmt]]
    imports: list[ast.stmt]
    statements: list[ast.stmt]


def _scopes(
    prefix: str, what: str, old: ast.Module | ast.ClassDef, new: ast.Module | ast.ClassDef
) -> Iterator[Definition]:
    before, after = _scope(old), _scope(new)
    for name in dict.fromkeys([*before.definitions, *after.definitions]):
        yield from _definitions(
            prefix + name, before.definitions.get(name, []), after.definitions.get(name, [])
        )
    for name in dict.fromkeys([*before.values, *after.values]):
        yield from _values(prefix + name, before.values.get(name, []), after.values.get(name, []))
    said = []
    lines = []
    for word, left, right in (
        ("docstring", _docstring(old), _docstring(new)),
        ("imports", before.imports, after.imports),
        ("statements", before.statements, after.statements),
    ):
        if _dumps(left) != _dumps(right):
            said.append(word)
            lines.append((_first_difference(right, left), _first_difference(left, right)))
    if said and isinstance(new, ast.Module):
        line, old_line = lines[0]
        yield Definition("<module>", "changed", tuple(said), line, old_line, "module")


def _definitions(
    name: str, old: list[DefinitionNode], new: list[DefinitionNode]
) -> Iterator[Definition]:
    """Definitions of one name: there are several for overloads, setters and conditional ones."""
    if [_dump(node) for node in old] == [_dump(node) for node in new]:
        return
    what: dict[str, None] = {}
    inner: list[Definition] = []
    line = old_line = None
    for before, after in zip(old, new, strict=False):
        if _dump(before) == _dump(after):
            continue
        line, old_line = line or after.lineno, old_line or before.lineno
        what.update(dict.fromkeys(_what(before, after)))
        if isinstance(before, ast.ClassDef) and isinstance(after, ast.ClassDef):
            inner.extend(_scopes(f"{name}.", name, before, after))
    if len(old) != len(new):
        longer = new if len(new) > len(old) else old
        extra = longer[min(len(old), len(new))]
        change: Literal["added", "removed"] = "added" if longer is new else "removed"
        kind = _kind(extra)
        if not old or not new:
            where = _line(extra)
            yield Definition(
                name,
                change,
                (),
                where if longer is new else None,
                where if longer is old else None,
                kind,
            )
            return
        what[f"one of several {change}"] = None
        line, old_line = line or new[-1].lineno, old_line or old[-1].lineno
    if what:
        yield Definition(name, "changed", tuple(what), line, old_line, _kind(new[0]))
    yield from inner


def _what(old: DefinitionNode, new: DefinitionNode) -> Iterator[str]:
    """What differs between two definitions of a name."""
    if isinstance(old, ast.ClassDef) != isinstance(new, ast.ClassDef):
        yield "kind"
        return
    if type(old) is not type(new):
        yield "async"
    if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
        if _dumps([*old.bases, *old.keywords]) != _dumps([*new.bases, *new.keywords]):
            yield "bases"
    elif not isinstance(old, ast.ClassDef) and not isinstance(new, ast.ClassDef):
        yield from _signature(old, new)
    if _dumps(getattr(old, "type_params", [])) != _dumps(getattr(new, "type_params", [])):
        yield "type parameters"
    if _dumps(old.decorator_list) != _dumps(new.decorator_list):
        yield "decorators"
    if _dumps(_docstring(old)) != _dumps(_docstring(new)):
        yield "docstring"
    if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
        before, after = _scope(old), _scope(new)
        if _dumps([*before.imports, *before.statements]) != _dumps(
            [*after.imports, *after.statements]
        ):
            yield "body"
        return
    left, right = _without_docstring(old), _without_docstring(new)
    if _dumps(left) != _dumps(right):
        yield "constants" if _alike(left, right) else "body"


def _signature(old: FunctionNode, new: FunctionNode) -> Iterator[str]:
    if _dump(old.args) == _dump(new.args) and _dumps([old.returns]) == _dumps([new.returns]):
        return
    if _shape(old.args) != _shape(new.args):
        yield "signature"
        return
    if _dumps(_defaults(old.args)) != _dumps(_defaults(new.args)):
        yield "defaults"
    if _annotations(old) != _annotations(new):
        yield "annotations"


def _shape(args: ast.arguments) -> tuple[object, ...]:
    return (
        [a.arg for a in args.posonlyargs],
        [a.arg for a in args.args],
        args.vararg and args.vararg.arg,
        [a.arg for a in args.kwonlyargs],
        args.kwarg and args.kwarg.arg,
        len(args.defaults),
        [default is None for default in args.kw_defaults],
    )


def _defaults(args: ast.arguments) -> list[ast.AST | None]:
    return [*args.defaults, *args.kw_defaults]


def _annotations(node: FunctionNode) -> list[str]:
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return _dumps([a.annotation if a else None for a in every]) + _dumps([node.returns])


def _values(name: str, old: list[ast.stmt], new: list[ast.stmt]) -> Iterator[Definition]:
    if _dumps(old) == _dumps(new):
        return
    line = _first_difference(new, old)
    old_line = _first_difference(old, new)
    if not old:
        yield Definition(name, "added", (), line, None)
    elif not new:
        yield Definition(name, "removed", (), None, old_line)
    else:
        yield Definition(name, "changed", ("value",), line, old_line)


def _scope(node: ast.Module | ast.ClassDef) -> _Scope:
    scope = _Scope({}, {}, [], [])
    for statement in _without_docstring(node):
        _sort(statement, scope)
    return scope


def _sort(statement: ast.stmt, scope: _Scope) -> None:
    if isinstance(statement, DefinitionNode):
        scope.definitions.setdefault(statement.name, []).append(statement)
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        scope.imports.append(statement)
    elif names := list(_targets(statement)):
        for name in names:
            scope.values.setdefault(name, []).append(statement)
    elif inner := list(_definitions_in(statement)):
        for definition in inner:
            scope.definitions.setdefault(definition.name, []).append(definition)
        scope.statements.append(_hollow(statement))
    else:
        scope.statements.append(statement)


def _targets(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    elif hasattr(ast, "TypeAlias") and isinstance(statement, ast.TypeAlias):
        targets = [statement.name]
    else:
        return
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _definitions_in(statement: ast.stmt) -> Iterator[DefinitionNode]:
    """Definitions under `if`, `try`, `with` and loops of a module or class body."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        for inner in getattr(statement, field, []):
            if isinstance(inner, DefinitionNode):
                yield inner
            elif isinstance(inner, ast.stmt | ast.ExceptHandler):
                yield from _definitions_in(inner)  # type: ignore[arg-type]


def _docstring(node: ast.Module | DefinitionNode) -> list[ast.stmt]:
    return node.body[: len(node.body) - len(_without_docstring(node))]


def _without_docstring(node: ast.Module | DefinitionNode) -> list[ast.stmt]:
    if node.body and isinstance(node.body[0], ast.Expr):
        value = node.body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return node.body[1:]
    return node.body


def _first_difference(lines: Sequence[ast.stmt], others: Sequence[ast.stmt]) -> int | None:
    """The line of the first of `lines` that is not the same in `others`."""
    for number, statement in enumerate(lines):
        if number >= len(others) or _dump(statement) != _dump(others[number]):
            return statement.lineno
    return lines[-1].lineno if lines else None


def _kind(node: DefinitionNode) -> Literal["function", "class"]:
    return "class" if isinstance(node, ast.ClassDef) else "function"


def _line(node: DefinitionNode) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _order(found: Iterator[Definition]) -> list[Definition]:
    every = list(found)
    lines = {id(d): d.line or d.old_line or 0 for d in every}
    return sorted(every, key=lambda d: lines[id(d)])


def _dumps(nodes: Sequence[ast.AST | None]) -> list[str]:
    return ["" if node is None else _dump(node) for node in nodes]


def _dump(node: ast.AST) -> str:
    """The tree as text, without positions; kept on the node, as outer ones ask for it again."""
    known: str | None = node.__dict__.get("_modtui_dump")
    if known is None:
        known = node.__dict__["_modtui_dump"] = ast.dump(node)
    return known


def _alike(old: object, new: object) -> bool:
    """Whether two trees are the same but for the values of their constants."""
    if isinstance(old, ast.Constant) and isinstance(new, ast.Constant):
        return True
    if isinstance(old, ast.AST) and isinstance(new, ast.AST):
        return type(old) is type(new) and all(
            _alike(getattr(old, field, None), getattr(new, field, None)) for field in old._fields
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_alike, old, new))
    return old == new


def _hollow(statement: ast.stmt) -> ast.stmt:
    """The statement without the definitions in it, which are told on their own."""

    class Hollow(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            return ast.Pass()

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
            return ast.Pass()

        def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
            return ast.Pass()

    hollow = Hollow().visit(copy.deepcopy(statement))
    assert isinstance(hollow, ast.stmt)
    return hollow
