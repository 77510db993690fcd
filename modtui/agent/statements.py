"""The top-level statements of a new text: what each reads, binds, calls and changes, and whether it
is the one that was executed before.
"""

from __future__ import annotations

from itertools import islice

from . import bytecode, syntax

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

DEFS = ("FunctionDef", "AsyncFunctionDef")

# Flags of `from __future__ import ...` in the flags of a code and of compile()
# (Include/cpython/code.h).
FUTURE_FLAGS = 0x1FE0000

# What can bind names of the module in other ways than by assigning to them.
_BINDERS = ("globals", "vars", "locals", "setattr", "exec")

_ITERATE = frozenset(
    "list tuple set frozenset dict sorted len enumerate max min sum reversed zip map filter".split()
)
EVERYTHING = "*"

# What a statement is, compared with the code that was executed before.
SAME = "same"  # the very same instructions
CODE = "code"  # the same but for the bodies of functions that it defines
CHANGED = "changed"  # another one, or a new one, or nobody knows


class Statement:
    """One statement of a top level."""

    __slots__ = (
        "binds",
        "body",
        "called",
        "chains",
        "changes",
        "deletes",
        "dynamic",
        "first",
        "inner",
        "is_class",
        "is_def",
        "is_import",
        "last",
        "node",
        "passed",
        "reads",
        "removed",
        "sets",
        "status",
    )

    def __init__(self, node: Any) -> None:
        self.node = node
        decorators = getattr(node, "decorator_list", ())
        self.first: int = min([node.lineno] + [one.lineno for one in decorators])
        self.last: int = getattr(node, "end_lineno", None) or node.lineno
        self.status = CHANGED
        self.body: Dict[str, str] = {}  # of a class: the status of what binds each of its names
        self.removed: Set[str] = set()  # of a class: names that only its old text bound
        self.inner: List[Statement] = []  # of a class: its body, if that was compared
        self.sets: Set[str] = set()  # a.b.c that is assigned to
        kind = syntax.kind(node)
        self.is_def = kind in DEFS
        self.is_class = kind == "ClassDef"
        self.is_import = kind in ("Import", "ImportFrom")
        self.binds: Set[str] = syntax.bound_names([node])
        self.reads: Set[str] = set()
        self.chains: Set[str] = set()  # a.b.c as it is read
        self.called: Set[str] = set()  # names whose functions run when the statement does
        self.passed: Set[str] = set()  # names given as arguments to calls
        self.dynamic = False  # whether it may bind names that its text does not tell
        self.changes: Set[str] = set()  # names whose objects it may change: x.append(1), x.y = 2
        for below in evaluated(node):
            self._note(below)
        self.deletes: Set[str] = set()  # names that `del` takes away
        if kind == "Delete":
            self.deletes = {one.id for one in node.targets if syntax.kind(one) == "Name"}
        if kind == "AugAssign" and syntax.kind(node.target) == "Name":
            self.changes.add(node.target.id)
            self.reads.add(node.target.id)

    def _note(self, node: Any) -> None:
        kind = syntax.kind(node)
        if kind == "Name":
            if syntax.kind(node.ctx) == "Load":
                self.reads.add(node.id)
        elif kind == "Attribute":
            chain = syntax.dotted(node)
            if syntax.kind(node.ctx) == "Load":
                self.chains.add(chain)
            else:
                self.changes.add(chain.partition(".")[0])
                self.sets.add(chain)
        elif kind == "Subscript":
            if syntax.kind(node.ctx) != "Load":
                self.changes.add(syntax.dotted(node.value).partition(".")[0])
        elif kind in ("For", "comprehension"):
            self._note_all_of(node.iter)
        elif kind == "Call":
            called = syntax.dotted(node.func)
            if called in _ITERATE:
                for argument in node.args:
                    self._note_all_of(argument)
            self.called.add(called.partition(".")[0])
            self.dynamic = self.dynamic or called in _BINDERS
            if "." in called and syntax.kind(self.node) == "Expr":
                self.changes.add(called.partition(".")[0])
            # `map(f, x)` and `sorted(x, key=f)` call f now; `Thread(target=f)` does later.
            keys = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
            for argument in list(node.args) + keys:
                if syntax.kind(argument) == "Name":
                    self.passed.add(argument.id)
        for decorator in getattr(node, "decorator_list", ()):
            self.called.add(syntax.dotted(decorator).partition(".")[0])
        for keyword in getattr(node, "keywords", ()) if kind == "ClassDef" else ():
            self.called.add(syntax.dotted(keyword.value).partition(".")[0])

    def _note_all_of(self, node: Any) -> None:
        """What is iterated over is read as `a.b.*`."""
        if syntax.kind(node) in ("Name", "Attribute"):
            self.chains.add("%s.%s" % (syntax.dotted(node), EVERYTHING))


def evaluated(node: Any) -> Iterator[Any]:
    """All nodes that are evaluated when the statement is: class bodies are, function bodies not."""
    queue = [node]
    while queue:
        one = queue.pop()
        yield one
        kind = syntax.kind(one)
        if kind in DEFS or kind == "Lambda":
            queue.extend(getattr(one, "decorator_list", ()))
            queue.extend(one.args.defaults)
            queue.extend(default for default in one.args.kw_defaults if default is not None)
            if kind in DEFS:
                arguments = one.args.args + one.args.kwonlyargs
                notes = [argument.annotation for argument in arguments] + [one.returns]
                queue.extend(note for note in notes if note is not None)
        else:
            queue.extend(syntax.children(one))


