"""What of a text was most likely not edited, where nothing proves which text was loaded.

The objects that are there tell: a function whose live code is the new text's, a name that holds
what its statement would give, a container that starts empty, an object that holds the arguments of
its constructor. A statement without such evidence counts as edited, as ever.
"""

from __future__ import annotations

import sys

from . import agreeing, bytecode, codes, raw, syntax
from .batch import MISSING
from .statements import CHANGED, CODE, SAME, Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from .selecting import Selection

_CHANGERS = frozenset(
    "append add update pop popitem setdefault extend insert remove discard clear appendleft put"
    " subtract".split()
)


class Inference:
    """Gives the statements of a selection their status, by what is live."""

    def __init__(
        self,
        selection: Selection,
        live: Dict[Any, Any],
        paths: bytecode.Paths,
        functions: List[Any],
    ) -> None:
        self._selection, self._live, self._paths = selection, live, paths
        self._functions: Dict[str, List[Any]] = {}
        for one in functions:
            self._functions.setdefault(one.__code__.co_name, []).append(one)
        self._state = syntax.global_names(selection.tree) | _changed_in_functions(selection.tree)
        self._set_in_functions = _set_in_functions(selection.tree)
        classes = {one.node.name for one in selection.all if one.is_class} | {"cls"}
        split = [chain.rpartition(".") for chain in self._set_in_functions]
        self._class_state = {name for owner, _, name in split if owner in classes}
        self._binders: Dict[str, int] = {}
        for statement in selection.all:
            for name in statement.binds:
                self._binders[name] = self._binders.get(name, 0) + 1
        self.kept: Set[str] = set()  # names that kept a value that is not the text's
        self.done: List[str] = []  # calls that were taken for done before
        self.replaced: Set[str] = set()  # names that had a value that is not the text's

    def run(self) -> None:
        """Do it, and tell the selection which names the old text seems to have bound."""
        for statement in self._selection.all:
            if any(self._binders[name] > 1 for name in statement.binds):
                continue
            if statement.is_class:
                self._class(statement, self._live.get(statement.node.name))
            else:
                statement.status = self._status(statement, self._live, self._live)
        self._calls()
        while self._pass_on():
            pass
        self._selection.old_names = self._old_names()
        self._selection.inferred = True
        self._selection.choose_overloads(set())

    def _calls(self) -> None:
        """`worker.start()` and `boot()` were done once, if the very object that the text makes is
        still there, or if the function was there."""
        made: Set[str] = set()
        defined: Set[str] = set()
        for one in self._selection.all:
            if one.status == SAME and syntax.kind(one.node) in ("Assign", "AnnAssign"):
                made |= one.binds
            elif one.is_def and one.status != CHANGED:
                defined |= one.binds
        for one in self._selection.all:
            call: Any = getattr(one.node, "value", None)
            if syntax.kind(one.node) == "Expr" and syntax.kind(call) == "Call":
                name = syntax.dotted(call.func)
                root, _, method = name.partition(".")
                if (root in made if method else root in defined) and not _arguments(call):
                    one.status = SAME
                    self.done.append("%s()" % name)

    def _pass_on(self) -> bool:
        """A statement that is executed again is to get new definitions, not the live objects: what
        registers them can then be told from what has registered them before."""
        wanted: Set[str] = set()
        for statement in self._selection.all:
            if statement.status == CHANGED and not (statement.is_def or statement.is_class):
                wanted |= statement.reads
        found = False
        for statement in self._selection.all:
            if statement.is_def or statement.is_class:
                if statement.status != CHANGED and statement.binds & wanted:
                    statement.status, found = CHANGED, True
        return found

    def _status(self, statement: Statement, space: Dict[Any, Any], live: Dict[Any, Any]) -> str:
        """The status of a statement that binds in a module's or a class's namespace."""
        node, kind = statement.node, syntax.kind(statement.node)
        if statement.is_def:
            return self._definition(statement, space.get(node.name, MISSING))
        if kind in ("Import", "ImportFrom"):
            return SAME if self._imports_agree(node, space) else CHANGED
        if kind in ("Assign", "AnnAssign") and node.value is not None:
            return self._assignment(node, space, live)
        if kind == "Expr" and _has_done(node.value, space, live):
            return SAME
        return SAME if kind == "Pass" else CHANGED

    def _imports_agree(self, node: Any, space: Dict[Any, Any]) -> bool:
        for alias in node.names:
            value = space.get(alias.asname or alias.name.partition(".")[0], MISSING)
            if syntax.kind(node) == "ImportFrom":
                package = self._selection.package
                module = syntax.absolute(node.module, node.level or 0, package)
                source = raw.module_dict(sys.modules.get(module)) or {}
                there = source.get(alias.name, MISSING)
            else:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                there = sys.modules.get(name, MISSING)
                if value is not MISSING and not raw.is_module(value):
                    continue  # somebody has put another object there: no text does
            if value is MISSING or value is not there:
                return False
        return True

    # Assignments

    def _assignment(self, node: Any, space: Dict[Any, Any], live: Dict[Any, Any]) -> str:
        if syntax.kind(node) == "AnnAssign" and not self._note_agrees(node, space):
            return CHANGED
        targets = node.targets if syntax.kind(node) == "Assign" else [node.target]
        pairs: List[Tuple[Any, Any]] = []
        for target in targets:
            parts = _elements(target)
            values = _elements(node.value) if len(parts) > 1 else [node.value]
            if len(values) != len(parts):
                return CHANGED
            pairs += zip(parts, values)
        if len(pairs) == 1 and syntax.dotted(pairs[0][0]) in self._set_in_functions:
            return SAME
        if any(syntax.kind(target) != "Name" for target, _ in pairs):
            return CHANGED
        status = SAME
        for target, expression in pairs:
            value = space.get(target.id, MISSING)
            if value is MISSING:
                return CHANGED
            if agreeing.agrees(expression, value, live):
                continue
            if target.id in (self._state if space is live else self._class_state):
                self.kept.add(target.id)
                continue
            status = CHANGED
            if space is live:
                self.replaced.add(target.id)
        return status

    def _note_agrees(self, node: Any, space: Dict[Any, Any]) -> bool:
        notes = raw.get(space, "__annotations__")
        if space is not self._live or (notes is None and sys.version_info >= (3, 14)):
            return True  # that is looked at with the others of its class, or comes from a function
        note = raw.get(notes, getattr(node.target, "id", ""))
        return note is not None and agreeing.note_agrees(node.annotation, note, self._live)

    # Definitions

    def _definition(self, statement: Statement, bound: Any, owner: str = "") -> str:
        if bound is MISSING:
            return CHANGED  # one of that name may live all the same, as after an undo
        node = statement.node
        code = self._code_of(statement, owner)
        function = self._live_function(node.name, bound, owner)
        if function is None and not node.decorator_list:
            return SAME if agreeing.replaced_by_hand(bound, self._live) else CHANGED
        if code is None or function is None:
            return CHANGED
        if not agreeing.defaults_agree(node, function, self._live):
            return CHANGED
        if _header(function.__code__) != _header(code):
            return CHANGED
        decorators = node.decorator_list
        if decorators and not agreeing.decorators_agree(decorators, function, bound, self._live):
            return CHANGED
        if codes.same(function.__code__, code):
            return SAME
        if function.__code__.co_freevars != code.co_freevars:
            return CHANGED
        return CHANGED if self._paths.way_by_name(function) is None else CODE

    def _code_of(self, statement: Statement, owner: str) -> Any:
        """The code of a function that a statement of a module or of one of its classes makes."""
        length = 2 if owner else 1
        for way, code in self._paths.by_path.items():
            if len(way) == length and way[-1][0] == statement.node.name:
                if statement.first <= code.co_firstlineno <= statement.last:
                    return code
        return None

    def _live_function(self, name: str, bound: Any, owner: str) -> Any:
        """The one function that a definition of that name has made."""
        qualname = "%s.%s" % (owner, name) if owner else name
        found = [
            one
            for one in self._functions.get(name, ())
            if getattr(one.__code__, "co_qualname", one.__qualname__) == qualname
        ]
        inner = agreeing.unwrapped(bound)
        if any(one is inner for one in found):
            return inner
        return found[0] if len(found) == 1 else None

    # Classes

    def _class(self, statement: Statement, cls: Any) -> None:
        node = statement.node
        if not raw.is_class(cls) or raw.class_module(cls) != self._live.get("__name__"):
            return
        if raw.class_qualname(cls) != node.name or not agreeing.is_plain(cls):
            return
        space = raw.class_dict(cls) or {}
        inner = [Statement(one) for one in node.body]
        for one in inner:
            one.status = self._in_class(one, space, node.name)
            for name in one.binds:
                known = statement.body.get(name)
                statement.body[name] = one.status if known in (None, one.status) else CHANGED
        statement.inner = inner
        statement.removed = self._of_body(space, statement.body) - set(statement.body)
        header = agreeing.header_agrees(node, cls, self._live)
        notes = agreeing.annotations_agree(node.body, space, self._live)
        if header and notes and not statement.removed:
            statuses = {one.status for one in inner}
            statement.status = SAME if statuses <= {SAME} else CHANGED
            if statuses == {SAME, CODE} or statuses == {CODE}:
                statement.status = CODE

    def _in_class(self, one: Statement, space: Dict[Any, Any], owner: str) -> str:
        if one.is_def:
            return self._definition(one, space.get(one.node.name, MISSING), owner)
        if one.is_class:
            return CHANGED
        if syntax.kind(one.node) == "AnnAssign" and one.node.value is None:
            return SAME
        if syntax.kind(one.node) == "Expr" and syntax.kind(one.node.value) in ("Constant", "Str"):
            return SAME
        return self._status(one, space, self._live)

    def _of_body(self, space: Dict[Any, Any], body: Dict[str, str]) -> Set[str]:
        """The names that a class body has bound: the interpreter puts its own right behind."""
        names = [name for name in space if type(name) is str]
        ends = [names.index(one) for one in ("__dict__", "__weakref__", "__doc__") if one in names]
        known = [index + 1 for index, name in enumerate(names) if name in body]
        end = max(ends[:1] + known, default=0)
        return {name for name in names[:end] if not _is_special(name) or self._is_own(space[name])}

    def _is_own(self, value: Any) -> bool:
        inner = agreeing.unwrapped(value)
        return type(inner) is raw.FunctionType and inner.__globals__ is self._live

    # Names

    def _old_names(self) -> Set[str]:
        """Namespaces keep their order: what stands before a name that the text still binds was
        bound by the old text, too; what was put there later stands behind."""
        own: Set[str] = set()
        for statement in self._selection.all:
            if statement.status != CHANGED:
                own |= statement.binds
        names = [name for name in self._live if type(name) is str]
        last = max((index for index, name in enumerate(names) if name in own), default=-1)
        module = self._live.get("__name__")
        found = {name for name in names[: last + 1] if not name.startswith("__")} | own
        for name, value in raw.items(self._live):
            mine = type(value) is raw.FunctionType and value.__globals__ is self._live
            if type(name) is str and (
                mine or (raw.is_class(value) and raw.class_module(value) == module)
            ):
                found.add(name)
        return found

    def complaints(self, now: Dict[Any, Any]) -> List[Dict[str, str]]:
        """What the report says of what nobody can know; `now` is what the text has bound."""
        found = []
        for name in list(self.replaced):
            value = dict.get(now, name, MISSING)
            if value is MISSING or agreeing.same_data(self._live.get(name, MISSING), value):
                self.replaced.discard(name)
        nobody = "nothing proves which text was loaded (no record of it, no compiled file): "
        if self.kept:
            why = "it was taken for state, since functions of the module change it, and kept"
            found.append({"what": ", ".join(sorted(self.kept)), "why": nobody + why})
        if self.done:
            why = "it was taken for done when the module was loaded, and not done again"
            found.append({"what": ", ".join(self.done), "why": nobody + why})
        if self.replaced:
            why = "it has the new text's value; if the program had bound another one, that is gone"
            found.append({"what": ", ".join(sorted(self.replaced)), "why": nobody + why})
        return found


