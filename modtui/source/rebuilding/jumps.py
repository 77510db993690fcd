"""Conditional jumps put together again: `and`, `or`, `not`, `a if b else c`."""

from __future__ import annotations

from . import nodes
from .nodes import Node, free, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instructions import Op


class Test:
    """An expression that decides where it goes on: at `target` if it is `sense`, else behind."""

    __slots__ = ("after", "node", "sense", "target")

    def __init__(self, node: Node, sense: bool, target: Any, after: int) -> None:
        self.node, self.sense, self.target, self.after = node, sense, target, after


def negated(node: Node) -> Node:
    """`not` that."""
    if node.kind == "none":
        return is_none(node.parts[0], not node.extra[0], node.extra[1])
    tokens = [free("not ", True), *wrapped(node, nodes.NOT)]
    return Node("not", tokens, nodes.NOT)


def is_none(node: Node, is_so: bool, op: Any) -> Node:
    """`node is None`, or that it is not."""
    word = " is None" if is_so else " is not None"
    return Node(
        "none", [*wrapped(node, 7), free(word)], nodes.COMPARE, op, (is_so, op), parts=[node]
    )


def both(left: Node, word: str, right: Node) -> Node:
    """`left and right`, `left or right`."""
    level = nodes.AND if word == "and" else nodes.OR
    tokens = [*wrapped(left, level), free(f" {word} ", True), *wrapped(right, level + 1)]
    return Node(word, tokens, level)


def merged(tests: list[Test]) -> list[Test]:
    """Neighbours made one, as long as that can be done."""
    found = list(tests)
    at = len(found) - 2
    while at >= 0:
        one = _pair(found[at], found[at + 1])
        if one is not None:
            found[at : at + 2] = [one]
            at = min(at, len(found) - 2)
        else:
            at -= 1
    return found


def _pair(one: Test, other: Test) -> Test | None:
    if one.target == other.target and one.sense == other.sense:
        word = "or" if one.sense else "and"
        node = both(one.node, word, other.node)
    elif one.target == other.target:
        word = "or" if other.sense else "and"
        node = both(negated(one.node), word, other.node)
    elif one.target == other.after:
        # What it jumps over is the other test: where that one would go on.
        word = "and" if other.sense else "or"
        left = one.node if one.sense != other.sense else negated(one.node)
        node = both(left, word, other.node)
    else:
        return None
    return Test(node, other.sense, other.target, other.after)


class Tests:
    """The tests that wait for what they decide."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.waiting: list[Test] = []
        self.joins: list[Any] = []  # (offset, word or test, node): to be put together there

    def arrive(self, offset: int) -> None:
        """Put together what meets at an offset."""
        while self.joins and self.joins[-1][0] == offset:
            _, what, left = self.joins.pop()
            right = self.machine.pop()
            if isinstance(what, str):
                self.machine.push(both(left, what, right))
            else:
                self.machine.push(ternary(what, left, right))

    def keep_or_pop(self, word: str, target: Any) -> None:
        """`and` or `or` whose value is wanted: the right side follows."""
        self.joins.append((target, word, self.machine.pop()))

    def test(self, op: Op, after: int) -> None:
        """A conditional jump."""
        node = self.machine.pop()
        name = op.name
        sense = "IF_TRUE" in name or name.endswith("IF_NONE")
        if "NONE" in name:
            sense = not name.endswith("NOT_NONE")
            node = is_none(node, True, op)
        self.waiting.append(Test(node, sense, op.value, after))

    def choose(self, op: Op, after: int) -> bool:
        """A jump over the other branch of `a if b else c`, if it is one."""
        if not self.waiting or not self.machine.stack:
            return False
        tests = merged(self.waiting)
        if len(tests) != 1 or tests[0].target != after:
            return False
        self.joins.append((op.value, tests[0], self.machine.pop()))
        self.waiting = []
        return True


def ternary(test: Test, left: Node, right: Node) -> Node:
    """`left if test else right`."""
    node = negated(test.node) if test.sense else test.node
    tokens = [
        *wrapped(left, nodes.OR),
        free(" if ", True),
        *wrapped(node, nodes.OR),
        free(" else ", True),
        *wrapped(right, nodes.TERNARY),
    ]
    return Node("ternary", tokens, nodes.TERNARY)
