"""The module's own names: what each is bound to after a patch, and which of them go."""

from __future__ import annotations

import sys

from . import batch, raw, staging, syntax
from .agreeing import same_data
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Set, Tuple

    from .batch import Batch
    from .pairing import Pairing
    from .selecting import Selection
    from .staging import Execution

_MACHINERY = frozenset(
    "__name__ __doc__ __package__ __loader__ __spec__ __file__ __cached__ __path__ __builtins__"
    " __annotations__ __annotate__ __conditional_annotations__ __warningregistry__".split()
)
_CONTAINERS = raw.ids(dict, list, set)
CO_FUTURE_ANNOTATIONS = 0x1000000


class Namespace:
    """What the executed statements bound, against what is there."""

    def __init__(
        self, pairing: Pairing, selection: Selection, execution: Execution, base: Dict[Any, Any]
    ) -> None:
        self._pairing, self._selection, self._execution = pairing, selection, execution
        self._base = base  # the live namespace as it was when executing began
        self.bound: Set[str] = set()
        self.removed: Set[str] = set()
        self._results: List[Tuple[str, Any]] = []
        self._refilled: List[Tuple[Any, Any]] = []

    def pair(self) -> None:
        """Pair every value that was bound with the one that it replaces."""
        stage, live = self._pairing.staging, self._pairing.live
        foreign = self._foreign_ids()
        for name, value in list(dict.items(stage)):
            if name in _MACHINERY or self._base.get(name, MISSING) is value:
                continue
            before = live.get(name, MISSING)
            if before is value:
                continue
            if type(name) is str:
                self.bound.add(name)
            self._results.append((name, self._paired(name, before, value, foreign)))
        self._pair_direct(foreign)
        self.removed = self._removed()

    def _pair_direct(self, foreign: Set[int]) -> None:
        """What was bound past the statements, through the module object (`enum._convert_`)."""
        live = self._pairing.live
        for name, value in list(live.items()):
            before = self._base.get(name, MISSING)
            if before is value or type(name) is not str or name in self.bound:
                continue
            if type(value) is raw.FunctionType or raw.is_class(value):
                if id(value) in self._pairing.young:
                    self.bound.add(name)
                    self._results.append((name, self._paired(name, before, value, foreign)))

    def _paired(self, name: str, before: Any, value: Any, foreign: Set[int]) -> Any:
        pairing = self._pairing
        if name not in self._execution.plain:
            return pairing.pair(before, value)
        kind = type(value)
        if kind is raw.FunctionType or raw.is_class(value) or type(before) is raw.FunctionType:
            return pairing.pair(before, value)
        if raw.class_name(kind) in ("_lru_cache_wrapper", "partial"):
            return pairing.pair(before, value)
        if id(kind) in _CONTAINERS and type(before) is kind:
            pairing.pair(before, value)
            if name in self._execution.displays and id(before) not in foreign:
                self._refilled.append((before, value))
                return pairing.keep(before, value)
        if kind is tuple and type(before) is tuple:
            pairing.pair(before, value)
        return value

    def _foreign_ids(self) -> Set[int]:
        """The ids of values of modules that this one holds: not this module's to refill."""
        found: Set[int] = set()
        if self._execution.displays:
            for value in self._base.values():
                space = raw.module_dict(value)
                if space is not None and space is not self._pairing.live:
                    found.update(id(one) for one in space.values())
            for statement in self._selection.all:
                for node in syntax.walk(statement.node) if statement.is_import else ():
                    if syntax.kind(node) == "ImportFrom":
                        package = self._selection.package
                        source = syntax.absolute(node.module, node.level or 0, package)
                        space = raw.module_dict(sys.modules.get(source)) or {}
                        found.update(id(one) for one in space.values())
        return found

    def _removed(self) -> Set[str]:
        """The names that the old text bound and the new one does not."""
        pairing, tree = self._pairing, self._selection.tree
        live, stage = pairing.live, pairing.staging
        gone = {name for name in stage.deleted if name in live}
        if not tree.body:
            return gone
        keep = syntax.bound_names(tree.body) | _MACHINERY
        module = live.get("__name__")
        old = self._selection.old_names
        starred = any(
            syntax.kind(node) == "ImportFrom" and _is_star(node)
            for statement in self._selection.all
            if not (statement.is_def or statement.is_class)
            for node in syntax.walk_scope(statement.node)
        )
        for name, value in list(live.items()):
            if type(name) is not str or name in keep or name in self.bound:
                continue
            if old is not None:
                if name not in old:
                    continue
            elif not pairing.is_old(value) and not _is_class_of(value, module):
                continue
            if raw.is_module(value) and sys.modules.get("%s.%s" % (module, name)) is value:
                continue  # the import system bound a submodule
            if starred and not pairing.is_old(value):
                continue
            gone.add(name)
        # A function that says `global` may have bound it; looking for that is dear.
        return gone - syntax.global_names(tree) if gone else gone

    def refilled(self) -> List[Tuple[str, Any]]:
        """(name, container) of what stays the same object with really other content."""
        other = [before for before, value in self._refilled if not same_data(before, value)]
        live = self._pairing.live
        return [(name, one) for name in self.bound for one in other if live.get(name) is one]

    def make_steps(self, step: Batch) -> None:
        """Add the steps that bind, refill and delete."""
        live, resolve = self._pairing.live, self._pairing.resolve
        for before, value in self._refilled:
            if type(before) is list:
                step.elements(before, value)
            else:
                step.content(before, value)
        for name, result in self._results:
            value, before = resolve(result), self._base.get(name, MISSING)
            if live.get(name, MISSING) is not value:
                step.add(
                    batch.set_item(live, name, value), batch.set_item(live, name, before), before
                )
        for name in sorted(self.removed):
            step.item(live, name, MISSING)
        self._unset(step)
        tree = self._selection.tree
        if tree.body:
            step.item(live, "__doc__", staging.docstring(tree))
            self._annotations(step, tree)
        elif "__doc__" in self._pairing.staging:
            step.item(live, "__doc__", self._pairing.staging["__doc__"])

    def _unset(self, step: Batch) -> None:
        """Take away attributes of the module's functions and classes that only the old text set."""
        live = self._pairing.live
        for chain in sorted(self._selection.unset):
            name, _, attribute = chain.partition(".")
            value: Any = live.get(name)
            if self._pairing.is_old(value):
                step.item(value.__dict__, attribute, MISSING)
            elif _is_class_of(value, live.get("__name__")):
                made = raw.class_dict(dict.get(self._pairing.staging, name)) or {}
                before = (raw.class_dict(value) or {}).get(attribute, MISSING)
                if before is not MISSING and (made.get(attribute, before) is before):
                    step.class_attribute(value, attribute, MISSING, before)
            elif attribute in (raw.instance_dict(value) or {}) and not raw.is_module(value):
                why = "the statement that set it is gone, and what it was before nobody knows"
                self._pairing.failed(chain, why)

    def _annotations(self, step: Batch, tree: Any) -> None:
        live, stage = self._pairing.live, self._pairing.staging
        postponed = self._pairing.paths.top.co_flags & CO_FUTURE_ANNOTATIONS
        if sys.version_info >= (3, 14) and not postponed:
            self._annotate(step)
            return
        notes = dict.get(stage, "__annotations__")
        if type(notes) is not dict:
            return
        wanted = staging.annotated_names(tree)
        resolve = self._pairing.resolve
        after = {key: resolve(value) for key, value in notes.items() if key in wanted}
        before = live.get("__annotations__")
        if type(before) is dict:
            step.content(before, step.own(after))
        elif after:
            step.item(live, "__annotations__", after)

    def _annotate(self, step: Batch) -> None:
        """Since 3.14 annotations come from a function, which must be the whole text's."""
        pairing = self._pairing
        live = pairing.live
        found = [
            code
            for way, code in pairing.paths.by_path.items()
            if len(way) == 1 and code.co_name == "__annotate__" and _SEEN in code.co_names
        ]
        before: Any = live.get("__annotate__")
        if not found:
            if type(before) is raw.FunctionType:
                for name in ("__annotate__", "__annotations__", _SEEN):
                    step.item(live, name, MISSING)
            return
        if type(before) is raw.FunctionType and before.__code__ == found[0]:
            return
        step.item(live, "__annotate__", raw.FunctionType(found[0], live, "__annotate__"))
        # The compiler numbers the annotations; the function gives those that were come by.
        step.item(live, _SEEN, set(range(len(staging.annotated_names(self._selection.tree)) + 1)))
        step.item(live, "__annotations__", MISSING)


_SEEN = "__conditional_annotations__"


def _is_class_of(value: Any, module: Any) -> bool:
    return raw.is_class(value) and raw.class_module(value) == module


def _is_star(node: Any) -> bool:
    return any(alias.name == "*" for alias in node.names)
