"""The patch of one module: select, execute beside, pair, and bring the old objects up to date."""

from __future__ import annotations

import gc
import sys

from . import (
    bytecode,
    classes,
    codes,
    functions,
    heap,
    heirs,
    holders,
    hooks,
    inferring,
    lacking,
    loading,
    makers,
    previous,
    raw,
    registrations,
    staging,
    syntax,
    weakly,
)
from .batch import MISSING, Batch
from .namespace import Namespace
from .pairing import Pairing
from .references import Replacing
from .selecting import Selection
from .statements import CHANGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple

    from . import shapes
    from .foreign import Foreign
    from .planning import Step


class ModulePatch:
    """One module. `derived`: its text is the same, only what it imports has changed.

    `users` is how many references to its namespace may be those of functions.
    """

    def __init__(
        self,
        step: Step,
        foreign: Foreign,
        private: Callable[[], Set[int]],
        users: int,
        derived: bool = False,
    ) -> None:
        self._step, self._foreign, self._private_ids = step, foreign, private
        self._users = users
        self._derived = derived
        self.name = step.name
        self._module = step.entry.value
        self.live: Dict[Any, Any] = heap.home_of(self._module, step.entry.namespace)
        self.counts: Dict[str, int] = {}
        self.could_not: List[Dict[str, str]] = []
        self.changed: Dict[str, Any] = {}  # names that are bound to other objects -> before
        self.known_as = self.name
        self.touched: Set[str] = set()  # names that were bound anew or whose code changed
        self.removed: Set[str] = set()
        self._owners: Set[str] = set()  # classes with a method whose code changed
        self.replaced = False
        self.made_classes = False
        self._old_classes: List[Any] = []
        # Those that run in the live namespace; a tuple, which nobody takes for a registry.
        self._functions: Optional[Tuple[Any, ...]] = None
        self._lacking: lacking.Added = []
        self._unproved: List[Dict[str, str]] = []
        self.same: makers.Same = []  # what stayed the same object, but gives something else
        self.heirs: List[heirs.Heir] = []  # classes elsewhere that are to be made anew

    def run(self, batches: List[Batch]) -> None:
        """Do it; the batch that was committed is appended. Raises what the module raises."""
        if self._step.error is not None:
            raise self._step.error
        loader, data = self._loader()
        if loader is None or not loading.gives_code(loader):
            self._reload_plainly()
            return
        code = self._code(loader, data)
        tree = self._tree(loader, data)
        if code is None or tree is None:
            self._execute_whole(batches, code)
        else:
            self._patch(batches, tree, code)
        if not self._derived:
            self._remember(data, code)

    # The text

    def _loader(self) -> Tuple[Any, Any]:
        step = self._step
        if self._derived or self.name == "__main__":
            return step.loader, step.data
        spec = loading.find_spec(loading.name_of(self._module), self._module)
        if spec is None:
            raise ModuleNotFoundError(
                "spec not found for the module %r" % (self.name,), name=self.name
            )
        return spec.loader, step.data

    def _code(self, loader: Any, data: Any) -> Any:
        name = self.name if self.name != "__main__" else getattr(loader, "name", self.name)
        if self._step.code is not None:
            return self._step.code
        if data is not None:
            return loading.source_code(loader, name, data)
        return loader.get_code(name)

    def _tree(self, loader: Any, data: Any) -> Any:
        if data is not None:
            return self._step.tree or syntax.parse(data, self._step.path or "<string>")
        if raw.type_name(loader) == "zipimporter":
            source = loader.get_source(self.name)
            return None if source is None else syntax.parse(source, self._path(loader))
        return None  # its loader changes the text; only the code that it gives is right

    def _path(self, loader: Any) -> str:
        return self._step.path or raw.exact_str(self.live.get("__file__")) or self.name

    def _remember(self, data: Any, code: Any) -> None:
        if data is not None:
            previous.executed(self.name, data, code)
        cache = raw.get(raw.module_dict(sys.modules.get("linecache")), "cache")
        if type(cache) is dict:
            cache.pop(self._step.path or self.live.get("__file__"), None)

    def _reload_plainly(self) -> None:
        loading.reload_module(self._module)
        self.could_not.append(
            {
                "what": self.name,
                "why": "its loader executes it in a way of its own: it was reloaded, not patched",
            }
        )

    # The patch

    def _patch(self, batches: List[Batch], tree: Any, code: Any) -> None:
        old = code if self._derived else previous.code_of(self._step.entry)
        selection = Selection(tree, self._step.package, self.live, self._foreign)
        inference = None
        paths = bytecode.Paths(code)
        old_paths = None if old is None else paths if old is code else bytecode.Paths(old)
        if self._derived:
            selection.nothing_changed()
        elif old_paths is not None:
            selection.compare(old_paths, paths)
            selection.check_reachable(self._live_functions(), old_paths, paths)
        else:
            inference = inferring.Inference(selection, self.live, paths, self._live_functions())
            inference.run()
        selection.select(self._foreign, self.name == "__main__")
        stage = staging.Staging(self.live)
        execution = staging.Execution(
            selection, stage, code.co_filename, code.co_flags, self._foreign
        )
        entry_before = sys.modules.get(self.name)
        self._live_functions()
        base = dict(self.live)
        registered = registrations.Registrations(selection, self.live)
        batches.append(registered.lift())
        batches[-1].commit()
        try:
            execution.run(lambda statement, error: heap.lift(self.live, statement, batches))
        except BaseException:
            execution.take_back()
            stage.retire()
            raise
        try:
            if inference is not None:
                self._unproved = inference.complaints(stage)
            self._commit(
                batches,
                selection,
                execution,
                stage,
                base,
                paths,
                old_paths,
                entry_before,
                registered,
            )
        finally:
            stage.retire()

    def _execute_whole(self, batches: List[Batch], code: Any) -> None:
        """Without a text to look at: execute everything, pair what it made."""
        if code is None:
            return  # a namespace package
        stage = staging.Staging(self.live)
        selection = Selection(syntax.module_of([]), self._step.package, self.live, self._foreign)
        execution = staging.Execution(selection, stage, code.co_filename, 0, self._foreign)
        entry_before = sys.modules.get(self.name)
        self._live_functions()
        base = dict(self.live)
        try:
            exec(code, stage)
            paths = bytecode.Paths(code)
            registered = registrations.Registrations(selection, self.live)
            self._commit(
                batches, selection, execution, stage, base, paths, None, entry_before, registered
            )
        finally:
            stage.retire()

    def _commit(
        self,
        batches: List[Batch],
        selection: Selection,
        execution: staging.Execution,
        stage: staging.Staging,
        base: Dict[Any, Any],
        paths: bytecode.Paths,
        old_paths: Any,
        entry_before: Any,
        registered: registrations.Registrations,
    ) -> None:
        young = gc.get_objects(generation=0)
        private = {id(stage), id(base), id(young), id(execution.__dict__)}
        private |= {id(execution.abandoned)} | set(map(id, execution.abandoned))
        if execution.abandoned:
            young = [one for one in young if id(one) not in private]
            private.add(id(young))
        step = Batch()
        replacing = Replacing(step, private)
        pairing = Pairing(step, replacing, self.live, stage, paths, old_paths)
        pairing.young = set(map(id, young))
        pairing.filled = execution.filled
        _tell_bodies(pairing, selection, execution.changed)
        replacing.know_classes(young)
        new_functions = functions.all_of(stage, young)
        if sys.getrefcount(stage) > len(new_functions) + len(execution.abandoned) + 12:
            found = functions.all_of(stage, gc.get_referrers(stage))
            new_functions = [one for one in found if id(one) not in private]
        old_functions = self._live_functions(young)
        pairing.forwarders = [one for one in old_functions if functions.forwards(one)]
        names = Namespace(pairing, selection, execution, base)
        names.pair()
        self._pair_entry(pairing, entry_before)
        pairing.pair_by_path(new_functions, old_functions)
        made = pairing.finish(new_functions)
        instances = heap.instances_of_twins(pairing, young)
        replacing.young = pairing.young
        self.made_classes = bool(execution.abandoned) or any(raw.is_class(one) for one in young)
        more_classes = heap.added_classes(pairing, young)
        replacing.added |= more_classes
        step.made_classes = bool(more_classes)
        for old, new in pairing.merged:
            # Annotations of 3.14 are evaluated in the class's own dict, through a cell.
            replacing.put(classes.own_dict(new), classes.own_dict(old))
        for first, second in execution.superseded:
            replacing.put(first, second)
        for before, after in pairing.successors():
            replacing.instead[id(after)] = before
        references = weakly.note(replacing)
        replacing.settle(young + made)
        mine = young + made + heap.unexplained(replacing, young, self._private_ids)
        mine += weakly.holders(references, replacing, young, self._private_ids)
        successors = heap.Succession(pairing, young, self._private_ids)
        patched = self._patch_codes(pairing, old_functions)
        pairing.make_steps()
        execution.overloads.make_steps(pairing)
        for _, new in pairing.merged:
            private |= {id(new), id(classes.own_dict(new))}
        registered.compare(pairing)
        replacing.apply(mine)
        successors.make_steps(step)
        for instance, cls in instances:
            step.class_of(instance, cls)
        names.make_steps(step)
        execution.undo_writing(step)
        self._lines_of_classes(step, pairing, paths)
        self.same = makers.classes_of(pairing)
        self.same += [(name, one, set()) for name, one in names.refilled()]
        self._lacking, self.heirs = lacking.added(pairing, old_functions), heirs.of(pairing)
        stale = heap.stale_caches(self.live, selection, patched | names.bound)
        pairing.cleared += [one for one in stale if id(one) not in set(map(id, pairing.cleared))]
        batches.append(heap.clear_on_undo(pairing.cleared))
        step.commit()
        batches.append(step)
        batches.insert(len(batches) - 1, registered.undoing())
        batches.append(registered.take_strays())
        for more in (batches[-3], batches[-1]):
            more.commit()
        if registered.count:
            pairing.count("registrations taken back", registered.count)
        classes.abstract_again([old for old, _ in pairing.merged], batches)
        self._finish(pairing, names, selection, patched, base)
        stage.retire()
        replacing.forget()
        self._old_classes = [old for old, _ in pairing.succeeded]

    def _live_functions(self, young: Iterable[Any] = ()) -> List[Any]:
        """The functions that run in the live namespace, whoever holds them.

        They are sought once; since then only `young` objects can have come.
        """
        if self._functions is None:
            gc.collect(0)  # so that no function can come between these and the young ones
            is_its = self.live is self._step.entry.namespace
            users = self._users if is_its else sys.maxsize
            found = functions.of_module(self.name, self.live, users)
            self._functions = tuple(found)
        known = set(map(id, self._functions))
        more = functions.all_of(self.live, young)
        return [*self._functions, *(one for one in more if id(one) not in known)]

    def _pair_entry(self, pairing: Pairing, before: Any) -> None:
        """A module that puts an object of its own into sys.modules."""
        after = sys.modules.get(self.name)
        if after is before:
            return
        if raw.class_qualname(type(after)) == raw.class_qualname(type(before)):
            kind = pairing.pair(type(before), type(after))
            if kind is type(before):
                ours, theirs = raw.instance_dict(before), raw.instance_dict(after)
                if ours is not None and theirs is not None:
                    pairing.keep(before, after)
                    for key, value in raw.items(theirs):
                        pairing.step.item(ours, key, before if value is after else value)
                    pairing.step.item(sys.modules, self.name, before)
                    return
        self.replaced = True

    def _patch_codes(self, pairing: Pairing, old_functions: List[Any]) -> Set[str]:
        """Give every live function the new code of its definition; returns the names of changed."""
        changed: Set[str] = set()
        for function in old_functions:
            if id(function) in pairing.claimed:
                changed.add(function.__name__)
                continue
            way = pairing.old_way(function)
            code = pairing.paths.by_path.get(way) if way is not None else None
            if code is None:
                continue
            if not functions.fits(function, code):
                if not codes.same(function.__code__, code):
                    pairing.failed(
                        function.__qualname__,
                        "its free variables are others now (%s): a closure that exists goes on"
                        " with the old code" % ", ".join(code.co_freevars or ("none",)),
                    )
                continue
            if functions.set_code(pairing.step, function, code):
                changed.add(function.__name__)
                self._owners.add(function.__qualname__.partition(".")[0])
                pairing.count("functions")
        return changed

    def _lines_of_classes(self, step: Batch, pairing: Pairing, paths: Any) -> None:
        """Classes know their line (3.13+), by which `inspect` finds their source."""
        for way, code in paths.by_path.items():
            if code.co_flags & bytecode.CO_OPTIMIZED or not paths.is_static(way):
                continue
            value: Any = self.live
            for name, _ in way:
                if name.startswith("<"):
                    continue
                space = value if type(value) is dict else raw.class_dict(value)
                value = (space or {}).get(name)
            known = (raw.class_dict(value) or {}).get("__firstlineno__")
            if type(known) is int and known != code.co_firstlineno:
                if raw.class_module(value) == self.live.get("__name__"):
                    step.class_attribute(value, "__firstlineno__", code.co_firstlineno, known)

    def _finish(
        self,
        pairing: Pairing,
        names: Namespace,
        selection: Selection,
        patched: Set[str],
        base: Dict[Any, Any],
    ) -> None:
        for old, new in pairing.merged:
            classes.move_registrations(old, new)
        for old, _ in pairing.merged:
            pairing.keep(old, old)
        owners = [self.live.get(name) for name in self._owners]  # a `__subclasshook__` among these
        classes.clear_abc_caches([old for old, _ in pairing.merged] + owners)
        for cache in pairing.cleared:
            heap.clear(cache)
        if pairing.cleared:
            pairing.count("caches cleared", len(pairing.cleared))
        module = self.live.get("__name__")
        name = module if type(module) is str else self.name
        self.known_as = name
        self.changed = {
            key: base.get(key, MISSING)
            for key in names.bound
            if base.get(key, MISSING) is not self.live.get(key, MISSING)
        }
        self.touched = names.bound | ((patched | self._owners) & set(self.live))
        self.removed = names.removed
        self.same += makers.owners(self.live, self._owners)
        self.same += makers.instances_of(self.live, self.same)
        self.same += makers.changed(self.live, self.touched | set(self.changed), self._foreign)
        self._unproved += makers.complaints(self.name, selection)
        self.counts, self.could_not = pairing.counts, pairing.could_not + self._unproved
        if names.removed:
            self.counts["names removed"] = len(names.removed)
        if not self._derived:
            upgraded = hooks.run(self.live, base, [old for old, _ in pairing.merged])
            if upgraded:
                self.counts["instances upgraded"] = upgraded
            self.could_not += lacking.complaints(self.live, self._lacking)
        self.could_not += heap.in_flight(patched, self.live, pairing.paths.by_path.values())

    def left_behind(self) -> shapes.LeftBehind:
        """Instances of classes that could not be merged and could not change class either."""
        left = holders.nothing()
        counts = holders.instance_counts(self._old_classes)
        for cls in self._old_classes:
            if counts.get(id(cls)):
                left["instances"].append(
                    {"class": raw.class_qualname(cls), "count": counts[id(cls)]}
                )
        self._old_classes = []
        return left


def _tell_bodies(pairing: Pairing, selection: Selection, changed: Set[str]) -> None:
    for statement in selection.all:
        if statement.is_class:
            known = selection.old_names is not None and bool(statement.body)
            body = selection.body_now(statement, changed)
            pairing.bodies[statement.node.name] = (body, statement.removed, known)
        if statement.status == CHANGED and not selection.inferred:
            pairing.assigned |= statement.sets
