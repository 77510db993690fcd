"""The plan: which modules in which order, what speaks against it, what it would leave behind."""

from __future__ import annotations

import sys

from . import disk, entries, hazards, holders, loading, previous, raw, syntax
from .errors import Refused, UnknownModule
from .importing import Texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set

    from . import shapes
    from .entries import Entry
    from .journal import Journal

_NEVER = {
    "blocked": "its import is blocked: sys.modules holds None",
    "object": "what sys.modules holds is not a module, so importlib.reload refuses it",
    "no spec": "it has no spec, so importlib.reload does not know what to load",
    "lazy": "it was not executed yet; it stays lazy, and its first use runs the new text",
}
_NOT_PATCHED = {
    "built-in": "it is compiled into the interpreter: there is no new code to take over",
    "extension": "it is a C extension: there is no new code to take over without a restart",
    "frozen": "it is frozen into the interpreter: there is no new code to take over",
    "bytecode": "it was loaded without source: there is nothing to compare and to patch from",
}


class Step:
    """One module of a plan, with the text that it will be reloaded from."""

    __slots__ = (
        "_tree",
        "code",
        "data",
        "digest",
        "entry",
        "error",
        "loader",
        "name",
        "path",
        "why",
    )

    def __init__(self, entry: Entry, why: str) -> None:
        self.entry, self.name, self.why = entry, entry.name, why
        self.path: Optional[str] = entry.source_file
        self.data: Optional[bytes] = None
        self.digest: Optional[str] = None
        self.code: Any = None  # of the whole module
        self.error: Optional[BaseException] = None
        self.loader: Any = entry.loader_object
        self._tree: Any = None

    def read(self, parse: bool) -> None:
        """Look at the text as it is now, and compile it; by way of its tree if that is wanted."""
        if self.loader is None or not loading.reads_source(self.loader):
            return
        try:
            self.path, self.data = loading.read(self.loader, self._full_name())
        except (OSError, ImportError) as error:
            self.error = error
            return
        self.digest = disk.digest(self.data)
        try:
            self.code = previous.code_for(self.entry, self.digest)
            if self.code is None:
                self.code = self._compiled(parse)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            self.error = error

    def _compiled(self, parse: bool) -> Any:
        name = self._full_name()
        tree = self.tree if parse and loading.compiles_plainly(self.loader) else None
        if tree is not None:  # nothing is parsed twice
            try:
                return loading.source_code(self.loader, name, tree)
            except RecursionError:  # trees cannot be nested as deeply as texts
                self._tree = None
        return loading.source_code(self.loader, name, self.data)

    @property
    def tree(self) -> Any:
        """The syntax tree of the text; None without one."""
        if self._tree is None and self.data is not None and self.error is None:
            self._tree = syntax.facts(self.data, self.path or "<string>")["tree"]
        return self._tree

    def _full_name(self) -> str:
        spec_name = entries.spec_field(self.entry.spec, "name") if self.entry.spec else None
        if type(spec_name) is str:
            return spec_name
        name = getattr(self.loader, "name", None)
        return name if type(name) is str else self.name

    @property
    def package(self) -> str:
        """What its relative imports start from."""
        return self.entry.package or ""


class Making:
    """A plan while it is made and executed: the steps with their texts."""

    def __init__(self, names: List[str], patch: bool, dependents: bool) -> None:
        self.patch, self.dependents = patch, dependents
        self.refused: List[shapes.Refusal] = []
        self.steps: List[Step] = []
        found = {entry.name: entry for entry in entries.look_at_all(names)}
        for name in names:
            if name not in found:
                raise UnknownModule("there is no module %r in sys.modules" % (name,))
            if not any(step.name == name for step in self.steps):
                self._admit(found[name], "selected")
        if dependents:
            self._add_dependents()
        for step in self.steps:
            step.read(parse=patch or len(self.steps) > 1)
        if len(self.steps) > 1:
            self.steps = _in_order(self.steps)

    def _admit(self, entry: Entry, why: str) -> None:
        refusal = _refusal(entry, self.patch)
        if refusal is None:
            self.steps.append(Step(entry, why))
        elif why == "selected":
            self.refused.append(refusal)

    def _add_dependents(self) -> None:
        """Everything of the program's own that imports what is in the plan, and so on."""
        around = entries.Surroundings()
        own = {step.name.partition(".")[0] for step in self.steps}
        known = {step.name for step in self.steps}
        fresh = [step.name for step in self.steps]
        texts: Optional[Texts] = None
        journal = _journal()
        older = journal.older() if journal is not None else []
        while fresh:
            spaces = {name: holders.space_of(name) for name in fresh}
            live = {name: space for name, space in spaces.items() if space is not None}
            fresh = []
            texts = texts or Texts()
            for importers in [*holders.importers(live, older).values(), texts.importers(live)]:
                for name, why in importers.items():
                    if name in known or name == "__main__" or name in around.agent:
                        continue
                    known.add(name)
                    try:
                        entry = entries.look_at(name)
                    except UnknownModule:
                        continue  # another thread has taken it out of sys.modules
                    if entry.place == "project" or name.partition(".")[0] in own:
                        self._admit(entry, why)
                        fresh.append(name)

    def level(self, found: List[shapes.Hazard]) -> str:
        """The highest level of all steps' hazards, given as one list."""
        return hazards.highest(found)

    def hazards(self, step: Step) -> List[shapes.Hazard]:
        """What speaks against this step, seen now."""
        found = hazards.of_module(step.name, step.entry.value, step.entry.status)
        return found + hazards.of_source(step.name, step.path, step.error)

    def check(self, yes: bool) -> None:
        """Raise Refused for a danger that nobody accepted, and when nothing is left to do."""
        if not self.steps:
            reasons = "; ".join("%s: %s" % (one["name"], one["text"]) for one in self.refused)
            raise Refused(reasons or "there is nothing to reload")
        if yes:
            return
        for step in self.steps:
            for one in self.hazards(step):
                if one["level"] == "danger":
                    raise Refused(one["text"])


