"""Code of a module's or a class's top level, cut into statements that can be compared.

There is no text of what was loaded, only its code. Of that the instructions are grouped by line;
a statement of the new text is unchanged when its groups, with names and constants in the place of
numbers, are found in the old code.
"""

from __future__ import annotations

import sys
from itertools import chain

from . import codes, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

    Token = Tuple[Any, ...]
    Group = Tuple[Token, ...]
    Signature = Tuple[Group, ...]


class _Opcodes:
    """The interpreter's table of opcodes; it is read only when something is to be changed."""

    def __init__(self) -> None:
        import opcode

        self.names = opcode.opname
        self.consts = frozenset(opcode.hasconst)
        self.named = frozenset(opcode.hasname)
        self.local = frozenset(opcode.haslocal)
        jumps = set(opcode.hasjrel) | set(opcode.hasjabs) | set(getattr(opcode, "hasjump", ()))
        self.jumps = frozenset(jumps)
        self.extended = opcode.EXTENDED_ARG
        # How many low bits of the argument are flags and not part of the index of a name.
        self.shift = {}
        if sys.version_info >= (3, 11):
            self.shift[opcode.opmap["LOAD_GLOBAL"]] = 1
        if sys.version_info >= (3, 12):
            self.shift[opcode.opmap["LOAD_ATTR"]] = 1
            self.shift[opcode.opmap["LOAD_SUPER_ATTR"]] = 2


_opcodes: Optional[_Opcodes] = None


def _table() -> _Opcodes:
    global _opcodes
    if _opcodes is None:
        _opcodes = _Opcodes()
    return _opcodes


def lines_of(code: Any) -> Iterator[Tuple[int, int, Optional[int]]]:
    """(start, end, line) of the ranges of a code's instructions."""
    if hasattr(code, "co_lines"):
        yield from code.co_lines()
        return
    # Before 3.10: pairs of bytes, see Objects/lnotab_notes.txt of CPython.
    table = code.co_lnotab
    line, start, position = code.co_firstlineno, 0, 0
    for index in range(0, len(table), 2):
        step, delta = table[index], table[index + 1]
        if step:
            position += step
            yield start, position, line
            start = position
        line += delta - 256 if delta >= 128 else delta
    yield start, len(code.co_code), line


def tokens(code: Any) -> Iterator[Tuple[int, Token]]:
    """(offset, token) of every instruction, with names and constants instead of their indices."""
    table = _table()
    binary, extended = code.co_code, 0
    fast = code.co_varnames + code.co_cellvars + code.co_freevars
    for offset in range(0, len(binary), 2):
        operation, argument = binary[offset], binary[offset + 1] | extended
        extended = 0
        if operation == table.extended:
            extended = argument << 8
            continue
        name = table.names[operation]
        if operation == 0 and name in ("CACHE", "<0>"):
            continue
        if operation in table.consts:
            yield offset, (name, code.co_consts[argument])
        elif operation in table.named:
            yield offset, (name, code.co_names[argument >> table.shift.get(operation, 0)])
        elif operation in table.jumps:
            yield offset, (name,)
        elif operation in table.local and len(fast) <= 16 and name.count("_FAST") > 1:
            yield offset, (name, fast[argument >> 4], fast[argument & 15])
        elif operation in table.local and argument < len(fast):
            yield offset, (name, fast[argument])
        else:
            yield offset, (name, argument)


def groups(code: Any) -> List[Tuple[int, Group]]:
    """The instructions of each line, in the order of lines."""
    return [(line, group) for line, group, _ in _groups(code)]


_recent: List[Tuple[Any, List[Tuple[int, Group, bool]]]] = []  # one patch asks several times


def _groups(code: Any) -> List[Tuple[int, Group, bool]]:
    """The same, and whether a statement may begin there: nothing is left on the stack."""
    for known, found in _recent:
        if known is code:
            return found
    found = _grouped(code)
    _recent.append((code, found))
    del _recent[:-4]
    return found


