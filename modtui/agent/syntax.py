"""What a module's source says: the names it binds, the state it keeps, what it imports and does.

Trees come from the compiler itself (`_ast`), so nothing is imported for this.
"""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

    from . import shapes

ONLY_AST = 0x400  # PyCF_ONLY_AST
_SCOPES = ("FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda")
_FUNCTIONS = ("FunctionDef", "AsyncFunctionDef", "Lambda")
_COMPREHENSIONS = ("ListComp", "SetComp", "DictComp", "GeneratorExp")
_EFFECTS = (
    ("atexit.register", "registers an atexit hook once more"),
    ("signal.signal", "replaces a signal handler"),
    ("basicConfig", "configures logging"),
    ("addHandler", "adds a logging handler once more"),
    ("Thread.start", "starts a thread once more"),
    ("start_new_thread", "starts a thread once more"),
    (".start", "starts something once more (a thread, a server, a process?)"),
    (".bind", "binds a socket once more"),
    (".listen", "listens on a socket once more"),
    (".register", "registers once more"),
    (".connect", "connects once more"),
    (".subscribe", "subscribes once more"),
)


def kind(node: object) -> str:
    """The name of a node's type."""
    return type(node).__name__


def parse(data: Any, path: str) -> Any:
    """The tree of a source text or bytes. Raises SyntaxError, ValueError and the like."""
    collecting = gc.isenabled()
    gc.disable()  # a tree is many objects at once and no garbage
    try:
        return compile(data, path, "exec", ONLY_AST, dont_inherit=True)
    finally:
        if collecting:
            gc.enable()


def children(node: Any) -> Iterator[Any]:
    """The nodes directly below a node."""
    for field in node._fields:
        value = getattr(node, field, None)
        if type(value) is list:
            for one in value:
                if hasattr(one, "_fields"):
                    yield one
        elif hasattr(value, "_fields"):
            yield value


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    queue = [node]
    while queue:
        one = queue.pop()
        yield one
        queue.extend(children(one))


def walk_scope(node: Any) -> Iterator[Any]:
    """What of a node is evaluated in the scope it stands in: bodies of functions are not."""
    queue = [node]
    while queue:
        one = queue.pop()
        yield one
        name = kind(one)
        if name in _SCOPES:
            queue.extend(getattr(one, "decorator_list", ()))
            queue.extend(getattr(one, "bases", ()))
            queue.extend(getattr(one, "keywords", ()))
            if name in _FUNCTIONS:
                queue.extend(one.args.defaults)
                queue.extend(default for default in one.args.kw_defaults if default is not None)
        else:
            queue.extend(children(one))


def dotted(node: Any) -> str:
    """`a.b.c` of a chain of names; calls inside are left out; "" if it is none."""
    parts: List[str] = []
    while True:
        name = kind(node)
        if name == "Attribute":
            parts.append(node.attr)
            node = node.value
        elif name == "Call":
            node = node.func
        elif name == "Name":
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return ".".join(reversed(parts))


def bound_names(statements: Any) -> Set[str]:
    """The names that top-level statements bind, `import *` apart."""
    found: Set[str] = set()
    for statement in statements:
        if kind(statement) in _FUNCTIONS and _is_simple(statement):
            found.add(statement.name)
            continue
        in_comprehensions = {
            id(below)
            for node in walk_scope(statement)
            if kind(node) in _COMPREHENSIONS
            for generator in node.generators
            for below in walk(generator.target)
        }
        for node in walk_scope(statement):
            if id(node) not in in_comprehensions:
                found |= _binds(node)
    return found


def _is_simple(function: Any) -> bool:
    """Whether what a definition evaluates can bind nothing: no decorators, plain defaults."""
    defaults = function.args.defaults + function.args.kw_defaults
    return not function.decorator_list and all(
        kind(one) in ("Constant", "Name", "NoneType") for one in defaults
    )


def _binds(node: Any) -> Set[str]:
    name = kind(node)
    if name in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
        return {node.name}
    if name == "Name":
        return {node.id} if kind(node.ctx) == "Store" else set()
    if name == "Import":
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if name == "ImportFrom":
        return {alias.asname or alias.name for alias in node.names if alias.name != "*"}
    if name in ("MatchAs", "MatchStar"):
        return {node.name} if node.name else set()
    if name == "MatchMapping":
        return {node.rest} if node.rest else set()
    if name == "TypeAlias":
        return {node.name.id}
    return set()


def global_names(tree: Any) -> Set[str]:
    """The names that functions of the module declare `global`."""
    found: Set[str] = set()
    for node in walk(tree):
        if kind(node) == "Global":
            found.update(node.names)
    return found


