"""Code objects: which of them live in a module's namespace, and whether two of them are the same.

Only exact built-in types are compared; code objects hold nothing else unless somebody forged them.
"""

from __future__ import annotations

import sys
from _operator import attrgetter

from . import raw
from .disk import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, Iterator, List, Set, Tuple

    Live = List[Tuple[str, Any]]  # (qualified name, code object)

# types.coroutine sets it on a copy of the code; it is not in what the compiler made.
CO_ITERABLE_COROUTINE = 0x100
_PLAIN = (
    ["co_name", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_names"]
    + ["co_varnames", "co_freevars", "co_cellvars"]
    + ["co_exceptiontable"] * (sys.version_info >= (3, 11))
)
_plain = attrgetter(*_PLAIN)
_LINES = "co_linetable" if sys.version_info >= (3, 10) else "co_lnotab"
# How a value in a namespace leads to the function that it was made from.
_WRAPPED = ("__func__", "__wrapped__", "func", "fget", "fset", "fdel")
_DEEP = 12


def same(one: Any, other: Any) -> bool:
    """Whether two code objects do the same, wherever in the file they stand."""
    if one is other:
        return True
    if _plain(one) != _plain(other):
        return False
    if (one.co_flags ^ other.co_flags) & ~CO_ITERABLE_COROUTINE:
        return False
    if not _same_values(one.co_consts, other.co_consts, _first_line(one), _first_line(other)):
        return False
    return bool(one.co_code == other.co_code) or _without_line(one) == _without_line(other)


def _without_line(code: Any) -> bytes:
    """The bytecode of a class's body without its own line, which 3.14 keeps in an instruction.

    Two bytes make an instruction, operation and argument; the operation that stores a name is
    the one that stores the `__name__` loaded right before it as `__module__`.
    """
    names, bytecode = code.co_names, bytearray(code.co_code)
    if any(name not in names for name in ("__name__", "__module__", "__firstlineno__")):
        return code.co_code  # type: ignore[no-any-return]
    module, line = names.index("__module__"), names.index("__firstlineno__")
    name, store = names.index("__name__"), None
    for at in range(2, min(len(bytecode), 64), 2):
        if store is None and bytecode[at + 1] == module and bytecode[at - 1] == name:
            store = bytecode[at]
        elif bytecode[at] == store and bytecode[at + 1] == line:
            bytecode[at - 2 : at] = b"\0\0"
            break
    return bytes(bytecode)


def _first_line(code: Any) -> int:
    # The body of a class keeps its own line as a constant (3.13+): that is layout, not meaning.
    return code.co_firstlineno if "__firstlineno__" in code.co_names else -1


def same_place(one: Any, other: Any) -> bool:
    """Whether two code objects that are the same also stand on the same lines and columns."""
    if one.co_firstlineno != other.co_firstlineno:
        return False
    if getattr(one, _LINES) != getattr(other, _LINES) and not _same_lines(one, other):
        return False
    ours, theirs = nested(one), nested(other)
    return len(ours) == len(theirs) and all(map(same_place, ours, theirs))


def _same_lines(one: Any, other: Any) -> bool:
    # One of the two may have been made without columns (PYTHONNODEBUGRANGES).
    if not hasattr(one, "co_positions") or (_has_columns(one) and _has_columns(other)):
        return False
    return list(one.co_lines()) == list(other.co_lines())


def _has_columns(code: Any) -> bool:
    return any(position[2] is not None for position in code.co_positions())


def nested(code: Any) -> List[Any]:
    """The code objects directly inside of one, in the order of its constants."""
    return [value for value in code.co_consts if type(value) is raw.CodeType]


def _same_values(ours: Any, theirs: Any, our_line: int = -1, their_line: int = -1) -> bool:
    if len(ours) != len(theirs):
        return False
    for one, other in zip(ours, theirs):
        if one is other or _same_value(one, other):
            continue
        if type(one) is int and type(other) is int and one == our_line and other == their_line:
            continue
        return False
    return True


def _same_value(one: Any, other: Any) -> bool:
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is raw.CodeType:
        return same(one, other)
    if kind is tuple:
        return _same_values(one, other)
    if kind is frozenset:
        return _same_values(_ordered(one), _ordered(other))
    if kind is str or kind is bytes or kind is int:
        return bool(one == other)
    if kind is float or kind is complex:  # -0.0 is not 0.0, and NaN is itself here
        return repr(one) == repr(other)
    if kind is slice:
        return _same_values((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    return False  # the singletons were the same by identity


def _ordered(values: FrozenSet[Any]) -> List[Any]:
    return sorted(values, key=lambda value: (raw.type_name(value), _said(value)))


def _said(value: Any) -> str:
    kind = type(value)
    if kind is frozenset:
        return "".join(map(_said, _ordered(value)))
    if kind is tuple:
        return "(%s)" % ",".join(map(_said, value))
    return repr(value) if id(kind) in _DULL else raw.class_name(kind)


class Tree:
    """All code objects of one compiled file, to be found by name."""

    def __init__(self, top: Any) -> None:
        self.top = top
        self._by_name: Dict[str, List[Any]] = {}
        pending = [top]
        while pending:
            code = pending.pop()
            self._by_name.setdefault(code.co_name, []).append(code)
            pending.extend(nested(code))

    def find(self, live: Any) -> str:
        """How a live code object stands in it: "exact", "moved", "changed" or "missing"."""
        candidates = self._by_name.get(live.co_name)
        if not candidates:
            return "missing"
        equal = [code for code in candidates if same(live, code)]
        if not equal:
            return "changed"
        return "exact" if any(same_place(live, code) for code in equal) else "moved"


class Comparison:
    """Live functions against a compiled file."""

    __slots__ = ("changed", "exact", "missing", "moved")

    def __init__(self, live: Live, tree: Tree) -> None:
        found: Dict[str, List[str]] = {"exact": [], "moved": [], "changed": [], "missing": []}
        for name, code in live:
            found[tree.find(code)].append(name)
        self.exact, self.moved = found["exact"], found["moved"]
        self.changed, self.missing = found["changed"], found["missing"]

    @property
    def all_exact(self) -> bool:
        """Whether all there are, are exactly where the compiled file has them; False if none."""
        return bool(self.exact) and not (self.moved or self.changed or self.missing)


def fingerprint(namespace: Dict[Any, Any]) -> str:
    """A digest of the code and of the constants (plain values of UPPER_CASE names) in a module."""
    file = raw.exact_str(namespace.get("__file__"))
    said = []
    if file is not None:
        for name, code in live_functions(namespace, frozenset((file,))):
            said.append(name)
            _say_code(code, said)
    for key, value in raw.items(namespace):
        if type(key) is str and key.isupper() and id(type(value)) in _SCALARS:
            said.append("%s=%s" % (key, _said(value)))
    return digest("\n".join(said).encode("utf-8", "surrogatepass"))


def _say_code(code: Any, said: List[str]) -> None:
    said.append("%s %d %r" % (code.co_name, code.co_firstlineno, code.co_names))
    said.append(code.co_code.hex() + " " + getattr(code, _LINES).hex())
    for value in code.co_consts:
        if type(value) is raw.CodeType:
            _say_code(value, said)
        else:
            said.append(_said(value))


def live_functions(namespace: Dict[Any, Any], filenames: FrozenSet[str]) -> Live:
    """The functions that a module's namespace leads to and that run in it, each code once.

    Functions of other files (made by `exec`, taken from other modules) are not among them.
    """
    walk = _Walk(namespace, filenames)
    for key, value in raw.items(namespace):
        walk.visit(key if type(key) is str else "?", value, 0)
    return walk.found


class _Walk:
    def __init__(self, namespace: Dict[Any, Any], filenames: FrozenSet[str]) -> None:
        self._namespace = namespace
        self._filenames = filenames
        self._name = raw.exact_str(namespace.get("__name__"))
        self._seen: Set[int] = set()
        self._codes: Set[int] = set()
        self.found: Live = []

    def visit(self, label: str, value: Any, depth: int) -> None:
        kind = type(value)
        if id(kind) in _DULL or depth > _DEEP or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if kind is raw.FunctionType:
            self._function(value, depth)
        elif raw.is_class(value):
            if self._name is not None and raw.class_module(value) == self._name:
                for name, member in (raw.class_dict(value) or {}).items():
                    if type(name) is str:
                        self.visit(label + "." + name, member, depth + 1)
        elif not raw.is_module(value):
            for inner in _wrapped(value):
                self.visit(label, inner, depth + 1)

    def _function(self, function: Any, depth: int) -> None:
        code = raw.function_slot(function, "__code__")
        if raw.function_slot(function, "__globals__") is self._namespace:
            if code.co_filename in self._filenames and id(code) not in self._codes:
                self._codes.add(id(code))
                qualname = raw.text(raw.function_slot(function, "__qualname__"))
                self.found.append((qualname or code.co_name, code))
        cells = raw.function_slot(function, "__closure__")
        for cell in cells if type(cells) is tuple else ():
            self.visit(code.co_name, raw.cell_contents(cell), depth + 1)
        own = raw.function_slot(function, "__dict__")
        if type(own) is dict:
            self.visit(code.co_name, own.get("__wrapped__"), depth + 1)
            # 3.14: the code that makes the annotations is kept apart
        annotate = _annotate(function)
        if annotate is not None:
            self.visit(code.co_name, annotate, depth + 1)


# By id: to hash or compare a type asks its metaclass, which may be the target's.
_DULL = frozenset(
    map(id, (type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset))
)
_SCALARS = frozenset(map(id, (type(None), bool, int, float, complex, str, bytes)))
_annotate_slot = raw.FunctionType.__dict__.get("__annotate__")


def _annotate(function: Any) -> Any:
    if _annotate_slot is None or type(_annotate_slot) is not raw.GetSetDescriptorType:
        return None
    return _annotate_slot.__get__(function)


def _wrapped(value: Any) -> Iterator[Any]:
    own = raw.instance_dict(value)
    for name in _WRAPPED:
        inner = own.get(name) if own is not None else None
        if inner is None:
            inner = raw.slot(value, name)
        if id(type(inner)) not in _DULL:
            yield inner


def running_top(namespace: Any, filenames: FrozenSet[str]) -> Any:
    """The code of a module's top level, if it is still running on some thread; None otherwise.

    That of `__main__` normally is, for as long as the program runs.
    """
    walk: Any = None
    try:
        for walk in sys._current_frames().values():
            while walk is not None:
                code = walk.f_code
                if walk.f_globals is namespace and code.co_name == "<module>":
                    return code if code.co_filename in filenames else None
                walk = walk.f_back
    finally:
        del walk  # it may be this very frame, which would keep all the others' objects alive
    return None