def _grouped(code: Any) -> List[Tuple[int, Group, bool]]:
    line_at: Dict[int, int] = {}
    last = code.co_firstlineno
    for start, end, line in lines_of(code):
        last = last if line is None else line
        for offset in range(start, end, 2):
            line_at[offset] = last
    by_line: Dict[int, List[Token]] = {}
    clean: Dict[int, bool] = {}
    before = ""
    numbered = False
    for offset, token in tokens(code):
        if numbered:  # 3.14+ numbers annotations; where in the module one stands is no matter
            token = (token[0], 0)
        numbered = token == ("LOAD_NAME", "__conditional_annotations__")
        line = line_at.get(offset, last)
        by_line.setdefault(line, []).append(token)
        clean.setdefault(line, not before or before.startswith(_ENDINGS))
        before = token[0]
    found = []
    for line in sorted(by_line):
        _, group = _without_return((line, tuple(by_line[line])))
        if group:
            found.append((line, group, clean[line]))
    return found


# What the last instruction of a statement can be.
_ENDINGS = (
    ("STORE_", "DELETE_", "POP_", "RETURN_", "JUMP_", "RERAISE", "RESUME", "NOP", "SETUP_")
    + ("IMPORT_STAR", "CALL_INTRINSIC_1", "END_", "FOR_ITER", "RAISE_", "MAKE_CELL")
    + ("COPY_FREE_VARS", "EXTENDED_ARG", "CLEANUP", "NOT_TAKEN")
)


_ENDS_SIMPLE = ("STORE_", "DELETE_", "POP_TOP", "IMPORT_STAR", "CALL_INTRINSIC_1")


def whole(code: Any) -> Group:
    """All instructions of the code of one statement, as a line with others has them."""
    found = tuple(token for _, group in groups(code) for token in group)
    return tuple(token for token in found if token[0] != "SETUP_ANNOTATIONS")


def _without_return(found: Tuple[int, Group]) -> Tuple[int, Group]:
    """Leave out the `return None` that ends the code: it sits on whatever line comes last."""
    line, group = found
    kept = list(group)
    while kept and (kept[-1][0].startswith("RETURN_") or kept[-1][0] in ("RESUME", "NOP")):
        if kept.pop()[0] == "RETURN_VALUE" and kept and kept[-1] == ("LOAD_CONST", None):
            kept.pop()
    # What is called is pushed in another way where a name is known to be an import.
    noise = ("RESUME", "NOP", "EXTENDED_ARG", "PUSH_NULL")
    return line, tuple(
        (_ALIKE[token[0]], *token[1:]) if token[0] in _ALIKE else token
        for token in kept
        if token[0] not in noise
    )


_ALIKE = {"LOAD_METHOD": "LOAD_ATTR", "CALL_METHOD": "CALL_FUNCTION"}


def same_groups(ours: Signature, theirs: Signature, exact: bool) -> bool:
    """Whether two sequences of groups are the same; inexact: function bodies may differ."""
    if len(ours) != len(theirs):
        return False
    for one, other in zip(ours, theirs):
        if len(one) != len(other):
            return False
        for token, its in zip(one, other):
            if not _same_token(token, its, exact):
                return False
    return True


def _same_token(one: Token, other: Token, exact: bool) -> bool:
    if one[0] != other[0] or len(one) != len(other):
        return False
    for a, b in zip(one[1:], other[1:]):
        if a is not b and not _same_argument(a, b, exact):
            return False
    return True


def _same_argument(one: Any, other: Any, exact: bool) -> bool:
    if type(one) is raw.CodeType and type(other) is raw.CodeType and not exact:
        # Annotations are evaluated like defaults (3.14+), and decorators look at them.
        if one.co_name != "__annotate__":
            return bool(one.co_name == other.co_name)
    return codes._same_value(one, other)