def kept_names(tree: Any) -> Set[str]:
    """Names that keep their value over a reload: `try: x / except NameError: x = ...` and
    `if "x" not in globals(): x = ...`."""
    found: Set[str] = set()
    for node in tree.body:
        if kind(node) == "Try":
            used = {
                below.id
                for statement in node.body
                for below in walk_scope(statement)
                if kind(below) == "Name"
            }
            for handler in node.handlers:
                if handler.type is not None and _names_error(handler.type):
                    found |= bound_names(handler.body) & used
        elif kind(node) == "If":
            found |= _absent_names(node.test) & bound_names(node.body)
    return found


def _names_error(node: Any) -> bool:
    options = node.elts if kind(node) == "Tuple" else [node]
    return any(dotted(option).endswith("NameError") for option in options)


def _absent_names(test: Any) -> Set[str]:
    """Of `"x" not in globals()`: x."""
    if kind(test) != "Compare" or [kind(op) for op in test.ops] != ["NotIn"]:
        return set()
    if dotted(test.comparators[0]) not in ("globals", "locals", "vars", "dir"):
        return set()
    value = getattr(test.left, "value", getattr(test.left, "s", None))
    return {value} if type(value) is str else set()


def imports(tree: Any, package: str) -> List[Tuple[str, Optional[str], str]]:
    """(module, name, bound as) of the top level's imports; name is None for a whole module.

    `package` is the module's `__package__`, for relative imports. `import a.b` binds "a".
    """
    found: List[Tuple[str, Optional[str], str]] = []
    for statement in tree.body:
        for node in walk_scope(statement):
            name = kind(node)
            if name == "Import":
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    found.append((alias.name, None, bound))
            elif name == "ImportFrom":
                module = absolute(node.module, node.level or 0, package)
                for alias in node.names:
                    found.append((module, alias.name, alias.asname or alias.name))
    return found


def absolute(module: Optional[str], level: int, package: str) -> str:
    """The full name of what `from <dots><module> import` names."""
    if not level:
        return module or ""
    base = package
    for _ in range(level - 1):
        base = base.rpartition(".")[0]
    return "%s.%s" % (base, module) if module else base


def reruns(tree: Any, data: bytes) -> List[shapes.Rerun]:
    """Top-level statements with an effect beyond binding names, which a reload runs again."""
    lines = data.splitlines()
    found: List[shapes.Rerun] = []

    def note(node: Any, effect: str) -> None:
        number = node.lineno
        text = lines[number - 1].decode("utf-8", "replace").strip() if number <= len(lines) else ""
        found.append({"line": number, "text": text[:200], "effect": effect})

    for statement in _flat(tree.body):
        name = kind(statement)
        if name in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            for decorator in statement.decorator_list:
                called = dotted(decorator)
                if kind(decorator) == "Call" and "." in called:
                    note(decorator, "decorates again with %s, which may register it" % called)
            continue
        value: Any = getattr(statement, "value", None)
        if name == "Expr" and kind(value) == "Await":
            value = value.value
        if kind(value) != "Call":
            continue
        effect = _effect(value)
        if name == "Expr" or effect:
            note(statement, effect or "calls %s again" % (dotted(value) or "something"))
    return found


def _flat(statements: Any) -> Iterator[Any]:
    for statement in statements:
        yield statement
        if kind(statement) in _SCOPES or is_main_guard(statement):
            continue
        for field in ("body", "orelse", "finalbody", "handlers"):
            for below in getattr(statement, field, None) or ():
                if kind(below) == "ExceptHandler":
                    yield from _flat(below.body)
                else:
                    yield from _flat([below])


def _effect(call: Any) -> str:
    called = "." + dotted(call)
    for ending, effect in _EFFECTS:
        if called.endswith(ending):
            return effect
    return ""


def is_main_guard(statement: Any) -> bool:
    """Whether it is `if __name__ == "__main__":`."""
    if kind(statement) != "If" or kind(statement.test) != "Compare":
        return False
    sides = [statement.test.left] + list(statement.test.comparators)
    names = [node.id for node in sides if kind(node) == "Name"]
    values = [getattr(node, "value", getattr(node, "s", None)) for node in sides]
    return names == ["__name__"] and "__main__" in values


def facts(data: bytes, path: str) -> Dict[str, Any]:
    """What a plan needs of a text: its tree, or the error that compiling it gives."""
    try:
        return {"tree": parse(data, path), "error": None}
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"tree": None, "error": error}


def module_of(statements: List[Any]) -> Any:
    """A module of these statements, to be compiled."""
    import _ast

    return _ast.Module(statements, [])


def with_first_base(node: Any, name: str) -> Any:
    """A class definition like that one with one more base, before the others."""
    import _ast

    base = _ast.Name(name, _ast.Load())
    for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
        setattr(base, place, getattr(node, place))
    made: Any = _ast.ClassDef(*(getattr(node, field) for field in node._fields))
    for field in node._attributes:
        setattr(made, field, getattr(node, field, None))
    made.bases = [base] + list(node.bases)
    return made
