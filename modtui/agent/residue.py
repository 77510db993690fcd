"""What executing a module has left behind, against what its text says: constants, defaults, names.

Once a module is executed its top level is gone. What it bound is not, but programs bind names anew
at run time, so that a difference here is a hint and never a proof.
"""

from __future__ import annotations

from . import compiling, raw, remains, summaries, syntax

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set, Tuple

MOST = 3
MOST_VALUES, MOST_ITEMS, LONGEST = 2000, 50, 2000
_PLAIN = (bool, int, float, complex, str, bytes, type(None), tuple)


def differences(namespace: Dict[Any, Any], data: bytes) -> List[str]:
    """Sentences on up to three names whose value in memory is not the one in the text."""
    try:
        tree = compiling.compiled(data, syntax.ONLY_AST)
    except compiling.ERRORS:
        return []
    changing = _changing(tree)
    stored = remains.stored_attributes(tree)
    found: List[str] = []
    if "__doc__" not in changing and "__doc__" not in syntax.bound_names(tree.body):
        found.extend(remains.of_docstring(tree, namespace, "the module"))
    for node in tree.body:
        found.extend(_difference(node, namespace, changing, stored))
        if len(found) >= MOST:
            break
    return found[:MOST]


def values(namespace: Dict[Any, Any]) -> Dict[str, Any]:
    """The constants that a namespace holds under plain names, as far as they are small."""
    found: Dict[str, Any] = {}
    for name, value in list(namespace.items()):
        if type(name) is str and _is_plain(value) and _is_small(value):
            found[name] = value
            if len(found) >= MOST_VALUES:
                break
    return found


def _is_small(value: Any) -> bool:
    kind = type(value)
    if kind is tuple:
        return len(value) <= MOST_ITEMS and all(map(_is_small, value))
    if kind is str or kind is bytes:
        return len(value) <= LONGEST
    return kind is not int or value.bit_length() <= 4096


def constants(tree: Any) -> Iterator[Tuple[str, Any, Any]]:
    """(name, node, value) of the constants that a text binds at its top level, and only there."""
    changing = _changing(tree)
    for statement in tree.body:
        for name, node, value in _assigned(statement):
            if name not in changing:
                yield name, node, value


def equal(one: Any, other: Any) -> bool:
    """Whether two constants are the same for a compiler: 1, 1.0 and True are not."""
    if type(one) is not type(other):
        return False
    if type(one) is tuple:
        return len(one) == len(other) and all(map(equal, one, other))
    return repr(one) == repr(other) if type(one) in (float, complex) else bool(one == other)


def _changing(tree: Any) -> Set[str]:
    """The names that are bound more than once, deleted, or bound by functions."""
    seen: Set[str] = set()
    twice = set(syntax.global_names(tree))
    for node in syntax.walk_scope(tree):
        for name in _bound(node):
            (twice if name in seen else seen).add(name)
    return twice


def _bound(node: Any) -> Iterator[str]:
    kind = syntax.kind(node)
    if kind == "Name" and syntax.kind(node.ctx) != "Load":
        yield node.id
        if syntax.kind(node.ctx) == "Del":
            yield node.id
    elif kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
        yield node.name
    elif kind in ("Import", "ImportFrom"):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0]
    elif kind == "AugAssign":
        yield from (node.target.id,) * 2 if syntax.kind(node.target) == "Name" else ()


def _difference(
    node: Any, namespace: Dict[Any, Any], changing: Set[str], stored_attributes: Set[str]
) -> Iterator[str]:
    kind = syntax.kind(node)
    if kind in ("Import", "ImportFrom"):
        yield from remains.of_import(node, namespace, changing)
        return
    if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
        if node.name in changing:
            return
        if node.name not in namespace:
            yield "`%s` is in the file but not in memory" % node.name
        elif kind != "ClassDef" and not node.decorator_list:
            yield from _defaults(node, namespace[node.name])
        elif kind == "ClassDef":
            value = namespace[node.name]
            yield from remains.of_class(node, value, stored_attributes, _assigned, _may_equal)
        return
    for name, _, value in _assigned(node):
        if name in changing or name not in namespace:
            continue
        stored = namespace[name]
        if _is_plain(stored) and not equal(stored, value):
            yield "`%s` is %s in memory and %s in the file" % (
                name,
                summaries.summary(stored),
                summaries.summary(value),
            )


def _may_equal(stored: Any, value: Any) -> bool:
    return not _is_plain(stored) or equal(stored, value)


def _assigned(node: Any) -> Iterator[Any]:
    kind = syntax.kind(node)
    targets = node.targets if kind == "Assign" else [node.target] if kind == "AnnAssign" else []
    if len(targets) != 1 or syntax.kind(targets[0]) != "Name" or node.value is None:
        return
    constant = _constant(node.value)
    if constant is not _NOTHING:
        yield targets[0].id, node.value, constant


_NOTHING = object()


def _constant(node: Any) -> Any:
    kind = syntax.kind(node)
    if kind == "Constant":
        return node.value
    if kind == "UnaryOp" and syntax.kind(node.op) == "USub":
        value = _constant(node.operand)
        return -value if type(value) is int or type(value) is float else _NOTHING
    if kind == "Tuple":
        values = [_constant(item) for item in node.elts]
        return _NOTHING if any(value is _NOTHING for value in values) else tuple(values)
    return _NOTHING


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind is tuple:
        return all(map(_is_plain, value))  # type: ignore[call-overload]
    return any(kind is plain for plain in _PLAIN)


def _defaults(node: Any, function: Any) -> Iterator[str]:
    stored = raw.function_slot(function, "__defaults__")
    code = raw.function_slot(function, "__code__")
    if code is None or code.co_name != node.name:
        return
    stored = stored if type(stored) is tuple else ()
    if len(stored) != len(node.args.defaults):
        yield "`%s` has other defaults in memory than in the file" % node.name
        return
    for value, text in zip(stored, node.args.defaults):
        constant = _constant(text)
        if constant is not _NOTHING and _is_plain(value) and not equal(value, constant):
            yield "a default of `%s` is %s in memory and %s in the file" % (
                node.name,
                summaries.summary(value),
                summaries.summary(constant),
            )
