"""Bytecode run backwards into expressions: what stands on the stack, as it was written.

Sloppy on purpose: whatever comes out is compiled and compared before anybody believes it.
"""

from __future__ import annotations

from types import CodeType

from . import nodes
from .instructions import Op
from .jumps import Tests
from .nodes import Node, Token, at, free, wrapped
from .values import Lost, Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

UNARY = {"UNARY_NEGATIVE": "-", "UNARY_INVERT": "~", "UNARY_POSITIVE": "+"}
SKIP = frozenset(
    [
        "CACHE",
        "EXTENDED_ARG",
        "RESUME",
        "NOP",
        "PRECALL",
        "PUSH_NULL",
        "TO_BOOL",
        "MAKE_CELL",
        "COPY_FREE_VARS",
        "RETURN_GENERATOR",
        "GEN_START",
        "POP_BLOCK",
        "SETUP_FINALLY",
        "GET_YIELD_FROM_ITER",
        "END_SEND",
        "END_FOR",
        "JUMP_BACKWARD_NO_INTERRUPT",
        "SEND",
        "LIST_TO_TUPLE",
        "NOT_TAKEN",
        "POP_ITER",
        "SETUP_ANNOTATIONS",
    ]
)


class Machine(Values):
    """Goes through the instructions of one code object; `quote` is the file's favourite."""

    def __init__(self, code: CodeType, quote: str, argument: Node | None = None) -> None:
        super().__init__(code, quote)
        self.argument = argument
        self.tests = Tests(self)
        self.names: Any = ()  # of the keyword arguments of the next call
        self.position = 0
        self.class_name = ""

    def step(self, op: Op) -> bool:
        """Do one instruction that makes an expression; False if it is none of these."""
        if op.name in SKIP:
            return True
        if op.kind == "name":
            self.push(self.name(op))
        elif op.kind == "attr":
            self.attribute(op)
        elif op.kind == "binary" or op.kind == "compare":
            return self.binary(op)
        elif op.name in UNARY:
            inner = self.pop()
            tokens = [free(UNARY[op.name], True), *wrapped(inner, nodes.UNARY)]
            self.push(Node("unary", tokens, nodes.UNARY, op))
        else:
            method: Callable[[Op], None] | None = getattr(self, "do_" + op.name.lower(), None)
            if method is None:
                return False
            method(op)
        return True

    def name(self, op: Op) -> Node:
        """A name that is read."""
        if op.value == ".0" and self.argument is not None:
            return self.argument
        return Node("name", [at(op, str(op.value))], extra=op.value)

    def plain_name(self, name: str) -> str:
        """A private name of a class as it is written."""
        if name.startswith("_") and not name.startswith("__") and "__" in name:
            return name[name.index("__", 1) :]
        return name

    def attribute(self, op: Op) -> None:
        if op.name == "LOAD_SUPER_ATTR":
            self.pop_many(2)
            start = self.pop()
            place = start.tokens[0]
            call = [place, free("("), free(")")]
            tokens = [*call, free(".", True), at(op, str(op.value), True)]
            self.push(Node("attr", tokens, nodes.PRIMARY, op))
            return
        inner = self.pop()
        self.push(self.attribute_of(inner, op))

    def attribute_of(self, inner: Node, op: Op) -> Node:
        """`inner.name`."""
        name = at(op, self.plain_name(str(op.value)), True)
        if op.col is None:
            name.line = None
        number = inner.kind == "const" and isinstance(inner.extra, int)
        around = [free("("), *inner.tokens, free(")")] if number else wrapped(inner, nodes.PRIMARY)
        node = Node("attr", [*around, free(".", True), name], nodes.PRIMARY)
        if op.col is not None and op.line is not None and inner.place is not None:
            node.place = (*inner.place[:2], op.end, op.end_col)
        return node

    def binary(self, op: Op) -> bool:
        sign = str(op.value if op.kind == "compare" or op.name == "BINARY_OP" else op.arg)
        if sign == "[]":
            self.do_binary_subscr(op)
            return True
        if sign in ("exception match",) or sign.startswith("exc"):
            return False
        right, left = self.pop(), self.pop()
        if op.kind == "compare":
            tokens = [*wrapped(left, 7), free(f" {sign} ", True), *wrapped(right, 7)]
            self.push(Node("compare", tokens, nodes.COMPARE, op, sign, [left, right]))
        elif sign.endswith("="):
            self.push(Node("augment", [], 0, None, sign, [left, right]))
        else:
            level = nodes.BINARY.get(sign, 11)
            power = sign == "**"
            first = wrapped(left, level + power)
            last = wrapped(right, level + (not power) if not power else nodes.UNARY)
            tokens = [*first, free(f" {sign} ", True), *last]
            self.push(Node("binary", tokens, level, op))
        return True

    # Calls.

    def do_kw_names(self, op: Op) -> None:
        self.names = op.value

    def do_call(self, op: Op) -> None:
        names, self.names = self.names, ()
        count = int(op.value)
        if count == 0 and len(self.stack) > 1:
            last, before = self.stack[-1], self.stack[-2]
            # A comprehension is given what it goes through, a decorator what it decorates.
            if before.kind == "function" or last.kind == "function":
                count = 1
        self.call(op, count, names)

    do_call_function = do_call
    do_call_method = do_call

    def do_call_function_kw(self, op: Op) -> None:
        names = self.pop().extra
        self.call(op, int(op.value), names)

    do_call_kw = do_call_function_kw

    def call(self, op: Op, count: int, names: Any) -> None:
        arguments = self.pop_many(count)
        function = self.pop()
        if function.kind == "function" and function.extra.co_name.startswith("<") and arguments:
            self.push(self.comprehension(function.extra, arguments[0], op))
            return
        if function.kind == "assertion":
            self.push(Node("assertion", [], parts=arguments))
            return
        if count == 1 and not names and arguments[0].kind == "function":
            self.decorated(function)
            self.push(arguments[0])
            return
        tokens = [*wrapped(function, nodes.PRIMARY), free("(")]
        first_named = count - len(names)
        alone = count == 1 and not names
        for number, argument in enumerate(arguments):
            if number:
                tokens.append(free(", "))
            if number >= first_named:
                tokens.append(free(f"{names[number - first_named]}=", True))
            if alone and argument.kind == "genexpr":
                tokens += argument.extra or argument.tokens
            else:
                tokens += wrapped(argument, nodes.LAMBDA)
        self.push(self.finished_call(function, tokens, op))

    def decorated(self, by: Node) -> None:
        """A function is given to its decorator."""

    def finished_call(self, function: Node, tokens: list[Token], op: Op) -> Node:
        tokens = [*tokens, at(op, ")", True) if op.col is not None else free(")")]
        node = Node("call", tokens, nodes.PRIMARY)
        if op.col is not None and function.place is not None:
            node.place = (*function.place[:2], op.end, op.end_col)
        return node

    def do_call_function_ex(self, op: Op) -> None:
        named = self.pop() if int(op.value) & 1 else None
        given, function = self.pop(), self.pop()
        tokens = [*wrapped(function, nodes.PRIMARY), free("(")]
        parts: list[list[Token]] = []
        if given.kind in ("tuple", "list"):
            parts += [wrapped(part, nodes.LAMBDA) for part in given.parts]
        elif not (given.kind == "const" and given.extra == ()):
            parts.append([free("*", True), *wrapped(given, 7)])
        if named is not None and named.kind == "dict":
            for key, value in named.extra or []:
                sign = "**" if key is None else f"{key.extra}="
                parts.append([free(sign, True), *wrapped(value, nodes.LAMBDA)])
        elif named is not None:
            parts.append([free("**", True), *wrapped(named, 7)])
        for number, part in enumerate(parts):
            tokens += [free(", "), *part] if number else part
        self.push(self.finished_call(function, tokens, op))

    def do_call_intrinsic_1(self, op: Op) -> None:
        if op.value == 5 or "UNARY_POSITIVE" in str(op.value):
            inner = self.pop()
            self.push(Node("unary", [free("+", True), *wrapped(inner, nodes.UNARY)], 13, op))

    # Functions inside of others; generators.

    def do_make_function(self, op: Op) -> None:
        top = self.pop()
        code = self.pop() if top.kind != "code" else top
        flags = op.value if isinstance(op.value, int) else 0
        extras = self.pop_many(bin(flags & 15).count("1"))
        defaults = extras[0] if flags & 1 and extras else None
        self.push(self.function(code.extra, defaults, op))

    def do_set_function_attribute(self, op: Op) -> None:
        function, value = self.pop(), self.pop()
        if int(op.value) & 1:
            function = self.function(function.extra, value, op)
        self.push(function)

    def function(self, code: Any, defaults: Node | None, op: Op) -> Node:
        """A function: a lambda is written, others are known by their code."""
        if not isinstance(code, CodeType):
            raise Lost
        given = [] if defaults is None else defaults.parts
        node = Node("function", [], extra=code, parts=given)
        if code.co_name == "<lambda>":
            from .scopes import lambda_of

            node = lambda_of(code, given, self, op)
        return node

    def comprehension(self, code: CodeType, given: Node, op: Op) -> Node:
        from .scopes import comprehension_of

        return comprehension_of(code, given, self, op)

    def finish_comp(self, op: Op, element: list[Node]) -> None:
        """An element of a comprehension is there: so is the comprehension."""
        from .scopes import finished

        if self.comp is None:
            raise Lost
        self.push(finished(self.comp, element, op, self))

    def do_get_awaitable(self, op: Op) -> None:
        inner = self.pop()
        tokens = [free("await ", True), *wrapped(inner, nodes.PRIMARY)]
        node = Node("await", tokens, nodes.AWAIT, op)
        self.push(node)
        self.skip_waiting()

    def skip_waiting(self) -> None:
        """What drives a thing that is waited for, up to where its result is there."""
        for ahead in range(self.position + 1, min(self.position + 12, len(self.ops))):
            name = self.ops[ahead].name
            if name in ("END_SEND", "YIELD_FROM"):
                self.position = ahead
                return
            if name == "JUMP_BACKWARD_NO_INTERRUPT":
                self.position = ahead

    def do_get_yield_from_iter(self, op: Op) -> None:
        inner = self.pop()
        tokens = [free("yield from ", True), *wrapped(inner, nodes.LAMBDA)]
        self.push(Node("yield", tokens, nodes.LAMBDA, op))
        self.skip_waiting()

    def do_yield_value(self, op: Op) -> None:
        if self.comp is not None:
            self.finish_comp(op, [self.pop()])
            return
        inner = self.pop()
        empty = inner.kind == "const" and inner.extra is None and _same_start(inner, op)
        tokens = [free("yield")] if empty else [free("yield ", True), *inner.tokens]
        self.push(Node("yield", tokens, nodes.LAMBDA, op))


def _same_start(node: Node, op: Op) -> bool:
    return bool(op.col is None or (node.tokens and node.tokens[0].col == op.col))
