"""All about one module, read without touching it."""

from __future__ import annotations

from . import (
    capture,
    census,
    codes,
    compiling,
    entries,
    evidence,
    freshness,
    raw,
    summaries,
)
from .ledger import ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from . import shapes
    from .entries import Entry

_SPEC_FIELDS = ("name", "origin", "loader_state", "_set_fileattr", "_initializing")


def show(name: str) -> shapes.Detail:
    """All about one module. Raises UnknownModule."""
    _, found = ledger.update()
    entry = entries.look_at(name)
    judge = freshness.Judge()
    record = census.record(entry, judge)
    record["freshness"] = judge.full(entry)
    by_id = _names_by_id(found)
    return {
        "record": record,
        "spec": _spec(entry),
        "doc": raw.text(raw.get(entry.namespace, "__doc__")),
        "parent": name.rpartition(".")[0] or None,
        "submodules": _submodules(name, found),
        "imports": _imports(entry, by_id),
        "importers": _importers(entry, found),
        "names": _names(entry),
        "evidence": evidence.sentences(entry, judge),
        "aliases": [other for other in by_id.get(id(entry.value), []) if other != name],
    }


def _names_by_id(found: raw.Entries) -> Dict[int, List[str]]:
    by_id: Dict[int, List[str]] = {}
    for name, _, value in found:
        if value is not None:
            by_id.setdefault(id(value), []).append(name)
    return by_id


def _submodules(name: str, found: raw.Entries) -> List[str]:
    prefix = name + "."
    return sorted(
        other
        for other, _, _ in found
        if other.startswith(prefix) and "." not in other[len(prefix) :]
    )


def _spec(entry: Entry) -> Optional[Dict[str, Optional[str]]]:
    if entry.spec is None:
        return None
    fields = {name: entries.spec_field(entry.spec, name) for name in _SPEC_FIELDS}
    said = {name.lstrip("_"): _said(value) for name, value in fields.items()}
    said["loader"] = entry.loader
    said["cached"] = entry.cached
    said["parent"] = entry.package
    locations = entries.spec_field(entry.spec, "submodule_search_locations")
    if type(locations) is not list and locations is not None:
        locations = raw.attribute(locations, "_path")
    said["submodule_search_locations"] = (
        None if locations is None else ", ".join(raw.exact_strs(locations))
    )
    said["type"] = raw.type_name(entry.spec)
    return said


def _said(value: object) -> Optional[str]:
    if value is None:
        return None
    return value if type(value) is str else summaries.summary(value)


def _names(entry: Entry) -> List[shapes.NameInfo]:
    if entry.namespace is None:
        return []
    infos = [summaries.name_info(key, value) for key, value in raw.items(entry.namespace)]
    code = _code_of_last_reload(entry)
    if code is not None:
        _mark_kept(entry, code, infos)
    return infos


def _code_of_last_reload(entry: Entry) -> Any:
    known = capture.of(entry.name, entry.value)
    data = known.data if known is not None and known.detail == capture.BY_RELOAD else None
    if data is None or len(data) > compiling.MAX_SIZE:
        return None
    try:
        return compiling.compiled(data)
    except compiling.ERRORS:
        return None


def _mark_kept(entry: Entry, code: Any, infos: List[shapes.NameInfo]) -> None:
    """Mark the names that the text executed last does not even mention."""
    mentioned = frozenset(code.co_names)
    for info in infos:
        name = info["name"]
        if name not in mentioned and not (name.startswith("__") and name.endswith("__")):
            submodule = raw.module("%s.%s" % (entry.name, name)) is not None
            info["kept"] = not submodule and not _is_global_of(code, name)


def _is_global_of(code: Any, name: str) -> bool:
    """Whether a function in the code mentions the name, which may be how it came to be."""
    return any(name in inner.co_names or _is_global_of(inner, name) for inner in codes.nested(code))


class _Definitions:
    """Where classes and functions were defined; it remembers which types are metaclasses."""

    def __init__(self) -> None:
        self._metaclasses: Dict[int, bool] = {}

    def module_of(self, value: object) -> Optional[str]:
        """The `__module__` of a class or a function, read raw; None of anything else."""
        kind = type(value)
        if kind is raw.FunctionType:
            return raw.exact_str(raw.function_slot(value, "__module__"))
        makes_classes = self._metaclasses.get(id(kind))
        if makes_classes is None:
            makes_classes = any(cls is type for cls in raw.mro(kind))
            self._metaclasses[id(kind)] = makes_classes
        return raw.class_module(value) if makes_classes else None


def _imports(entry: Entry, by_id: Dict[int, List[str]]) -> List[str]:
    if entry.namespace is None:
        return []
    known = {name for names in by_id.values() for name in names}
    own = raw.exact_str(entry.namespace.get("__name__"))
    found: Set[str] = set()
    definitions = _Definitions()
    for _, value in raw.items(entry.namespace):
        if raw.is_module(value):
            found.update(by_id.get(id(value), ())[:1])
            continue
        module = definitions.module_of(value)
        if module is not None and module in known:
            found.add(module)
    return sorted(found - {entry.name, own})


def _importers(entry: Entry, found: raw.Entries) -> List[shapes.Importer]:
    """Who holds the module, or objects that were defined in it, in a live namespace."""
    if entry.value is None:
        return []
    own = raw.exact_str(raw.get(entry.namespace, "__name__")) or entry.name
    importers: List[shapes.Importer] = []
    definitions = _Definitions()
    seen = {id(entry.namespace)}
    for name, _, value in found:
        namespace = raw.module_dict(value)
        if namespace is None or id(namespace) in seen:
            continue
        seen.add(id(namespace))
        whole, names = _held(entry.value, own, namespace, definitions)
        if whole or names:
            importers.append({"module": name, "whole": whole, "names": names})
    importers.sort(key=lambda importer: importer["module"])
    return importers


def _held(
    module: Any, own: str, namespace: Dict[Any, Any], definitions: _Definitions
) -> Tuple[List[str], List[str]]:
    whole, names = [], []
    for key, value in raw.items(namespace):
        if type(key) is not str:
            continue
        if value is module:
            whole.append(key)
        elif definitions.module_of(value) == own:
            names.append(key)
    return whole, names