def read_in(node: Any) -> Tuple[Set[str], Set[str]]:
    """(names, dotted chains) that are read anywhere below a node, function bodies included."""
    names, chains = set(), set()
    for below in syntax.walk(node):
        kind = syntax.kind(below)
        if kind == "Name" and syntax.kind(below.ctx) == "Load":
            names.add(below.id)
        elif kind == "Attribute":
            chains.add(syntax.dotted(below))
    return names, chains


def of_tree(tree: Any) -> List[Statement]:
    """The statements of a module."""
    return [Statement(node) for node in tree.body]


def compare(
    found: List[Statement], old_paths: bytecode.Paths, new_paths: bytecode.Paths
) -> Tuple[Set[str], Set[str], Set[str], List[Tuple[bool, bytecode.Group]]]:
    """Give every statement its status, by the old and the new code of the same top level.

    Returns the names that lines of the old code bound or changed which are no statement's now, the
    `a.b` that only these assigned to, and these lines: (bound, changed, unset, left).
    """
    before = bytecode.Statements(old_paths.top)
    lines = bytecode.groups(new_paths.top)
    _match(found, before, lines, new_paths.top.co_flags & FUTURE_FLAGS)
    bound: Set[str] = set()
    changed: Set[str] = set()
    unset: Set[str] = set()
    left = before.left_over()
    for _, group in left:
        names = bytecode.stored(group)
        bound |= names
        if not names:
            changed |= bytecode.loaded(group)
        unset |= _assigned(group)
    for statement in found:
        unset -= statement.sets
    for statement in found:
        if statement.is_class and statement.status != SAME:
            _compare_class(statement, (), old_paths, new_paths)
    return bound, changed, unset, left


def _assigned(group: bytecode.Group) -> Set[str]:
    """The `a.b` that a line of a top level assigns to."""
    return {
        "%s.%s" % (one[1], other[1])
        for one, other in zip(group, islice(group, 1, None))
        if one[0] in ("LOAD_NAME", "LOAD_GLOBAL") and other[0] == "STORE_ATTR"
    }


def _match(found: List[Statement], before: bytecode.Statements, lines: Any, flags: int) -> None:
    shared = _on_shared_lines(found)
    signatures = [bytecode.signature(lines, one.first, one.last) for one in found]
    for index, (statement, signature) in enumerate(zip(found, signatures)):
        if index not in shared and before.find(signature, True):
            statement.status = SAME
    for index, (statement, signature) in enumerate(zip(found, signatures)):
        if statement.status == SAME:
            continue
        if index in shared:
            signature = (_alone(statement, flags),)
        if signature == ((),) or (len(signature) == 1 and before.find_part(signature[0], True)):
            statement.status = SAME
        elif index not in shared and _may_hold_code(statement):
            if before.find(signature, False):
                statement.status = CODE


def _may_hold_code(statement: Statement) -> bool:
    """Whether functions that it makes can be found again: a definition, or a call given some."""
    return statement.is_def or statement.is_class or syntax.kind(statement.node) == "Expr"


def _on_shared_lines(found: List[Statement]) -> Set[int]:
    """The indices of statements that have a line in common with another one: `a = 1; b = 2`."""
    shared = set()
    for index in range(1, len(found)):
        if found[index].first <= found[index - 1].last:
            shared |= {index - 1, index}
    return shared


def _alone(statement: Statement, flags: int) -> Any:
    """The instructions of a statement without those of the others on its line."""
    code = compile(
        syntax.module_of([statement.node]), "<statement>", "exec", flags, dont_inherit=True
    )
    return bytecode.whole(code)


def _compare_class(
    statement: Statement, where: Any, old: bytecode.Paths, new: bytecode.Paths
) -> None:
    """Look into a class: CODE only if all that changed is in the bodies of its methods."""
    before, after = _class_code(statement, old), _class_code(statement, new)
    same_outside = statement.status == CODE
    statement.status = CHANGED
    if before is None or after is None:
        return
    inner = [Statement(node) for node in statement.node.body]
    if not inner or inner[0].first <= after.co_firstlineno:
        return  # on the line of the class itself
    old_lines = bytecode.Statements(before)
    old_lines.forget(before.co_firstlineno)
    lines = [entry for entry in bytecode.groups(after) if entry[0] != after.co_firstlineno]
    _match(inner, old_lines, lines, after.co_flags & FUTURE_FLAGS)
    statement.inner = inner
    for one in inner:
        if one.is_class and one.status == CODE:
            one.status = CHANGED
        for name in one.binds:
            known = statement.body.get(name)
            statement.body[name] = one.status if known in (None, one.status) else CHANGED
    left = old_lines.left_over()
    for _, group in left:
        statement.removed |= bytecode.stored(group)
        for name in bytecode.loaded(group) & set(statement.body):
            statement.body[name] = CHANGED  # what is gone may have changed it: an overload
    statement.removed -= set(statement.body)
    if same_outside and not left and all(one.status != CHANGED for one in inner):
        statement.status = CODE


def _class_code(statement: Statement, paths: bytecode.Paths) -> Optional[Any]:
    name = statement.node.name
    found = [code for path, code in paths.by_path.items() if path[-1][0] == name and len(path) <= 2]
    if len(found) == 1:
        return found[0]
    return None
