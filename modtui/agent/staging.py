"""Executing chosen statements beside the live namespace, which meanwhile stays as it is."""

from __future__ import annotations

import gc
import sys

from . import batch, classes, codes, creation, generics, raw, statements, syntax
from .batch import MISSING, Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

    from .foreign import Foreign
    from .selecting import Selection
    from .statements import Statement

_PLAIN = "__modtui_plain__"


class Plain:
    """The first base of a class that took the place of one without bases."""


class PlainError(Exception):
    """The first base of an exception that took the place of one with a Python class as base."""


class BuiltinError(Exception):
    """The first base of an exception that took the place of one with a built-in class as base."""

    __slots__ = ()


class Staging(dict):  # type: ignore[type-arg]
    """A namespace to execute in: a copy of the live one, which it asks for what it has not.

    When it is emptied, functions that still have it as their globals see the live namespace.
    """

    __slots__ = ("deleted", "live")

    def __init__(self, live: Dict[Any, Any]) -> None:
        dict.__init__(self, live)
        self.live = live
        self.deleted: Set[Any] = set()
        if type(live.get("__annotations__")) is dict:
            # Executing an annotation writes into it.
            dict.__setitem__(self, "__annotations__", live["__annotations__"].copy())

    def __missing__(self, key: Any) -> Any:
        if key in self.deleted:
            raise KeyError(key)
        return self.live[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.deleted.discard(key)
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: Any) -> None:
        if not dict.__contains__(self, key):
            raise KeyError(key)
        self.deleted.add(key)
        dict.__delitem__(self, key)

    def retire(self) -> None:
        """Become a view of the live namespace."""
        self.deleted = set()
        dict.clear(self)
        builtins = self.live.get("__builtins__")
        if builtins is not None:
            dict.__setitem__(self, "__builtins__", builtins)