class Statements:
    """The old code of a top level, in which statements of a new one are looked for."""

    def __init__(self, old: Any) -> None:
        self._groups = list(_groups(old))
        self._used = [False] * len(self._groups)
        self._next = 0

    def find(self, signature: Signature, exact: bool) -> bool:
        """Whether the old code has this statement, not yet found otherwise; then it is taken."""
        index = self._index(signature, exact)
        if index is None:
            return False
        for place in range(index, index + len(signature)):
            self._used[place] = True
        self._next = index + len(signature)
        return True

    def _index(self, signature: Signature, exact: bool) -> Optional[int]:
        last = len(self._groups) - len(signature)
        first = min(self._next, last + 1)
        for index in chain(range(first, last + 1), range(first)):  # most often it is the first
            if signature and not self._may_be(index, signature[0]):
                continue
            part = self._groups[index : index + len(signature)]
            if any(self._used[index : index + len(signature)]):
                continue
            if part and not any(begins for _, _, begins in part):
                continue
            if same_groups(signature, tuple(group for _, group, _ in part), exact):
                return index
        return None

    def find_part(self, wanted: Group, exact: bool) -> bool:
        """Whether a line of the old code has this statement among others; then it is taken."""
        for index, (line, group, begins) in enumerate(self._groups):
            if self._used[index] or not begins:
                continue
            for start in range(len(group) - len(wanted) + 1):
                if start and not group[start - 1][0].startswith(_ENDS_SIMPLE):
                    continue
                end = start + len(wanted)
                if same_groups((wanted,), (group[start:end],), exact):
                    parts = [(group[:start], False), (wanted, True), (group[end:], False)]
                    parts = [one for one in parts if one[0]]
                    self._groups[index : index + 1] = [(line, one, True) for one, _ in parts]
                    self._used[index : index + 1] = [used for _, used in parts]
                    return True
        return False

    def _may_be(self, index: int, wanted: Group) -> bool:
        group = self._groups[index][1]
        return not self._used[index] and len(group) == len(wanted) and group[0][0] == wanted[0][0]

    def forget(self, line: int) -> None:
        """Leave out what stands on a line: the header of a class."""
        self._groups = [entry for entry in self._groups if entry[0] != line]
        self._used = [False] * len(self._groups)

    def left_over(self) -> List[Tuple[bool, Group]]:
        """The lines of the old code that no new statement is, and whether one may begin there."""
        left = [entry for entry, used in zip(self._groups, self._used) if not used]
        return [(begins, group) for _, group, begins in left]


def stored(group: Group) -> Set[str]:
    """The names that a line of a top level binds."""
    return {token[1] for token in group if token[0] in ("STORE_NAME", "STORE_GLOBAL")}


def loaded(group: Group) -> Set[str]:
    """The names that a line of a top level reads."""
    return {token[1] for token in group if token[0] in ("LOAD_NAME", "LOAD_GLOBAL")}


def stored_names(code: Any) -> Set[str]:
    """The names that a top level binds anywhere."""
    found: Set[str] = set()
    for _, group in groups(code):
        found |= stored(group)
    return found


