"""Edits that change what a module does, or what it says of itself."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Sequence

from tests.mutations.texts import Function, Text, docstring, kind

_OPERATORS = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "+", "==": "!=", "!=": "==", "<": ">"}
_OPERATORS |= {">": "<", "<=": ">=", ">=": "<=", "in": "not in", "is": "is not", "and": "or"}


def _other(text: Text, node: ast.Constant, rng: random.Random) -> str | None:
    """Another constant of the same type."""
    value = node.value
    if isinstance(value, bool):
        return text.replaced(node, str(not value))
    if isinstance(value, int):
        return text.replaced(node, str(value + rng.choice((1, 10))))
    if isinstance(value, str) and text.said(node)[:1] in "'\"":
        return text.replaced(node, ascii(value + "z"))
    return None


def _constants(nodes: Sequence[ast.AST]) -> list[ast.Constant]:
    return [
        node for node in nodes if isinstance(node, ast.Constant) and type(node.value) in (int, str)
    ]


@kind("constant in a function")
def _constant(text: Text, rng: random.Random) -> str | None:
    found = _constants(text.inner(ast.Constant))
    return _other(text, rng.choice(found), rng) if found else None


@kind("text of the same length in a function")
def _same_length(text: Text, rng: random.Random) -> str | None:
    found = [n for n in _constants(text.inner(ast.Constant)) if re.search("[a-y]", text.said(n))]
    found = [n for n in found if isinstance(n.value, str) and "\\" not in text.said(n)]
    if not found:
        return None
    node = rng.choice(found)
    said = text.said(node)
    places = [m.start() for m in re.finditer("[a-y]", said)][1:]
    if not places:
        return None
    at = rng.choice(places)
    return text.replaced(node, said[:at] + chr(ord(said[at]) + 1) + said[at + 1 :])


@kind("operator")
def _operator(text: Text, rng: random.Random) -> str | None:
    found = []
    for node in text.inner((ast.BinOp, ast.Compare)):
        left, right = (
            (node.left, node.right)
            if isinstance(node, ast.BinOp)
            else (node.left, node.comparators[0])  # type: ignore[attr-defined]
        )
        begin, end = text.span(left)[1], text.span(right)[0]
        sign = text.text[begin:end]
        if sign.strip() in _OPERATORS and sign != sign.strip():
            found.append((begin, end, sign.replace(sign.strip(), _OPERATORS[sign.strip()])))
    if not found:
        return None
    begin, end, sign = rng.choice(found)
    return text.text[:begin] + sign + text.text[end:]


@kind("argument of a call")
def _call(text: Text, rng: random.Random) -> str | None:
    found = [n for n in text.inner(ast.Call) if n.args and not n.keywords]  # type: ignore[attr-defined]
    if not found:
        return None
    last = rng.choice(found).args[-1]  # type: ignore[attr-defined]
    if isinstance(last, (ast.Starred, ast.GeneratorExp)):
        return None
    return text.replaced(last, text.said(last) + ", None")


@kind("local name")
def _local(text: Text, rng: random.Random) -> str | None:
    functions = text.functions()
    if not functions:
        return None
    function = rng.choice(functions)
    names = sorted(
        {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    )
    if not names:
        return None
    name = rng.choice(names)
    begin, end = text.span(function)
    body = re.sub(rf"(?<![\w.'\"]){name}\b(?!\s*=[^=][^(]*\))", name + "_", text.text[begin:end])
    return text.text[:begin] + body + text.text[end:]


@kind("guard added")
def _guard(text: Text, rng: random.Random) -> str | None:
    functions = text.functions()
    if not functions:
        return None
    first = rng.choice(functions).body[-1]
    blank = " " * first.col_offset
    return text.with_lines(
        first.lineno, [f"{blank}if not checked(1, x='y'):", f"{blank}    return None"]
    )


@kind("line removed from a function")
def _line_removed(text: Text, rng: random.Random) -> str | None:
    found = [
        statement
        for function in text.functions()
        for statement in function.body[1:]
        if isinstance(statement, (ast.Expr, ast.Assign, ast.AugAssign))
    ]
    if not found:
        return None
    gone = rng.choice(found)
    assert gone.end_lineno is not None
    return text.with_lines(gone.lineno, [], gone.end_lineno - gone.lineno + 1)


@kind("default of a parameter")
def _default(text: Text, rng: random.Random) -> str | None:
    found = _constants([d for f in text.functions() for d in f.args.defaults])
    return _other(text, rng.choice(found), rng) if found else None


@kind("parameter added")
def _parameter(text: Text, rng: random.Random) -> str | None:
    found = [f for f in text.functions() if f.args.args and not f.args.vararg and not f.args.kwarg]
    found = [f for f in found if not f.args.defaults and not f.args.kwonlyargs]
    if not found:
        return None
    last = rng.choice(found).args.args[-1]
    return text.replaced(last, text.said(last) + ", extra=None")


@kind("decorator added")
def _decorator(text: Text, rng: random.Random) -> str | None:
    found = [f for f in text.functions() if not f.decorator_list]
    if not found:
        return None
    function = rng.choice(found)
    return text.with_lines(function.lineno, [" " * function.col_offset + "@wrapped"])


@kind("decorator removed")
def _undecorated(text: Text, rng: random.Random) -> str | None:
    found = [f.decorator_list[0] for f in text.functions() if f.decorator_list]
    if not found:
        return None
    gone = rng.choice(found)
    assert gone.end_lineno is not None
    return text.with_lines(gone.lineno, [], gone.end_lineno - gone.lineno + 1)


def _assigned(body: Sequence[ast.stmt]) -> list[ast.AST]:
    return [node.value for node in body if isinstance(node, ast.Assign)]


@kind("class attribute")
def _class_attribute(text: Text, rng: random.Random) -> str | None:
    found = _constants([value for c in text.classes() for value in _assigned(c.body)])
    return _other(text, rng.choice(found), rng) if found else None


@kind("base class")
def _base(text: Text, rng: random.Random) -> str | None:
    found = [base for c in text.classes() for base in c.bases[-1:]]
    if not found:
        return None
    base = rng.choice(found)
    return text.replaced(base, text.said(base) + ", Other")


@kind("module constant")
def _module_constant(text: Text, rng: random.Random) -> str | None:
    found = _constants(_assigned(text.tree.body))
    return _other(text, rng.choice(found), rng) if found else None


@kind("container at the top level")
def _container(text: Text, rng: random.Random) -> str | None:
    found = [
        constant
        for value in _assigned(text.tree.body)
        if isinstance(value, (ast.List, ast.Dict, ast.Tuple, ast.Set))
        for constant in _constants(list(ast.walk(value)))
    ]
    return _other(text, rng.choice(found), rng) if found else None


@kind("call at the top level")
def _top_call(text: Text, rng: random.Random) -> str | None:
    found = [
        node.value
        for node in text.tree.body
        if isinstance(node, (ast.Expr, ast.Assign)) and isinstance(node.value, ast.Call)
    ]
    constants = _constants([argument for call in found for argument in call.args])
    return _other(text, rng.choice(constants), rng) if constants else None


@kind("statement at the top level added")
def _statement(text: Text, rng: random.Random) -> str | None:
    places = [node for node in text.tree.body[1:] if not getattr(node, "decorator_list", None)]
    line = rng.choice(places).lineno if places else len(text.lines) + 1
    return text.with_lines(line, ["register('x', 1)"])


@kind("body of a top-level if or try")
def _block(text: Text, rng: random.Random) -> str | None:
    found = [node.body[-1] for node in text.tree.body if isinstance(node, (ast.If, ast.Try))]
    if not found:
        return None
    last = rng.choice(found)
    return text.with_lines(last.lineno, [" " * last.col_offset + "register(1)"])


@kind("import added")
def _import(text: Text, rng: random.Random) -> str | None:
    found = [n for n in text.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    found = [n for n in found if getattr(n, "module", "") != "__future__"]
    return text.with_lines(rng.choice(found).lineno, ["import colorsys"]) if found else None


@kind("import changed in its line")
def _import_changed(text: Text, rng: random.Random) -> str | None:
    found = [n for n in text.tree.body if isinstance(n, ast.Import)]
    if not found:
        return None
    node = rng.choice(found)
    return text.replaced(node, text.said(node) + ", colorsys")


@kind("function added at the end")
def _added_last(text: Text, rng: random.Random) -> str | None:
    return text.text.rstrip("\n") + "\n\n\ndef added(x):\n    return x\n"


@kind("method added in the middle")
def _added(text: Text, rng: random.Random) -> str | None:
    found = [f for c in text.classes() for f in c.body[1:] if isinstance(f, Function)]
    found = [f for f in found if not f.decorator_list]
    if not found:
        return None
    function = rng.choice(found)
    blank = " " * function.col_offset
    return text.with_lines(
        function.lineno, [f"{blank}def added(self):", f"{blank}    return 1", ""]
    )


@kind("function removed")
def _removed(text: Text, rng: random.Random) -> str | None:
    found = text.functions()
    if not found:
        return None
    gone = rng.choice(found)
    first = min([gone.lineno, *(d.lineno for d in gone.decorator_list)])
    assert gone.end_lineno is not None
    return text.with_lines(first, [], gone.end_lineno - first + 1)


@kind("function renamed")
def _renamed(text: Text, rng: random.Random) -> str | None:
    found = text.functions()
    if not found:
        return None
    function = rng.choice(found)
    line = text.lines[function.lineno - 1]
    new = line.replace(f"def {function.name}", f"def {function.name}_new", 1)
    return text.with_lines(function.lineno, [new], 1)


@kind("docstring of a function")
def _function_docstring(text: Text, rng: random.Random) -> str | None:
    found = [doc for f in text.functions() if len(f.body) > 1 and (doc := docstring(f))]
    return text.replaced(rng.choice(found), '"""Other."""') if found else None


@kind("docstring of a class")
def _class_docstring(text: Text, rng: random.Random) -> str | None:
    found = [doc for c in text.classes() if (doc := docstring(c))]
    return text.replaced(rng.choice(found), '"""Other."""') if found else None


@kind("docstring of the module")
def _module_docstring(text: Text, rng: random.Random) -> str | None:
    found = docstring(text.tree)
    return text.replaced(found, '"""Other."""') if found else None


@kind("annotation added")
def _annotation(text: Text, rng: random.Random) -> str | None:
    found = [a for f in text.functions() for a in f.args.args if a.annotation is None]
    found = [a for a in found if a.arg != "self"]
    if not found:
        return None
    argument = rng.choice(found)
    return text.replaced(argument, f"{argument.arg}: int")