class Execution:
    """The chosen statements of a selection, executed one by one in a Staging."""

    def __init__(
        self, selection: Selection, staging: Staging, path: str, flags: int, foreign: Foreign
    ) -> None:
        self._selection, self._staging = selection, staging
        self._path, self._flags = path, flags & statements.FUTURE_FLAGS
        self._foreign = foreign
        self.changed: Set[str] = set()  # names that are bound to really other values
        self.executed: List[int] = []
        self.plain: Set[str] = set()  # names bound by assignments, not by definitions
        self.superseded: List[Tuple[Any, Any]] = []  # classes that had to be made a second time
        self.abandoned: List[Any] = []  # what definitions made that then raised
        self.written: List[Tuple[Any, str, Any]] = []  # (live object, attribute, its value before)
        self.overloads = generics.Elsewhere(selection, staging.live)
        self.filled: Dict[str, Set[str]] = {}  # class -> containers that its creation has filled
        self.displays: Set[str] = set()  # names bound to a literal container or comprehension

    def run(self, repair: Callable[[Any, BaseException], bool]) -> None:
        """Execute. Raises what the module raises.

        `repair` is asked when a definition raises; if it answers True the definition is tried once
        more.
        """
        for index, statement in enumerate(self._selection.all):
            if not self._selection.chosen[index]:
                continue
            if not self._selection.still_needed(index, self.changed, self._foreign):
                continue
            self.executed.append(index)
            if any(name not in self._staging for name in statement.deletes):
                for name in statement.deletes & set(self._staging):
                    del self._staging[name]
                continue  # what it takes away was not all made this time
            code = self._compile(statement.node)
            self._before_writing(statement)
            before = dict(self._staging) if _is_star(statement.node) else None
            hooks = creation.NewHooks(self._selection, statement, self._compile)
            try:
                with hooks:
                    exec(code, self._staging)
            except BaseException as error:
                if self._is_gone(statement, error):
                    continue
                definition = statement.is_def or statement.is_class
                if not definition or not repair(statement, error):
                    raise
                del error
                self._abandon(statement.node.name)
                with hooks:
                    exec(code, self._staging)
            if statement.is_class:
                name = statement.node.name
                self.filled[name] = creation.filled(statement, dict.get(self._staging, name))
                self._make_movable(statement)
            if before is not None:
                self._after_star(statement, before)
            self._note(statement)

    def _before_writing(self, statement: Statement) -> None:
        """Remember the attributes of live objects that a statement sets: undoing puts them back."""
        for chain in statement.sets:
            *way, attribute = chain.split(".")
            value: Any = dict.get(self._staging, way[0] if way else "")
            if value is None or value is not self._staging.live.get(way[0]):
                continue
            for name in way[1:]:
                value = attribute_of(value, name)
            if value is not MISSING:
                self.written.append((value, attribute, attribute_of(value, attribute)))

    def undo_writing(self, step: Batch) -> None:
        """Have the step take back, when it is undone, what statements set on live objects."""
        for value, name, before in self.written:
            after = attribute_of(value, name)
            if after is before:
                continue
            if raw.is_class(value):
                step.class_attribute(value, name, after, before)
            else:
                space = raw.instance_dict(value) or {}
                back = batch.set_item(space, name, before)
                step.add(batch.set_item(space, name, after), back)

    def take_back(self) -> None:
        """Put back what statements set on live objects, before anything else was done."""
        step = Batch()
        self.undo_writing(step)
        step.commit()
        step.revert()

    def _is_gone(self, statement: Statement, error: BaseException) -> bool:
        """Whether what a statement of before deletes was deleted by it before."""
        if syntax.kind(statement.node) != "Delete":
            return False
        known = self._selection.inferred or statement.status == statements.SAME
        return known and isinstance(error, (AttributeError, LookupError, NameError))

    def _abandon(self, name: str) -> None:
        """What a definition that failed has made is nobody's counterpart."""
        module = self._staging.live.get("__name__")
        for one in gc.get_objects(generation=0):
            if type(one) is raw.FunctionType and one.__globals__ is self._staging:
                if one.__qualname__ == name or one.__qualname__.startswith(name + "."):
                    self.abandoned.append(one)
            elif raw.is_class(one) and raw.class_module(one) == module:
                if raw.class_qualname(one).partition(".")[0] == name:
                    self.abandoned += [one, classes.own_dict(one)]

    def _after_star(self, statement: Any, before: Dict[Any, Any]) -> None:
        """Of a star import that stood there before, only what is really newer is taken."""
        if statement.status != "same":
            return
        node, package = statement.node, self._selection.package
        module = syntax.absolute(node.module, node.level or 0, package)
        source = raw.module_dict(sys.modules.get(module)) or {}
        newer = self._selection.from_star(module, source, self._foreign)
        for name, value in list(dict.items(self._staging)):
            if name in newer:
                self.changed.add(name)
            elif before.get(name, MISSING) is not value:
                if name in before:
                    dict.__setitem__(self._staging, name, before[name])
                else:
                    dict.pop(self._staging, name)

    def _make_movable(self, statement: Any) -> None:
        """See to it that instances of the old class can become instances of the new one.

        A class without bases can neither get some, nor can its instances move to a class whose
        first base has empty `__slots__` (Generic, Protocol, ABC ...). With a plain class as first
        base they can. So it is with exceptions: one written in Python can be referenced weakly.
        """
        name = statement.node.name
        old: Any = self._staging.live.get(name)
        new: Any = dict.get(self._staging, name)
        if not raw.is_class(old) or type(old) is not type or not raw.is_class(new):
            return
        plain, fits = _first_base(old, new)
        if plain is None or fits(old, new):
            return
        node = syntax.with_first_base(statement.node, _PLAIN)
        dict.__setitem__(self._staging, _PLAIN, plain)
        try:
            exec(self._compile(node), self._staging)
        except Exception:
            # It cannot be defined twice, or not with that base. The first one is as good, but that
            # instances stay with the old class, which the report says.
            dict.__setitem__(self._staging, name, new)
            return
        finally:
            dict.pop(self._staging, _PLAIN, None)
        again = dict.get(self._staging, name)
        if fits(old, again):
            self.superseded.append((new, again))
        else:
            dict.__setitem__(self._staging, name, new)

    def _compile(self, node: Any) -> Any:
        module = syntax.module_of([node])
        return compile(module, self._path, "exec", self._flags, dont_inherit=True)

    def _note(self, statement: Any) -> None:
        live, staging = self._staging.live, self._staging
        dynamic = self._selection.dynamic if statement.dynamic else set()
        for name in statement.binds | statement.changes | dynamic:
            before, after = live.get(name, MISSING), dict.get(staging, name, MISSING)
            if name in statement.changes and name not in statement.binds:
                if self._selection.is_data(name):
                    self.changed.add(name)
            elif before is after:
                continue
            elif codes._same_value(before, after):
                dict.__setitem__(staging, name, before)  # the same number is no change
            elif not _patches(before, after, live, staging):
                self.changed.add(name)
        if not (statement.is_def or statement.is_class or statement.is_import):
            self.plain |= statement.binds
            if is_display(statement.node):
                self.displays |= statement.binds


