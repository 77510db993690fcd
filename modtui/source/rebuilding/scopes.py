"""Lambdas and comprehensions, whose code is apart up to 3.11 and in line from 3.12 on."""

from __future__ import annotations

from types import CodeType

from . import nodes
from .head import Parameters
from .jumps import merged, negated
from .nodes import Node, Token, at, free, plainly, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instructions import Op

MARKS = {"<listcomp>": "[]", "<setcomp>": "{}", "<dictcomp>": "{}", "<genexpr>": "()"}


def parameters(code: CodeType, defaults: list[Node]) -> str:
    """How the parameters of a function may be written."""
    has = Parameters(code)
    plain = [*has.only, *has.plain]
    found = []
    for number, name in enumerate(plain):
        default = number - (len(plain) - len(defaults))
        found.append(name if default < 0 else f"{name}={plainly(defaults[default])}")
        if has.only and number == len(has.only) - 1:
            found.append("/")
    if has.variadic is not None:
        found.append("*" + has.variadic)
    elif has.keyword:
        found.append("*")
    found += has.keyword
    if has.keywords is not None:
        found.append("**" + has.keywords)
    return ", ".join(found)


def lambda_of(code: CodeType, defaults: list[Node], outer: Any, op: Op) -> Node:
    """A lambda, with its body."""
    from .write import Writer

    given = parameters(code, defaults)
    writer = Writer(code, outer.quote)
    body = writer.value()
    start = f"lambda {given}: " if given else "lambda: "
    tokens = [at(op, start), *wrapped(body, nodes.LAMBDA)]
    return Node("lambda", tokens, nodes.LAMBDA)


def comprehension_of(code: CodeType, given: Node, outer: Any, op: Op) -> Node:
    """A comprehension whose code is apart, with what it goes through."""
    from .write import Writer

    writer = Writer(code, outer.quote, given)
    writer.comp = {"clauses": [], "cleared": 0, "marks": MARKS.get(code.co_name, "()")}
    tokens = writer.in_brackets()
    marks = MARKS.get(code.co_name, "()")
    node = Node("comp", [free(marks[0]), *tokens, free(marks[1])], nodes.PRIMARY, op)
    if code.co_name == "<genexpr>":
        node.kind, node.extra = "genexpr", list(tokens)
    return node


def clauses(comp: dict[str, Any], element: list[Node], machine: Any) -> list[Token]:
    """Everything between the brackets."""
    machine.close_clause()
    tokens = list(wrapped(element[0], nodes.LAMBDA))
    if len(element) > 1:
        tokens += [free(": "), *wrapped(element[1], nodes.LAMBDA)]
    for target, source, tests in comp["clauses"]:
        tokens += [free(" for ", True), *target.tokens, free(" in ", True)]
        tokens += wrapped(source, nodes.OR)
        for test in tests:
            tokens += [free(" if ", True), *wrapped(test, nodes.OR)]
    return tokens


def conditions(waiting: Any) -> list[Node]:
    """The tests of a clause: they go on with the next one where they fail."""
    return [negated(test.node) if test.sense else test.node for test in merged(waiting)]


def finished(comp: dict[str, Any], element: list[Node], op: Op, machine: Any) -> Node:
    """A comprehension in line: over, once its element is known."""
    tokens = clauses(comp, element, machine)
    marks = "{}" if op.name in ("SET_ADD", "MAP_ADD") else "[]"
    marks = comp.get("marks", marks)
    node = Node("comp", [free(marks[0]), *tokens, free(marks[1])], nodes.PRIMARY, comp.get("op"))
    comp["tokens"] = tokens
    machine.leave_comp()
    return node