def plan(names: List[str], patch: bool = False, dependents: bool = False) -> shapes.Plan:
    """What a reload of these would do. Nothing is changed. Raises UnknownModule."""
    making = Making(names, patch, dependents)
    left = _would_leave(making)
    steps: List[shapes.PlanStep] = []
    every: List[shapes.Hazard] = []
    for step in making.steps:
        found = making.hazards(step)
        every += found
        steps.append(
            {
                "name": step.name,
                "why": step.why,
                "hazards": found,
                "would_leave": left.get(step.name, holders.nothing()),
                "names_removed": names_removed(step),
                "names_kept": sorted(syntax.kept_names(step.tree)) if step.tree else [],
                "reruns": syntax.reruns(step.tree, step.data) if step.tree and step.data else [],
                "digest": step.digest,
            }
        )
    return {
        "steps": steps,
        "refused": making.refused,
        "level": making.level(every),  # type: ignore[typeddict-item]
        "patch": patch,
        "dependents": dependents,
    }


def _would_leave(making: Making) -> Dict[str, shapes.LeftBehind]:
    if making.patch:
        return {}  # a patch carries over; what it cannot, only executing the text can tell
    spaces = {
        step.name: step.entry.namespace for step in making.steps if step.entry.namespace is not None
    }
    journal = _journal()
    owned = holders.Owned(spaces, journal.older() if journal is not None else ())
    if journal is not None:
        owned.ignored = journal.private_ids
        owned.private = lambda wanted: journal.references(wanted, set())
    return holders.left_behind(owned, [step.name for step in making.steps])


def _journal() -> Optional[Journal]:
    """The journal, once there is one."""
    reloading = sys.modules.get(__name__.rpartition(".")[0] + ".reloading")
    return None if reloading is None else reloading.journal


def names_removed(step: Step) -> List[str]:
    """Names that the module's old text bound and its new one does not, from the live namespace."""
    space, tree = step.entry.namespace, step.tree
    if space is None or tree is None:
        return []
    bound = syntax.bound_names(tree.body) | syntax.global_names(tree)
    if any(name == "*" for _, name, _ in syntax.imports(tree, step.package)):
        return []
    old = previous.code_of(step.entry)
    before: Optional[Set[str]] = None
    if old is not None:
        before = set(old.co_names)
    found = []
    for name, value in raw.items(space):
        if type(name) is not str or name in bound or _is_machinery(name):
            continue
        if before is not None and name not in before:
            continue
        if raw.is_module(value) and sys.modules.get("%s.%s" % (step.name, name)) is value:
            continue  # the import system bound a submodule
        found.append(name)
    return found


def _is_machinery(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in ("__getattr__", "__dir__")


def _refusal(entry: Entry, patch: bool) -> Optional[shapes.Refusal]:
    name, status = entry.name, entry.status
    text = _NEVER.get(status)
    if status == "no spec" and patch and name == "__main__" and entry.source_file:
        text = None  # patching needs no spec: its loader and its file are known
    code = status.replace(" ", "-")
    if text is None and patch:
        text = _NOT_PATCHED.get(status)
        if name in hazards.INTERPRETER:
            code, text = "interpreter", hazards.INTERPRETER[name]
        elif entry.from_agent:
            code, text = "agent", "it is part of modtui's own agent"
    if text is None and not patch and name == "__main__":
        said = entries.spec_field(entry.spec, "name")
        if said != name:
            code = "main"
            text = "it was started as %s, and importlib.reload cannot reload it as __main__" % said
    return None if text is None else {"name": name, "code": code, "text": text}


def _in_order(steps: List[Step]) -> List[Step]:
    """What is imported comes before what imports it; in a cycle, in the order of selection, after
    all that any module of the cycle imports from outside of it."""
    by_name = {step.name: step for step in steps}
    needs = {step.name: _needs(step, by_name) for step in steps}
    reached = {name: _reached(name, needs) for name in needs}
    ordered: List[Step] = []
    begun: Set[str] = set()

    def visit(name: str) -> None:
        if name in begun:
            return
        begun.add(name)
        for needed in reached[name]:
            if name not in reached[needed]:
                visit(needed)
        for needed in needs[name]:
            visit(needed)
        ordered.append(by_name[name])

    for step in steps:
        visit(step.name)
    return ordered


def _reached(name: str, needs: Dict[str, List[str]]) -> Dict[str, None]:
    """All that a module imports, however indirectly, in the order in which that is met."""
    found: Dict[str, None] = {}
    queue = needs[name][::-1]
    while queue:
        one = queue.pop()
        if one not in found:
            found[one] = None
            queue.extend(reversed(needs[one]))
    return found


def _needs(step: Step, steps: Dict[str, Step]) -> List[str]:
    """Which others of the plan it imports: by its new text, else by what it holds now."""
    found: List[str] = []

    def need(name: str) -> None:
        if name in steps and name != step.name and name not in found:
            found.append(name)

    if step.tree is not None:
        for module, name, _ in syntax.imports(step.tree, step.package):
            need(module)
            if name is not None:
                need("%s.%s" % (module, name))
        return found
    modules = {id(one.entry.value): one.name for one in steps.values()}
    for _, value in raw.items(step.entry.namespace or {}):
        need(modules.get(id(value), ""))
        if type(value) is raw.FunctionType:
            need(raw.exact_str(value.__module__) or "")
        elif raw.is_class(value):
            need(raw.class_module(value) or "")
    return found
