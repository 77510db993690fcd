"""Code objects read line by line: what each line loads, calls and stores, and at which columns.

Versions of Python say the same in different instructions; what is compared here is put in words
that most of them share. Positions are those of `code.co_positions()` (3.11+): lines from 1, columns
in UTF-8 bytes from 0.
"""

from __future__ import annotations

import dis
import sys
from types import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

COLUMNS = sys.version_info >= (3, 11)
_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
_NOISE = frozenset(
    [
        "CACHE",
        "EXTENDED_ARG",
        "RESUME",
        "NOP",
        "POP_TOP",
        "POP_BLOCK",
        "COPY",
        "SWAP",
        "PRECALL",
        "PUSH_NULL",
        "POP_EXCEPT",
        "RERAISE",
        "MAKE_CELL",
        "COPY_FREE_VARS",
        "DUP_TOP",
        "ROT_TWO",
        "ROT_THREE",
        "ROT_FOUR",
        "END_FOR",
        "POP_ITER",
        "NOT_TAKEN",
        "SETUP_FINALLY",
        "TO_BOOL",
        "SETUP_WITH",
        "BEGIN_FINALLY",
        "END_FINALLY",
        "POP_FINALLY",
        "CALL_FINALLY",
        "END_ASYNC_FOR",
        "RETURN_GENERATOR",
        "LOAD_CLOSURE",
        "PUSH_EXC_INFO",
        "GEN_START",
        "END_SEND",
        "SEND",
        "JUMP_BACKWARD_NO_INTERRUPT",
        "SETUP_ANNOTATIONS",
        "WITH_CLEANUP_START",
        "WITH_CLEANUP_FINISH",
        "ROT_N",
    ]
)
# Their positions are those of whole statements, or of what comes before them.
_ELSEWHERE = frozenset(["KW_NAMES", "GET_ITER", "FOR_ITER", "BEFORE_WITH", "MAKE_FUNCTION"])
_NAMES = {"LOAD_FAST", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF"}
_NAMES |= {"LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR", "LOAD_FROM_DICT_OR_GLOBALS"}
_NAMES |= {"LOAD_FROM_DICT_OR_DEREF", "LOAD_FAST_BORROW"}
_STORES = {"STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"}
_BINARY = {"ADD": "+", "SUBTRACT": "-", "MULTIPLY": "*", "TRUE_DIVIDE": "/", "FLOOR_DIVIDE": "//"}
_BINARY.update({"MODULO": "%", "POWER": "**", "LSHIFT": "<<", "RSHIFT": ">>", "AND": "&"})
_BINARY.update({"XOR": "^", "OR": "|", "MATRIX_MULTIPLY": "@"})


class Target(int):
    """Where a jump goes to: its offset."""


class Op:
    """One instruction, in shared words: `kind` and `arg`, and its raw name and argument."""

    __slots__ = ("arg", "col", "end", "end_col", "kind", "line", "name", "offset", "value")

    def __init__(self, name: str, value: Any, offset: int, where: tuple[Any, ...]) -> None:
        self.name, self.value, self.offset = name, value, offset
        self.line, self.end, self.col, self.end_col = where
        self.kind, self.arg = _shared(name, value)

    @property
    def core(self) -> tuple[str, Any]:
        """What it does, without where."""
        return self.kind, self.arg

    @property
    def full(self) -> tuple[Any, ...]:
        """What it does and at which columns, where these are its own."""
        if self.name in _ELSEWHERE:
            return self.core
        end = None if self.end is None or self.line is None else self.end - self.line
        return self.kind, self.arg, end, self.col, self.end_col


def constant_key(value: Any) -> Any:
    """Something hashable and equal only for constants of one type and value."""
    if isinstance(value, CodeType):
        return "code", value.co_name
    if isinstance(value, tuple):
        return "tuple", tuple(map(constant_key, value))
    if isinstance(value, frozenset):
        return "frozenset", tuple(sorted(map(repr, value)))
    return type(value).__name__, repr(value)


def _shared(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, Target):
        if "JUMP" not in name or name == "JUMP_IF_NOT_EXC_MATCH":
            return name, None
        name = name.replace("_FORWARD", "").replace("_BACKWARD", "").replace("_ABSOLUTE", "")
        return "jump", name
    if name in _NAMES:
        return "name", value
    if name in _STORES:
        return "store", value
    if name in ("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST", "LOAD_COMMON_CONSTANT"):
        return "const", constant_key(value)
    if name in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
        return "attr", value
    if name.startswith("BINARY_") and name[7:] in _BINARY:
        return "binary", _BINARY[name[7:]]
    if name.startswith("INPLACE_") and name[8:] in _BINARY:
        return "binary", _BINARY[name[8:]] + "="
    if name in ("BINARY_OP", "COMPARE_OP", "CONTAINS_OP", "IS_OP"):
        return "binary" if name == "BINARY_OP" else "compare", value
    if name in ("CALL", "CALL_FUNCTION", "CALL_METHOD"):
        return "call", value
    return name, constant_key(value) if isinstance(value, (tuple, CodeType)) else value


def read(code: CodeType) -> list[Op]:
    """The instructions of one code object, those inside of it left out."""
    places = list(code.co_positions()) if COLUMNS else None
    starts = dict(dis.findlinestarts(code)) if places is None else {}
    line: int | None = code.co_firstlineno
    found: list[Op] = []
    for step in dis.get_instructions(code):
        line = starts.get(step.offset, line)
        where: tuple[Any, ...] = (line, None, None, None)
        if places is not None:
            where = places[step.offset // 2]
        for name, value in _split(step):
            found.append(Op(name, value, step.offset, where))
            where = (where[0], None, None, None)  # of two in one, the place is that of the first
    return found


def _split(step: dis.Instruction) -> Iterator[tuple[str, Any]]:
    name, value = step.opname, step.argval
    if name.startswith("LOAD_FAST_") and isinstance(value, tuple):  # two names at once (3.13+)
        yield "LOAD_FAST", value[0]
        yield "LOAD_FAST", value[1]
    elif name == "STORE_FAST_STORE_FAST":
        yield "STORE_FAST", value[0]
        yield "STORE_FAST", value[1]
    elif name == "STORE_FAST_LOAD_FAST":
        yield "STORE_FAST", value[0]
        yield "LOAD_FAST", value[1]
    elif step.opcode in _JUMPS:
        yield name, Target(value)
    elif name == "BINARY_OP":
        yield name, step.argrepr
    elif name == "COMPARE_OP":
        yield name, str(value).replace("bool(", "").rstrip(")")
    elif name == "LOAD_ATTR" and step.argrepr.startswith("NULL|self"):
        yield "LOAD_METHOD", value
    elif name == "IS_OP":
        yield name, "is not" if step.arg else "is"
    elif name == "CONTAINS_OP":
        yield name, "not in" if step.arg else "in"
    else:
        yield name, value


def nested(code: CodeType) -> list[CodeType]:
    """The code objects directly inside of one."""
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def inside(code: CodeType) -> Iterator[CodeType]:
    """The code object and all that are inside of it."""
    yield code
    for each in nested(code):
        yield from inside(each)


class Line:
    """What stands on one line of the source, as far as code tells."""

    __slots__ = ("core", "first", "full", "ops")

    def __init__(self, ops: list[Op]) -> None:
        self.ops = ops
        meaning = list(_meaning(ops))
        self.core = tuple([op.core for op in meaning])
        self.full = tuple([op.full for op in meaning])
        columns = [op.col for op in meaning if op.col is not None and op.line == op.end]
        self.first: int | None = min(columns) if columns else None


def _meaning(ops: list[Op]) -> Iterator[Op]:
    """Without what depends on the lines around: jumps, cleaning up, the implicit return."""
    for at, op in enumerate(ops):
        if op.name in _NOISE or (op.kind == "jump" and "IF" not in op.name):
            continue
        if op.name == "RETURN_VALUE" and at and ops[at - 1].arg == constant_key(None):
            continue
        if op.arg == constant_key(None) and op.kind == "const":
            returned = at + 1 < len(ops) and ops[at + 1].name == "RETURN_VALUE"
            if returned or op.name == "RETURN_CONST":
                continue
        yield op


def by_line(codes: list[CodeType]) -> dict[int, Line]:
    """The lines that these code objects, with all that is inside of them, have code on."""
    lines: dict[int, list[Op]] = {}
    for top in codes:
        for code in inside(top):
            for op in read(code):
                if op.line is not None and op.name not in ("CACHE", "RESUME", "EXTENDED_ARG"):
                    lines.setdefault(op.line, []).append(op)
    return {number: Line(ops) for number, ops in lines.items()}


def last_line(code: CodeType) -> int:
    """The last line that has code of it."""
    last = code.co_firstlineno
    for each in inside(code):
        for op in read(each):
            last = max(last, op.line or 0, op.end or 0)
    return last


NOTHING = Line([])
