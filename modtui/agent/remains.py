"""What imports and the bodies of classes have left behind, against what the text says of them.

As with all that is left of a top level: a difference is a hint, and never a proof.
"""

from __future__ import annotations

import sys

from . import raw, summaries, syntax

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Set

_BASES = type.__dict__["__bases__"]
_DYNAMIC = ("__slots__", "__orig_bases__", "_member_map_")  # classes that are made otherwise


def stored_attributes(tree: Any) -> Set[str]:
    """The attributes that the text itself binds or deletes, of whatever object."""
    return {
        node.attr
        for node in syntax.walk(tree)
        if syntax.kind(node) == "Attribute" and syntax.kind(node.ctx) != "Load"
    }


def docstring(node: Any) -> Any:
    """The docstring of a module, class or function in the tree; None without one."""
    first: Any = node.body[0] if node.body else None
    value: Any = first.value if syntax.kind(first) == "Expr" else None
    text: Any = value.value if syntax.kind(value) == "Constant" else None
    return text if type(text) is str else None


def of_docstring(node: Any, namespace: Dict[Any, Any], what: str) -> Iterator[str]:
    """A docstring in the text that is another one in memory."""
    said, stored = docstring(node), namespace.get("__doc__")
    if said is None or sys.flags.optimize > 1 or not (stored is None or type(stored) is str):
        return
    if stored is None or stored.split() != said.split():  # compilers may take blanks out (3.13+)
        yield "the docstring of %s is another one in memory" % what


def of_import(node: Any, namespace: Dict[Any, Any], changing: Set[str]) -> Iterator[str]:
    """Names that an import of the text would have bound."""
    if syntax.kind(node) == "ImportFrom" and node.module == "__future__":
        return
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        if name not in changing and name != "*" and name not in namespace:
            yield "`%s` is imported by the file but is not in memory" % name


def of_class(
    node: Any, value: object, stored: Set[str], assigned: Callable[[Any], Any], same: Any
) -> Iterator[str]:
    """Bases and constants of a class; `stored` are attributes bound elsewhere."""
    # Of classes, docstrings tell nothing: faster ones in C take the place of some, with others.
    own = raw.class_dict(value) if raw.is_class(value) else None
    if own is None or node.decorator_list or node.keywords or raw.class_name(value) != node.name:
        return
    if any(name in own for name in _DYNAMIC):
        return
    plain = all(syntax.kind(base) in ("Name", "Attribute") for base in node.bases)
    bases = _BASES.__get__(value)
    if plain and len(bases) != max(len(node.bases), 1):
        yield "the class `%s` has other bases in memory than in the file" % node.name
    bound = [name for statement in node.body for name in _bound(statement)]
    for statement in node.body:
        for name, _, constant in assigned(statement):
            if bound.count(name) == 1 and name not in stored and name in own:
                if not same(own[name], constant):
                    yield "`%s.%s` is %s in memory and %s in the file" % (
                        node.name,
                        name,
                        summaries.summary(own[name]),
                        summaries.summary(constant),
                    )


def _bound(statement: Any) -> Iterator[str]:
    for node in syntax.walk_scope(statement):
        if syntax.kind(node) == "Name" and syntax.kind(node.ctx) != "Load":
            yield node.id
        elif syntax.kind(node) in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            yield node.name
