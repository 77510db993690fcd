"""Which statements of a new text a patch executes: those that changed and what depends on them.

A value whose statement is the same, and whose inputs are the same, is kept as it is: that is how
state survives and nothing is registered twice.
"""

from __future__ import annotations

import sys

from . import codes, generics, makers, raw, statements, syntax
from .batch import MISSING
from .bytecode import CO_OPTIMIZED, stored_names
from .statements import CHANGED, CODE, SAME, Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Set

    from .bytecode import Paths
    from .foreign import Foreign

    Names = Set[str]


_DATA = raw.ids(dict, list, set, frozenset, tuple, str, bytes, bytearray, int, float, complex)
_LISTED = raw.ids(list, tuple)


class Selection:
    """The statements of one module, and which of them are to be executed."""

    def __init__(self, tree: Any, package: str, space: Dict[Any, Any], foreign: Foreign) -> None:
        self.tree, self.package, self.space = tree, package, space
        self._foreign = foreign
        self.all: List[Statement] = statements.of_tree(tree)
        self.chosen: List[bool] = [False] * len(self.all)
        self.firm: List[bool] = [False] * len(self.all)  # executed whatever the values turn out
        self.old_names: Optional[Names] = None  # all that the old text bound, if that is known
        self.left: List[Any] = []  # lines of the old text that are none of the new one
        self.unset: Names = set()  # a.b that only the old text assigned to
        self.generic: Names = set()  # functions of which all overloads are registered again
        self.made_by: Dict[str, str] = {}  # names -> the function elsewhere, changed since
        self.inferred = False  # nothing proves what the old text was
        self._values: Names = set()  # names whose value will or may be another one
        self._functions: Names = set()  # functions whose code is another one
        self._classes: Names = set()  # that are made anew
        self._methods: Names = set()  # classes of which only methods have other code
        self._set: Names = set()  # a.b.c that an edited statement assigns to
        self._perhaps: Names = set()  # decorated: most decorators give what can be patched
        self.bodies: Dict[str, List[Any]] = {}
        for statement in self.all:
            if statement.is_def:
                self.bodies.setdefault(statement.node.name, []).append(statement.node)
        self._reached: Dict[str, Names] = {}
        self._imported: Names = set()
        self.made: Names = set()
        self._deleted: Names = set()  # what one statement needs of an earlier one may be gone
        # Names that no statement binds by its text.
        self.dynamic = {name for name in space if type(name) is str and name[:2] != "__"}
        for statement in self.all:
            self.dynamic -= statement.binds
            (self._imported if statement.is_import else self.made).update(statement.binds)
            self._deleted |= statement.deletes

    def compare(self, old: Paths, new: Paths) -> None:
        """Use the old code: without it every statement counts as changed."""
        bound, changed, self.unset, self.left = statements.compare(self.all, old, new)
        self.old_names = stored_names(old.top)
        self._values |= bound - self._imported
        for index, statement in enumerate(self.all):
            names = (statement.binds | statement.changes) & changed
            edited = any(map(self.is_data, names)) and not statement.is_import
            if edited or statement.binds & bound:
                self._choose(index, True)
        self.choose_overloads(changed)

    def choose_overloads(self, changed: Names) -> None:
        """All overloads of a generic function together, if one came or went: what is registered
        then is what the text registers."""
        for statement in self.all:
            if statement.status == CHANGED:
                changed = changed | statement.called
        self.generic = {name for name in changed if generics.is_generic(self.space.get(name))}
        for index, statement in enumerate(self.all) if self.generic else ():
            if not statement.is_import and (statement.binds | statement.called) & self.generic:
                self._choose(index, True)

    def is_data(self, name: str) -> bool:
        """Whether a name holds a container or a plain value, that may be made a second time.

        Anything else that statements change in place (an application, a parser, a connection) is
        somebody's live object: only what was edited is executed again, on that very object.
        """
        kinds = raw.mro(type(self.space.get(name)))
        return any(id(kind) in _DATA or raw.class_module(kind) == "collections" for kind in kinds)

    def check_reachable(self, live: List[Any], old: Paths, new: Paths) -> None:
        """A body that changed, but is in no live function: then the definition is executed.

        A decorator may have made another code of it (a type checker's instrumentation).
        """
        counterparts = new.counterparts(old)
        reached = {counterparts.get(old.path_of(one.__code__)) for one in live}
        for statement in self.all:
            if statement.status != CODE:
                continue
            for way, code in new.by_path.items():
                if not statement.first <= code.co_firstlineno <= statement.last:
                    continue
                if not code.co_flags & CO_OPTIMIZED or not new.is_static(way):
                    continue
                # What a call was given is held by somebody, or was used up by the call.
                called = syntax.kind(statement.node) == "Expr"
                if way in reached or (way[-1][0].startswith("<") and not called):
                    continue
                before = [one for one, other in counterparts.items() if other == way]
                if not before or not codes.same(old.by_path[before[0]], code):
                    statement.status = CHANGED

    def nothing_changed(self) -> None:
        """The text is the one that was executed; only other modules' values may differ."""
        self.old_names = set()
        for statement in self.all:
            statement.status = SAME
            if statement.is_class:
                statement.inner = [Statement(node) for node in statement.node.body]
                statement.body = {name: SAME for one in statement.inner for name in one.binds}

    def select(self, foreign: Foreign, is_main: bool) -> None:
        """Choose; `foreign` are values of other modules that are other ones since."""
        heirs = foreign.heirs(self.space.get("__name__", ""))
        for index, statement in enumerate(self.all):
            if statement.status == CHANGED:
                self._choose(index, True)
            elif statement.status == CODE:
                names = self._methods if statement.is_class else self._functions
                names |= statement.binds
            if statement.is_class and (statement.node.name in heirs or self._remade(statement)):
                self._choose(index, True)
            if self._imports_stale(statement, foreign):
                self._choose(index, True)
                self._values |= self._starred(statement, foreign)
        while self._spread(foreign):
            pass
        for index, statement in enumerate(self.all):
            if is_main and syntax.is_main_guard(statement.node):
                self.chosen[index] = False
            if _is_docstring(statement.node):
                self.chosen[index] = False

    def _remade(self, statement: Statement) -> bool:
        """Whether it is a class whose metaclass, in this text, makes classes in another way now."""
        names = {syntax.dotted(one.value) for one in statement.node.keywords}
        return any(
            one.is_class
            and one.node.name in names
            and any(one.body.get(name, SAME) != SAME for name in ("__new__", "__init__"))
            for one in self.all
        )

    def _choose(self, index: int, firm: bool) -> bool:
        statement = self.all[index]
        news = not self.chosen[index] or (firm and not self.firm[index])
        self.chosen[index] = True
        self.firm[index] = self.firm[index] or firm
        if statement.is_def:
            self._functions |= statement.binds
            if statement.node.decorator_list:
                self._perhaps |= statement.binds
        elif statement.is_class:
            self._classes |= statement.binds
            if raw.derives(self.space.get(statement.node.name), tuple):
                self._perhaps |= statement.binds  # its instances cannot get another field later
        else:
            self._values |= statement.binds
            if not statement.is_import:
                here = statement.changes & set(self.space)
                self._values |= {name for name in here if self.is_data(name)}
                self._set |= statement.sets
                if statement.dynamic:
                    self._perhaps |= self.dynamic
        return news

    def _spread(self, foreign: Foreign) -> bool:
        news = False
        for index, statement in enumerate(self.all):
            if not self.chosen[index]:
                if self._depends(statement, foreign):
                    firm = self._depends_on_code(statement) or self._made_by_base(statement)
                    firm = firm or bool(statement.chains & self._set)
                    news = self._choose(index, firm) or news
            if self.chosen[index]:
                news = self._choose_with(index) or news
        return news

    def _depends(self, statement: Statement, foreign: Foreign) -> bool:
        if statement.is_import:
            return False
        if statement.reads & (self._values | self._perhaps):
            return True
        roots = {chain.partition(".")[0] for chain in statement.chains}
        if statement.chains & self._set and not (statement.is_def or statement.is_class):
            return True
        if roots & self._classes or self._reads_foreign(
            statement.chains | statement.reads, foreign
        ):
            return True
        if statement.called & self._methods and not statement.is_class:
            return syntax.kind(statement.node) != "Expr"
        # Needed only if the new base turns out to have another layout; see staging.
        if statement.is_class and self._bases_of(statement) & self._classes:
            return True
        return (
            self._depends_on_code(statement)
            or self._runs_foreign(statement, foreign)
            or makers.gave(self, statement, foreign)
        )

    def _made_by_base(self, statement: Statement) -> bool:
        """Whether it is a class for which more than its bases' identity matters: a dataclass takes
        its bases' fields, a metaclass may take anything."""
        if not statement.is_class or not self._bases_of(statement) & self._classes:
            return False
        node = statement.node
        live = self.space.get(node.name)
        return bool(node.decorator_list or node.keywords or type(live) is not type)

    def _bases_of(self, statement: Statement) -> Names:
        return {syntax.dotted(base).partition(".")[0] for base in statement.node.bases}

    def _depends_on_code(self, statement: Statement) -> bool:
        """Whether it calls, however indirectly, a function whose code is another one."""
        return bool(self._runs(statement) & (self._functions | self._values))

    def _runs(self, statement: Statement) -> Names:
        """The global names that functions which it calls read; the functions included."""
        called = set(statement.called)
        if syntax.kind(statement.node) in ("Assign", "AnnAssign", "AugAssign", "ClassDef"):
            called |= statement.passed
        found: Names = set()
        for name in called & set(self.bodies):
            found.add(name)
            found |= self.reach(name)
        return found

    def reach(self, name: str) -> Names:
        """The names that a function of the module reads, and those that it calls, and so on."""
        known = self._reached.get(name)
        if known is not None:
            return known
        found: Names = set()
        queue = [name]
        while queue:
            for node in self.bodies.get(queue.pop(), ()):
                names, _ = statements.read_in(node)
                queue.extend((names - found) & set(self.bodies))
                found |= names
        self._reached[name] = found
        return found

    def _reads_foreign(self, chains: Iterable[str], foreign: Foreign) -> bool:
        """Whether one of `a.b.c` is a changed value of another module, by what `a` is now."""
        for chain in chains if foreign else ():
            if makers.read(self.space, chain, foreign) == makers.VALUE:
                return True
            parts = chain.split(".")
            value = self.space.get(parts[0])
            for part in parts[1:]:
                namespace = raw.module_dict(value)
                if namespace is None:
                    break
                if (namespace.get("__name__"), part) in foreign:
                    return True
                value = namespace.get(part)
        return False

    def _runs_foreign(self, statement: Statement, foreign: Foreign) -> bool:
        if not foreign:
            return False
        for name in statement.called & set(self.bodies):
            for reached in {name} | (self.reach(name) & set(self.bodies)):
                for node in self.bodies[reached]:
                    if self._reads_foreign(set().union(*statements.read_in(node)), foreign):
                        return True
        return False

    def _choose_with(self, index: int) -> bool:
        """What must be executed along with a chosen statement, to find the values it needs."""
        news = False
        statement = self.all[index]
        dirty = self._functions | self._values
        needed = {name for name in self._runs(statement) if self._reach_dirty(name, dirty)}
        for other, candidate in enumerate(self.all):
            if candidate.is_import:
                continue
            if candidate.is_def and candidate.binds & needed and not self.firm[other]:
                news = self._choose(other, True) or news
                continue
            shared = candidate.binds & (statement.reads | statement.binds)
            rebound = {name for name in shared if self._binders(name) > 1}
            later = other > index and (candidate.binds | candidate.deletes) & statement.binds
            rebound |= {name for name in shared if name in self._deleted and other < index}
            if (rebound & statement.reads) or later or self._changes_same(statement, candidate):
                if not self.firm[other]:
                    news = self._choose(other, True) or news
        return news

    def _reach_dirty(self, name: str, dirty: Names) -> bool:
        return name in self.bodies and bool(({name} | self.reach(name)) & dirty)

    def _binders(self, name: str, besides: Optional[Statement] = None) -> int:
        """How many statements that are not imports bind a name."""
        others = (one for one in self.all if one is not besides and not one.is_import)
        return sum(name in one.binds for one in others)

    def _changes_same(self, one: Statement, other: Statement) -> bool:
        """Whether both make or change one object of this module: `x = []` and `x.append(1)`."""
        made = (one.binds | one.changes) & (other.binds | other.changes) - self._imported
        made &= (one.changes | other.changes) & self.made
        return any(self.is_data(name) for name in made)

    def _imports_stale(self, statement: Statement, foreign: Foreign) -> bool:
        """Whether an import, executed again, would bind a newer object than is bound now."""
        if statement.is_def:
            return False  # its body does not run
        for node in statements.evaluated(statement.node):
            if syntax.kind(node) == "ImportFrom":
                module = syntax.absolute(node.module, node.level or 0, self.package)
                if self._from_is_stale(statement, module, node, foreign):
                    return True
        return False

    def _from_is_stale(
        self, statement: Statement, module: str, node: Any, foreign: Foreign
    ) -> bool:
        source = raw.module_dict(sys.modules.get(module))
        if source is None:
            return False
        for alias in node.names:
            if alias.name == "*":
                if self.from_star(module, source, foreign):
                    return True
                continue
            bound = alias.asname or alias.name
            if alias.name not in source or self._binders(bound, statement):
                continue
            now, here = source[alias.name], self.space.get(bound)
            if now is here or codes._same_value(now, here):
                continue
            if foreign.had(module, alias.name, here) or _older_version(here, now):
                return True
        return False

    def _starred(self, statement: Statement, foreign: Foreign) -> Names:
        """The names for which a star import, executed again, brings newer objects."""
        found: Names = set()
        for node in statements.evaluated(statement.node):
            if syntax.kind(node) == "ImportFrom" and node.names[0].name == "*":
                module = syntax.absolute(node.module, node.level or 0, self.package)
                source = raw.module_dict(sys.modules.get(module)) or {}
                found |= self.from_star(module, source, foreign)
        return found

    def from_star(self, module: str, source: Dict[Any, Any], foreign: Foreign) -> Names:
        """The names of which `from module import *` would bind a newer object."""
        public: Any = source.get("__all__")
        found: Names = set()
        for name, now in raw.items(source):
            if type(name) is not str or self._binders(name):
                continue
            if name not in public if id(type(public)) in _LISTED else name[:1] == "_":
                continue
            here = self.space.get(name, MISSING)
            if now is here or codes._same_value(now, here):
                continue
            if foreign.had(module, name, here) or _older_version(here, now):
                found.add(name)
            elif here is MISSING and any(known == module for known, _ in foreign):
                found.add(name)
        return found

    def body_now(self, statement: Statement, changed: Names) -> Dict[str, str]:
        """For the names of a class's body: whether the statement that binds each, and all that it
        reads, is the same as before; `changed` are names of the module with other values."""
        body = dict(statement.body)
        other = set(changed)
        for one in statement.inner:
            roots = {chain.partition(".")[0] for chain in one.chains}
            same = all(body.get(name) == SAME for name in one.binds)
            calls = self._runs(one) & (other | self._functions)
            reads = self._reads_foreign(one.chains | one.reads, self._foreign)
            space = raw.class_dict(self.space.get(statement.node.name)) or {}
            same = same and not reads and not makers.gave(self, one, self._foreign, space)
            if not same or (one.reads | roots) & other or calls:
                other |= one.binds
                # `@show.register` makes another object of what `show` is.
                body.update((name, CHANGED) for name in one.called | one.changes if name in body)
                body.update((name, CHANGED) for name in one.binds if body.get(name) == SAME)
        return body

    # While the statements are executed

    def still_needed(self, index: int, changed: Names, foreign: Foreign) -> bool:
        """Whether a chosen statement depends on something that really changed."""
        if self.firm[index]:
            return True
        statement = self.all[index]
        roots = {chain.partition(".")[0] for chain in statement.chains}
        return bool(
            (statement.reads | roots) & changed
            or (self._runs(statement) & changed)
            or self._reads_foreign(statement.chains | statement.reads, foreign)
            or self._runs_foreign(statement, foreign)
            or makers.gave(self, statement, foreign)
        )


def _older_version(here: Any, now: Any) -> bool:
    """Whether one is what a reload has left behind of the other: another object, the same name."""
    if type(here) is raw.FunctionType and type(now) is raw.FunctionType:
        return bool(here.__globals__ is now.__globals__ and here.__qualname__ == now.__qualname__)
    if raw.is_class(here) and raw.is_class(now):
        same = raw.class_module(here) == raw.class_module(now)
        return same and raw.class_qualname(here) == raw.class_qualname(now)
    return False


def _is_docstring(node: Any) -> bool:
    return syntax.kind(node) == "Expr" and syntax.kind(node.value) in ("Constant", "Str")
