"""Values that bytecode makes: constants, displays, slices and formatted text."""

from __future__ import annotations

from types import CodeType

from . import nodes
from .instructions import Op, read
from .nodes import Node, Token, free, plainly, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DISPLAYS = {"BUILD_LIST": "[]", "BUILD_SET": "{}"}


class Lost(Exception):
    """The stack is not what was expected."""


class Values:
    """A stack of expressions, and the instructions that put values on it."""

    def __init__(self, code: CodeType, quote: str) -> None:
        self.code, self.quote = code, quote
        self.ops = read(code)
        self.stack: list[Node] = []
        self.comp: dict[str, Any] | None = None  # the comprehension that is being read

    def pop(self) -> Node:
        """The topmost expression. Raises Lost."""
        if not self.stack:
            raise Lost
        return self.stack.pop()

    def pop_many(self, count: int) -> list[Node]:
        """So many, in the order they were written."""
        if count > len(self.stack):
            raise Lost
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def push(self, node: Node) -> None:
        """Put an expression on the stack."""
        self.stack.append(node)

    def finish_comp(self, op: Op, element: list[Node]) -> None:
        """An element of a comprehension is there: so is the comprehension."""
        raise NotImplementedError

    def do_load_const(self, op: Op) -> None:
        if isinstance(op.value, CodeType):
            self.push(Node("code", [], extra=op.value))
        else:
            self.push(nodes.constant(op.value, op, self.quote))

    do_load_small_int = do_load_const

    def do_load_closure(self, op: Op) -> None:
        self.push(Node("cell", [free(str(op.value))]))

    def do_load_build_class(self, op: Op) -> None:
        self.push(Node("class", []))

    def do_load_assertion_error(self, op: Op) -> None:
        self.push(Node("assertion", [free("AssertionError")], op=None))

    def do_load_fast_and_clear(self, op: Op) -> None:
        if self.comp is None:
            self.comp = {"iter": self.pop(), "clauses": [], "cleared": 0}
        self.comp["cleared"] += 1

    def do_build_tuple(self, op: Op) -> None:
        self.push(nodes.tuple_of(self.pop_many(int(op.value)), op))

    def do_build_list(self, op: Op) -> None:
        items = self.pop_many(int(op.value))
        self.push(nodes.bracketed("list", items, op, DISPLAYS[op.name]))

    do_build_set = do_build_list

    def do_build_map(self, op: Op) -> None:
        parts = self.pop_many(2 * int(op.value))
        self.push(self.dict_of(list(zip(parts[::2], parts[1::2])), op))

    def do_build_const_key_map(self, op: Op) -> None:
        keys = self.pop()
        values = self.pop_many(int(op.value))
        pairs = [
            (Node("const", [free(plainly(nodes.constant(k, nowhere(op), self.quote)), True)]), v)
            for k, v in zip(keys.extra, values)
        ]
        for (key, _), raw in zip(pairs, keys.extra):
            key.extra = raw
        self.push(self.dict_of(pairs, op))

    def dict_of(self, pairs: Any, op: Op) -> Node:
        tokens: list[Token] = [free("{")]
        for number, (key, value) in enumerate(pairs):
            if number:
                tokens.append(free(", "))
            if key is None:
                tokens += [free("**", True), *wrapped(value, 7)]
            else:
                colon = free(": ")
                if key.tokens and key.tokens[-1].free and key.kind == "const":
                    colon = free(": ", True)
                tokens += [*wrapped(key, nodes.LAMBDA), colon, *wrapped(value, nodes.LAMBDA)]
        return Node("dict", [*tokens, free("}")], nodes.PRIMARY, op, list(pairs))

    def do_list_extend(self, op: Op) -> None:
        more, target = self.pop(), self.pop()
        if more.kind == "const" and isinstance(more.extra, (tuple, frozenset)):
            values = [
                Node("const", [free(plainly(nodes.constant(v, nowhere(op), self.quote)))])
                for v in more.extra
            ]
        else:
            values = [Node("star", [free("*", True), *wrapped(more, 7)])]
        marks = "{}" if target.kind == "set" else "[]"
        node = nodes.bracketed(target.kind, [*target.parts, *values], nowhere(op), marks)
        node.place = target.place
        if target.place is not None:
            line, col, end, end_col = target.place
            node.tokens[0] = Token(marks[0], line, col)
            node.tokens[-1] = Token(marks[1], end, end_col - 1)
        self.push(node)

    do_set_update = do_list_extend

    def do_list_append(self, op: Op) -> None:
        if self.comp is not None:
            self.finish_comp(op, [self.pop()])
            return
        value, target = self.pop(), self.pop()
        self.push(nodes.bracketed(target.kind, [*target.parts, value], nowhere(op), "[]"))

    def do_set_add(self, op: Op) -> None:
        self.finish_comp(op, [self.pop()])

    def do_map_add(self, op: Op) -> None:
        self.finish_comp(op, self.pop_many(2))

    def do_dict_update(self, op: Op) -> None:
        more, target = self.pop(), self.pop()
        pairs = [*(target.extra or []), *(more.extra if more.kind == "dict" else [(None, more)])]
        if op.name == "DICT_MERGE" and more.kind == "dict":
            pairs = [*(target.extra or []), *(more.extra or [])]
        self.push(self.dict_of(pairs, nowhere(op)))

    do_dict_merge = do_dict_update

    def do_binary_subscr(self, op: Op) -> None:
        index, inner = self.pop(), self.pop()
        self.push(self.subscript(inner, index, op))

    def do_binary_slice(self, op: Op) -> None:
        stop, start = self.pop(), self.pop()
        inner = self.pop()
        self.push(self.subscript(inner, self.slice_of([start, stop], op), op))

    def do_build_slice(self, op: Op) -> None:
        self.push(self.slice_of(self.pop_many(int(op.value)), op))

    def slice_of(self, parts: list[Node], op: Op) -> Node:
        tokens: list[Token] = []
        for number, part in enumerate(parts):
            if number:
                tokens.append(free(":"))
            if part.kind != "const" or part.extra is not None:
                tokens += part.tokens
        return Node("slice", tokens, nodes.TUPLE)

    def subscript(self, inner: Node, index: Node, op: Op) -> Node:
        """`inner[index]`."""
        tokens = [*wrapped(inner, nodes.PRIMARY), free("["), *index.tokens, free("]")]
        return Node("subscript", tokens, nodes.PRIMARY, op)

    # Text.

    def do_format_value(self, op: Op) -> None:
        flags = op.value if isinstance(op.value, tuple) else (None, bool(op.value & 4))
        spec = self.pop() if flags[1] else None
        name = getattr(flags[0], "__name__", None)
        self.formatted({"str": "!s", "repr": "!r", "ascii": "!a"}.get(name or "", ""), spec)

    def formatted(self, conversion: str, spec: Node | None) -> None:
        inner = self.pop()
        if inner.kind == "converted":
            conversion, inner = inner.extra, inner.parts[0]
        text = "{" + plainly(inner) + conversion
        if spec is not None:
            text += ":" + str(spec.extra)
        self.push(Node("format", inner.tokens, extra=text + "}"))

    def do_convert_value(self, op: Op) -> None:
        name = getattr(op.value, "__name__", None) or {1: "str", 2: "repr", 3: "ascii"}.get(
            op.value
        )
        sign = {"str": "!s", "repr": "!r", "ascii": "!a"}.get(str(name), "")
        self.push(Node("converted", [], extra=sign, parts=[self.pop()]))

    def do_format_simple(self, op: Op) -> None:
        self.formatted("", None)
        if op.line is not None and op.col is not None:
            self.stack[-1].place = (op.line, op.col, op.end, op.end_col)

    def do_format_with_spec(self, op: Op) -> None:
        spec = self.pop()
        self.formatted("", spec)

    def do_build_string(self, op: Op) -> None:
        self.push(nodes.braces(self.pop_many(int(op.value)), op, self.quote))


def nowhere(op: Op) -> Op:
    """The instruction without its place."""
    return Op(op.name, op.value, op.offset, (None, None, None, None))