def attribute_of(value: Any, name: str) -> Any:
    """What an object, a class or a module itself has under a name; MISSING for nothing."""
    space = raw.class_dict(value) if raw.is_class(value) else raw.instance_dict(value)
    return MISSING if space is None else space.get(name, MISSING)


def _first_base(old: Any, new: Any) -> Tuple[Any, Callable[[Any, Any], bool]]:
    """The class to be the first base of a new class so that the old one can take it over, or None;
    and what tells whether it can."""
    for one in old.__bases__:
        if id(one) in _FIRST:
            return one, classes.bases_fit
    if old.__base__ is object and len(old.__bases__) == 1:
        none = new.__base__ is object and len(new.__bases__) == 1
        return (None if none else Plain), classes.movable
    if raw.derives(old, Exception) and raw.derives(new, Exception):
        kind = PlainError if old.__base__.__flags__ & _HEAP else BuiltinError
        return kind, classes.bases_fit
    return None, classes.movable


_FIRST = raw.ids(Plain, PlainError, BuiltinError)
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _patches(before: Any, after: Any, live: Any, staging: Any) -> bool:
    """Whether the old object will most likely take over what the new one brings."""
    if type(before) is not type(after):
        return False
    if type(after) is raw.FunctionType:
        return after.__globals__ is staging or after.__code__ is before.__code__
    if raw.is_class(after):
        same = raw.class_qualname(before) == raw.class_qualname(after)
        return same and classes.same_layout(before, after) and _fields(before) == _fields(after)
    return False


def _fields(cls: Any) -> Any:
    """What a named tuple's instances are made of: they cannot get another field later."""
    space = raw.class_dict(cls) or {}
    return raw.get(space, "_fields"), raw.get(space, "_field_defaults")


def _is_star(node: Any) -> bool:
    return syntax.kind(node) == "ImportFrom" and any(alias.name == "*" for alias in node.names)


_DISPLAYS = ("Dict", "List", "Set", "ListComp", "SetComp", "DictComp")


def is_display(node: Any) -> bool:
    """Whether an assignment's value is a container that the statement itself makes."""
    value: Any = getattr(node, "value", None)
    if syntax.kind(value) == "Call":
        return syntax.dotted(value.func) in ("dict", "list", "set")
    return syntax.kind(value) in _DISPLAYS


def annotated_names(tree: Any) -> Set[str]:
    """The names with an annotation at the top level."""
    found: Set[str] = set()
    for statement in tree.body:
        for node in syntax.walk_scope(statement):
            if syntax.kind(node) == "AnnAssign" and syntax.kind(node.target) == "Name":
                found.add(node.target.id)
    return found


def docstring(tree: Any) -> Optional[str]:
    """The module's docstring."""
    if tree.body and syntax.kind(tree.body[0]) == "Expr":
        value = tree.body[0].value
        text = getattr(value, "value", getattr(value, "s", None))
        if type(text) is str and syntax.kind(value) in ("Constant", "Str"):
            return text
    return None