def signature(lines: List[Tuple[int, Group]], first: int, last: int) -> Signature:
    """The groups of the lines of one statement; `lines` are in order."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        if lines[middle][0] < first:
            low = middle + 1
        else:
            high = middle
    found = []
    while low < len(lines) and lines[low][0] <= last:
        found.append(lines[low][1])
        low += 1
    return tuple(found)


class Paths:
    """All code objects below a module's code, each with the way that leads to it.

    A way is a tuple of (name, how many of that name came before it in the same scope).
    """

    def __init__(self, top: Any) -> None:
        self.top = top
        self.by_path: Dict[Any, Any] = {}
        self._by_code: Dict[Any, List[Any]] = {}
        self._by_place: Dict[Any, List[Any]] = {}
        self._children: Dict[Any, List[Any]] = {}
        self._by_name: Optional[Dict[Any, List[Any]]] = None
        self._counterparts: Optional[Dict[Any, Any]] = None
        pending: List[Tuple[Any, Any]] = [(top, ())]
        while pending:
            code, path = pending.pop()
            counts: Dict[str, int] = {}
            for inner in codes.nested(code):
                count = counts.get(inner.co_name, 0)
                counts[inner.co_name] = count + 1
                way = path + ((inner.co_name, count),)
                self.by_path[way] = inner
                self._children.setdefault(path, []).append(way)
                self._by_code.setdefault(inner, []).append(way)
                place = (inner.co_firstlineno, inner.co_name)
                self._by_place.setdefault(place, []).append(way)
                pending.append((inner, way))

    def path_of(self, live: Any) -> Any:
        """The way to a live function's code; None when it is not one of this module's codes."""
        ways = self._by_code.get(live)
        if ways:
            return ways[0]
        for way in self._by_place.get((live.co_firstlineno, live.co_name), ()):
            if codes.same(self.by_path[way], live):
                return way
        return None

    def at_place(self, code: Any) -> Any:
        """The same code as the whole module's compilation has it; it may differ in details."""
        way = self.way_at_place(code)
        return None if way is None else self.by_path[way]

    def way_at_place(self, code: Any) -> Any:
        """The way to the code that stands in the same place under the same name."""
        ways = self._by_place.get((code.co_firstlineno, code.co_name), ())
        if len(ways) == 1:
            return ways[0]
        # Several lambdas on one line: the columns tell which is which, where there are any.
        for alike in (_equal, codes.same):
            for way in ways:
                if alike(self.by_path[way], code):
                    return way
        return None

    def is_static(self, way: Any) -> bool:
        """Whether a way leads through classes only, so that there is one function at its end."""
        for length in range(1, len(way)):
            code = self.by_path[way[:length]]
            generic = code.co_name.startswith("<generic parameters of")
            if code.co_flags & CO_OPTIMIZED and not generic:
                return False
        return True

    def way_by_name(self, function: Any) -> Any:
        """The way to a function by its qualified name, if that name is there once.

        Before 3.11 a code knows its own name only, and a function's may be that of what it wraps.
        """
        known = getattr(function.__code__, "co_qualname", None)
        own = function.__code__.co_name
        wanted = known or function.__qualname__
        if known is None and not wanted.endswith(own):
            found = self._names().get((own,), [])
        else:
            parts = [part for part in wanted.split(".") if part != "<locals>"]
            found = self._names().get(("", *parts), [])
        return found[0] if len(found) == 1 else None

    def _names(self) -> Dict[Any, List[Any]]:
        """The ways by ("", name, name ...) as in a qualified name, and by (last name,)."""
        if self._by_name is None:
            self._by_name = {}
            for way in self.by_path:
                parts = [one for one, _ in way if not one.startswith("<generic parameters of")]
                self._by_name.setdefault(("", *parts), []).append(way)
                self._by_name.setdefault((way[-1][0],), []).append(way)
        return self._by_name

    def counterparts(self, old: Paths) -> Dict[Any, Any]:
        """For each way of the old code the way of the new one that it became."""
        if self._counterparts is None:
            self._counterparts = {}
            self._match(old, (), ())
        return self._counterparts

    def _match(self, old: Paths, theirs: Any, ours: Any) -> None:
        before, after = old.below(theirs), self.below(ours)
        for name, ways in before.items():
            pairs = _pair_codes(name, old, ways, self, after.get(name, []))
            for one, other in pairs:
                self._counterparts[one] = other  # type: ignore[index]
                self._match(old, one, other)

    def below(self, way: Any) -> Dict[str, List[Any]]:
        """The ways one step further, by name, in order."""
        found: Dict[str, List[Any]] = {}
        for one in self._children.get(way, ()):
            found.setdefault(one[-1][0], []).append(one)
        return found


CO_OPTIMIZED = 1


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _pair_codes(name: str, old: Paths, before: List[Any], new: Paths, after: List[Any]) -> Any:
    """Pair codes of one name in one scope: the same ones first, what is left by position."""
    left, right = list(before), list(after)
    pairs = []
    for one in before:
        for other in right:
            if codes.same(old.by_path[one], new.by_path[other]):
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)
                break
    # Of nameless functions nobody knows which is which when one has come or gone.
    if not name.startswith("<") or len(left) == len(right):
        pairs += list(zip(left, right))
    return pairs
