"""Statements written from bytecode."""

from __future__ import annotations

from . import nodes
from .instructions import Op
from .jumps import Test, merged, negated
from .machine import Machine
from .nodes import Node, Token, at, free, wrapped
from .scopes import conditions, parameters
from .values import Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any


JUMPS_ON = ("JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD")


class Statement:
    """A statement, or the head of a block: its tokens behind each of the words it may have."""

    __slots__ = ("line", "tails", "tokens", "words")

    def __init__(self, words: list[str], tokens: list[Token], line: int, tail: str = "") -> None:
        self.words, self.tokens, self.line = words, tokens, line
        self.tails = tail


class Writer(Machine):
    """Goes through a function and writes down its statements."""

    def __init__(self, code: CodeType, quote: str, argument: Node | None = None) -> None:
        super().__init__(code, quote, argument)
        self.found: list[Statement] = []
        self.targets: list[list[Token]] = []  # of an assignment that has several
        self.loop: Node | None = None  # what the `for` goes through whose target follows
        self.unpacking: list[Any] = []
        self.manager: Any = None  # the `with` whose target may follow
        self.result: Node | None = None
        self.returned: list[tuple[Any, Node]] = []
        self.claims: dict[int, Node] = {}  # what may be asserted on a line

    # Going through.

    def run(self) -> list[Statement]:
        """All statements that could be read."""
        self.position = 0
        while self.position < len(self.ops):
            op = self.ops[self.position]
            try:
                self.tests.arrive(op.offset)
                if not self.step(op):
                    self.statement(op)
            except (Lost, IndexError, TypeError, ValueError, AttributeError, KeyError):
                self.forget()
            self.position += 1
            if len(self.stack) > 60:
                self.forget()
        self.flush()
        return self.found

    def value(self) -> Node:
        """What a lambda returns. Raises Lost."""
        self.run()
        if self.result is None:
            raise Lost
        return self.result

    def in_brackets(self) -> list[Token]:
        """What stands in the brackets of a comprehension that is apart. Raises Lost."""
        comp = self.comp
        assert comp is not None
        self.run()
        if "tokens" not in comp:
            raise Lost
        found: list[Token] = comp["tokens"]
        return found

    def forget(self) -> None:
        """Begin anew after something that is not understood."""
        self.stack, self.targets, self.unpacking = [], [], []
        self.loop = self.manager = None
        self.tests.joins, self.tests.waiting = [], []

    def after(self) -> int:
        """The offset of the next instruction."""
        ahead = self.position + 1
        while ahead < len(self.ops) and self.ops[ahead].name in ("CACHE", "NOT_TAKEN"):
            ahead += 1
        return self.ops[ahead].offset if ahead < len(self.ops) else -1

    def emit(self, words: list[str], tokens: list[Token], line: Any, tail: str = "") -> None:
        """Write down a statement."""
        self.flush()
        lines = [token.line for token in tokens if token.line is not None]
        if line is not None:
            lines.append(line)
        if lines:
            self.found.append(Statement(words, tokens, min(lines), tail))

    def flush(self) -> None:
        """Tests that wait were the head of a block."""
        waiting, self.tests.waiting = self.tests.waiting, []
        if not waiting or self.comp is not None:
            return
        for group in _groups(waiting):
            for test in merged(group):
                node = negated(test.node) if test.sense else test.node
                line = node.line
                if line is not None:
                    words = ["if ", "elif ", "while "]
                    self.found.append(Statement(words, list(node.tokens), line, ":"))
                    claim = test.node if test.sense else negated(test.node)
                    self.claims[line] = claim
                    self.found.append(Statement(["assert "], list(claim.tokens), line))

    # Instructions that end something.

    def statement(self, op: Op) -> None:
        name = op.name
        if op.kind == "store":
            self.store([at(op, str(op.value))], op)
        elif op.kind == "jump":
            self.jump(op)
        elif name in ("STORE_ATTR", "STORE_SUBSCR", "STORE_SLICE"):
            self.store(self.place(op), op)
        elif name in ("DUP_TOP", "COPY"):
            depth = 1 if name == "DUP_TOP" else int(op.value)
            if depth > len(self.stack):
                raise Lost
            self.push(self.stack[-depth])
        elif name in ("SWAP", "ROT_TWO", "ROT_THREE", "ROT_FOUR", "DUP_TOP_TWO"):
            self.turn(op)
        elif name in JUMPS_ON:
            if self.comp is None:
                self.tests.choose(op, self.after())
        elif name == "POP_TOP":
            self.drop(op)
        elif name in ("RETURN_VALUE", "RETURN_CONST"):
            self.give_back(op)
        elif name == "RAISE_VARARGS":
            self.throw(op)
        elif name in ("GET_ITER", "GET_AITER"):
            pass
        elif name in ("FOR_ITER", "GET_ANEXT"):
            self.loop = self.pop()
            self.close_clause()
        elif name in ("UNPACK_SEQUENCE", "UNPACK_EX"):
            self.unpack(op)
        elif name.startswith("DELETE_"):
            self.delete(op)
        elif name in ("SETUP_WITH", "BEFORE_WITH", "BEFORE_ASYNC_WITH", "SETUP_ASYNC_WITH"):
            self.manager = (self.pop(), "async with " if "ASYNC" in name else "with ")
            self.push(Node("entered", []))
        elif name in ("JUMP_IF_NOT_EXC_MATCH", "CHECK_EXC_MATCH") or op.kind == "compare":
            kind = self.pop()
            self.forget()
            self.emit(["except "], list(kind.tokens), kind.line, ":")
        elif name in ("IMPORT_NAME", "IMPORT_FROM"):
            self.bring(op)
        elif name in ("POP_EXCEPT", "RERAISE", "END_FINALLY", "PUSH_EXC_INFO", "END_ASYNC_FOR"):
            self.forget()
        else:
            self.forget()

    def turn(self, op: Op) -> None:
        depth = {"ROT_TWO": 2, "ROT_THREE": 3, "ROT_FOUR": 4, "DUP_TOP_TWO": 2}.get(op.name)
        depth = int(op.value) if depth is None else depth
        if depth > len(self.stack):
            raise Lost
        if op.name == "SWAP":
            self.stack[-1], self.stack[-depth] = self.stack[-depth], self.stack[-1]
        elif op.name == "DUP_TOP_TWO":
            self.stack += self.stack[-2:]
        else:
            self.stack.insert(len(self.stack) - depth + 1, self.stack.pop())

    def jump(self, op: Op) -> None:
        if op.name.startswith(JUMPS_ON):
            if self.comp is None:
                self.tests.choose(op, self.after())
            return
        if "OR_POP" in op.name:
            self.tests.keep_or_pop("and" if "FALSE" in op.name else "or", op.value)
            return
        if "IF" not in op.name:
            return
        before = self.ops[self.position - 1] if self.position else op
        if before.name == "TO_BOOL":
            before = self.ops[self.position - 2]
        if before.name == "COPY" and before.value == 1:  # `and`, `or`: 3.12+
            node = self.pop()
            self.stack.pop()
            self.push(node)
            self.tests.keep_or_pop("and" if "FALSE" in op.name else "or", op.value)
            while self.position + 1 < len(self.ops) and (
                self.ops[self.position + 1].name in ("CACHE", "NOT_TAKEN", "POP_TOP")
            ):
                self.position += 1
                if self.ops[self.position].name == "POP_TOP":
                    break
            return
        self.tests.test(op, self.after())

    def place(self, op: Op) -> list[Token]:
        """What an attribute or an item is stored to."""
        if op.name == "STORE_ATTR":
            return self.attribute_of(self.pop(), op).tokens
        if op.name == "STORE_SLICE":
            stop, start = self.pop(), self.pop()
            inner = self.pop()
            return self.subscript(inner, self.slice_of([start, stop], op), op).tokens
        index, inner = self.pop(), self.pop()
        return self.subscript(inner, index, op).tokens

    def store(self, target: list[Token], op: Op) -> None:
        """Something is stored to a target."""
        if self.unpacking:
            self.unpacking[-1][1].append(target)
            self.unpacked(op)
            return
        if self.loop is not None:
            self.go_through(target)
            return
        if self.manager is not None:
            manager, word = self.manager
            self.manager = None
            self.pop()
            self.emit([word], [*manager.tokens, free(" as ", True), *target], manager.line, ":")
            return
        if self.found and not self.stack and self.found[-1].words == ["except "]:
            last = self.found[-1]
            if target[0].line in (None, last.line) and " as " not in last.tails:
                last.tails = f" as {op.value}:"
                return
        value = self.pop()
        if value.kind == "function":
            self.define(value, op)
        elif any(value is each for each in self.stack):
            self.targets.append(target)
        elif value.kind == "augment":
            left, right = value.parts
            tokens = [*left.tokens, free(f" {value.extra} "), *right.tokens]
            self.emit([""], tokens, left.line)
        elif value.kind == "imported":
            self.imported(value, str(op.value), op)
        else:
            tokens = []
            for each in [*self.targets, target]:
                tokens += [*each, free(" = ")]
            self.targets = []
            self.emit([""], [*tokens, *value.tokens], op.line)

    def go_through(self, target: list[Token]) -> None:
        """The target of a `for`, or of a clause of a comprehension."""
        source, self.loop = self.loop, None
        assert source is not None
        if self.comp is not None:
            self.comp["clauses"].append([Node("target", target), source, []])
            return
        tokens = [*target, free(" in ", True), *wrapped(source, nodes.TUPLE)]
        self.emit(["for ", "async for "], tokens, source.line, ":")

    def close_clause(self) -> None:
        """The tests that wait belong to the clause before."""
        if self.comp is not None and self.comp["clauses"]:
            self.comp["clauses"][-1][2] += conditions(self.tests.waiting)
            self.tests.waiting = []
            if "iter" in self.comp and self.loop is not None:
                return
        if self.comp is not None and self.loop is None and not self.comp["clauses"]:
            self.loop = self.comp.get("iter")

    def leave_comp(self) -> None:
        """Skip what ends a comprehension in line: names get their values back."""
        assert self.comp is not None
        left, self.comp = self.comp["cleared"], None
        while left and self.position + 1 < len(self.ops):
            self.position += 1
            left -= self.ops[self.position].kind == "store"

    def unpack(self, op: Op) -> None:
        count = op.value if op.name == "UNPACK_SEQUENCE" else None
        star = None
        if count is None:
            star = int(op.value) & 0xFF
            count = star + 1 + (int(op.value) >> 8)
        self.unpacking.append((int(count), [], op, star))

    def unpacked(self, op: Op) -> None:
        """All targets of an unpacking are there: they are a target themselves."""
        while self.unpacking and len(self.unpacking[-1][1]) == self.unpacking[-1][0]:
            _, targets, start, star = self.unpacking.pop()
            if star is not None:
                targets[star] = [free("*", True), *targets[star]]
            node = nodes.tuple_of([Node("target", each) for each in targets], start)
            if self.unpacking:
                self.unpacking[-1][1].append(wrapped(node, nodes.LAMBDA))
            else:
                self.store(list(node.tokens), op)

    def decorated(self, by: Node) -> None:
        """A decorator has a line of its own, above; the innermost is called first."""
        line = by.line
        if line is not None:
            self.found.append(Statement(["@"], list(by.tokens), line))

    def define(self, function: Node, op: Op) -> None:
        """A function inside of this one."""
        code: CodeType = function.extra
        word = "async def " if code.co_flags & 0x280 else "def "
        text = f"{word}{op.value}({parameters(code, function.parts)}):"
        self.emit([""], [at(op, text)], op.line)

    def drop(self, op: Op) -> None:
        """A value that nobody wants: an expression that stands alone."""
        if self.manager is not None:
            manager, word = self.manager
            self.manager = None
            self.pop()
            self.emit([word], list(manager.tokens), manager.line, ":")
            return
        if not self.stack:
            return
        node = self.pop()
        if node.kind not in ("imported", "entered", "const", "iterator"):
            self.emit([""], list(node.tokens), node.line)

    def give_back(self, op: Op) -> None:
        if op.name == "RETURN_CONST":
            if op.col is not None and op.line == op.end:
                place = (op.line, op.col + 7, op.end, op.end_col)
                op = Op(op.name, op.value, op.offset, place)
            self.push(nodes.constant(op.value, op, self.quote))
        node = self.pop()
        if self.returned and self.returned[-1][0][1] == op.line:
            (test, _), left = self.returned.pop()
            from .jumps import ternary

            node = ternary(test, left, node)
        elif self.tests.waiting:
            tests = merged(self.tests.waiting)
            alike = tests[0].node.line == node.line == op.line
            if len(tests) == 1 and alike and tests[0].target == self.after():
                self.tests.waiting = []
                self.returned.append(((tests[0], op.line), node))
                return
        self.result = node
        word = Token("return ", op.line, op.col)
        nothing = node.kind == "const" and node.extra is None
        if op.name == "RETURN_CONST" and op.col is not None:
            word.col = op.col - 7
            if nothing and op.end_col - op.col == -1:
                self.emit([""], [Token("return", op.line, op.col - 7)], op.line)
                return
        elif op.col is not None and node.tokens[0].col == op.col:
            word = free("return ")
        elif nothing and (op.col is None or op.end_col - op.col == 6):
            self.emit([""], [Token("return", op.line, op.col)], op.line)
            return
        self.emit([""], [word, *node.tokens], op.line)

    def throw(self, op: Op) -> None:
        parts = self.pop_many(int(op.value))
        if parts and parts[0].kind == "assertion":
            waiting = merged(self.tests.waiting)
            self.tests.waiting = []
            if waiting:
                node = waiting[-1].node if waiting[-1].sense else negated(waiting[-1].node)
            else:
                node = self.claims[op.line or 0]
            tokens = list(node.tokens)
            if parts[0].parts:
                tokens += [free(", "), *parts[0].parts[0].tokens]
            self.emit(["assert "], tokens, node.line)
            return
        tokens = [Token("raise ", op.line, op.col) if parts else at(op, "raise")]
        for number, part in enumerate(parts):
            tokens += [free(" from ", True), *part.tokens] if number else part.tokens
        self.emit([""], tokens, op.line)

    def delete(self, op: Op) -> None:
        if op.name == "DELETE_ATTR":
            tokens = self.attribute_of(self.pop(), op).tokens
        elif op.name == "DELETE_SUBSCR":
            index, inner = self.pop(), self.pop()
            tokens = self.subscript(inner, index, op).tokens
        else:
            tokens = [at(op, str(op.value))]
        self.emit(["del "], tokens, op.line)

    # Imports.

    def bring(self, op: Op) -> None:
        if op.name == "IMPORT_NAME":
            names, level = self.pop(), self.pop()
            node = Node("imported", [], extra=(str(op.value), level.extra, names.extra, op, []))
            self.push(node)
        else:
            module = self.stack[-1]
            name = str(op.value)
            if module.extra[2] is None:
                self.push(module)
            else:
                self.push(Node("imported", [], extra=(name, None, None, op, module)))

    def imported(self, value: Node, name: str, op: Op) -> None:
        """A name that an import binds."""
        what, level, _, start, module = value.extra
        if level is None:
            source, depth, wanted, first, pairs = module.extra
            pairs.append(what if what == name else f"{what} as {name}")
            if len(pairs) == len(wanted):
                text = "from {}{} import {}".format("." * depth, source, ", ".join(pairs))
                self.emit([""], [at(first, text)], first.line)
            return
        text = "import " + (what if what.split(".")[0] == name else f"{what} as {name}")
        self.emit([""], [at(start, text)], start.line)


def _groups(waiting: list[Test]) -> Iterator[list[Test]]:
    """Tests of one head together: those of the block inside begin on a line of their own."""
    group: list[Test] = []
    for test in waiting:
        if group and _begins(group[0], test):
            yield group
            group = []
        group.append(test)
    if group:
        yield group


def _begins(first: Test, test: Test) -> bool:
    one, other = first.node.tokens[0], test.node.tokens[0]
    if one.line is None or other.line is None or one.line >= other.line:
        return False
    return one.col is not None and other.col is not None and other.col == one.col + 4