def _arguments(call: Any) -> List[Any]:
    return list(call.args) + list(call.keywords)


def _elements(node: Any) -> List[Any]:
    return node.elts if syntax.kind(node) in ("Tuple", "List") else [node]


def _header(code: Any) -> Optional[int]:
    """How many lines decorators and signature take."""
    first = code.co_firstlineno
    for _, _, line in bytecode.lines_of(code):
        if line is not None and line != first:
            return int(line - first)
    return None


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _has_done(call: Any, space: Dict[Any, Any], live: Dict[Any, Any]) -> bool:
    """Whether `x.append(y)` and the like has been done, by what x holds."""
    if syntax.kind(call) in ("Constant", "Str"):
        return True
    if syntax.kind(call) != "Call" or syntax.kind(call.func) != "Attribute" or call.keywords:
        return False
    holder = agreeing.resolved(call.func.value, live)
    if call.func.attr not in ("append", "add") or not (type(holder) is list or type(holder) is set):
        return False
    return len(call.args) == 1 and any(
        agreeing.agrees(call.args[0], one, live) for one in list(holder)
    )


def _changed_in_functions(tree: Any) -> Set[str]:
    """The names whose objects functions of the text change in place: `X[k] = v`, `X.append(v)`."""
    found: Set[str] = set()
    for node in syntax.walk(tree):
        if syntax.kind(node) not in ("FunctionDef", "AsyncFunctionDef", "Lambda"):
            continue
        for below in syntax.walk(node):
            kind = syntax.kind(below)
            if kind in ("Subscript", "Attribute") and syntax.kind(below.ctx) != "Load":
                found.add(syntax.dotted(below.value).partition(".")[0])
            elif kind == "Call" and syntax.kind(below.func) == "Attribute":
                if below.func.attr in _CHANGERS:
                    found.add(syntax.dotted(below.func.value).partition(".")[0])
            elif kind == "Call" and syntax.dotted(below.func) == "next" and below.args:
                found.add(syntax.dotted(below.args[0]))
    return found


def _set_in_functions(tree: Any) -> Set[str]:
    """What functions of the text assign to of the kind `f.calls = 1`, `C.one = 1`, `cls.x = 1`."""
    return {
        syntax.dotted(below)
        for node in syntax.walk(tree)
        if syntax.kind(node) in ("FunctionDef", "AsyncFunctionDef")
        for below in syntax.walk(node)
        if syntax.kind(below) == "Attribute" and syntax.kind(below.ctx) != "Load"
    }
