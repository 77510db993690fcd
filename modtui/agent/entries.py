"""What one entry of sys.modules is: status, file, loader, place. Read raw, nothing is touched."""

from __future__ import annotations

import sys

from . import identity, raw
from .system import SEPARATORS, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from . import shapes

ModuleSpec = type(raw.module_dict(sys)["__spec__"])  # type: ignore[index]
_spec_attribute = object.__getattribute__

# What the classes of the interpreter's own loaders are called, anywhere in a loader's MRO; most
# specific first.
LOADER_STATUS = (
    ("BuiltinImporter", "built-in"),
    ("FrozenImporter", "frozen"),
    ("zipimporter", "zip"),
    ("ExtensionFileLoader", "extension"),
    ("SourcelessFileLoader", "bytecode"),
    ("_NamespaceLoader", "namespace"),
    ("NamespaceLoader", "namespace"),
    ("SourceFileLoader", "source"),
    ("SourceLoader", "source"),
)
SOURCE_ENDINGS = (".py", ".pyw")
BYTECODE_ENDINGS = (".pyc", ".pyo")
EXTENSION_ENDINGS = (".so", ".pyd", ".dylib", ".dll")


class Entry:
    """One entry, as found. It holds the module: let go of it when done."""

    __slots__ = (
        "cached",
        "file",
        "from_agent",
        "is_package",
        "key",
        "loader",
        "loader_object",
        "loader_status",
        "name",
        "namespace",
        "origin",
        "package",
        "place",
        "spec",
        "status",
        "value",
    )

    name: str  # unique, see raw.entries
    key: Any
    value: Any
    namespace: Optional[Dict[Any, Any]]  # the module's dict; None when it is not a module object
    spec: Any  # None when there is none
    status: shapes.Status
    file: Optional[str]
    origin: Optional[str]
    loader: Optional[str]
    loader_object: Any
    loader_status: Optional[str]  # of what such loaders load; None when the file has to tell
    package: Optional[str]
    cached: Optional[str]
    is_package: bool
    from_agent: bool
    place: shapes.Place

    @property
    def source_file(self) -> Optional[str]:
        """The path of the source that this entry should have been made from; None without one.

        A frozen module has a `__file__` too, but was not made from it.
        """
        if self.status in ("built-in", "frozen", "extension", "namespace", "blocked", "lazy"):
            return None
        if self.file is not None and self.file.endswith(SOURCE_ENDINGS):
            return self.file
        if self.status == "source":
            return self.file or self.origin
        if self.status == "no spec" and self.file is not None:
            return None if self.file.endswith(EXTENSION_ENDINGS + BYTECODE_ENDINGS) else self.file
        return None


class Surroundings:
    """What all entries of one look have in common."""

    def __init__(self) -> None:
        self.agent = identity.AgentNames()
        self.stdlib = _stdlib_directory()
        # (its name, the status of what it loads) by the id of a loader's class
        self._loaders: Dict[int, Tuple[str, Optional[str]]] = {}
        self._places: Dict[str, shapes.Place] = {}

    def loader(self, loader: object) -> Tuple[str, Optional[str]]:
        """(name of a loader's class, status of what it loads); a class may itself be a loader."""
        kind = type(loader)
        known = self._loaders.get(id(kind))
        if known is None:
            if raw.is_class(loader):
                return _loader(loader)
            known = self._loaders[id(kind)] = _loader(kind)
        return known

    def place_of(self, path: str) -> shapes.Place:
        """Whose code a file is, from where it lies."""
        directory = split(path)[0]
        known = self._places.get(directory)
        if known is None:
            known = self._places[directory] = self._place_of_directory(directory)
        return known

    def _place_of_directory(self, directory: str) -> shapes.Place:
        parts = directory.replace("\\", "/") if SEPARATORS != "/" else directory
        if "/site-packages" in parts or "/dist-packages" in parts:
            return "site-packages"
        stdlib = self.stdlib
        if stdlib and (directory == stdlib or directory.startswith(stdlib + SEPARATORS[-1])):
            return "stdlib"
        return "project"


def _loader(kind: Any) -> Tuple[str, Optional[str]]:
    names = {raw.class_name(cls) for cls in raw.mro(kind)}
    status = next((status for name, status in LOADER_STATUS if name in names), None)
    return raw.class_name(kind), status


def _stdlib_directory() -> str:
    known = raw.exact_str(raw.get(raw.module_dict(sys), "_stdlib_dir"))  # 3.11+
    if known:
        return known
    # `encodings` is a package of the standard library that every start-up imports.
    file = raw.exact_str(raw.get(raw.namespace("encodings"), "__file__"))
    return split(split(file)[0])[0] if file else ""


def look() -> Iterator[Entry]:
    """Every entry of sys.modules, described."""
    around = Surroundings()
    for name, key, value in raw.entries():
        yield describe(name, key, value, around)


def look_at(name: str) -> Entry:
    """One entry, described. Raises UnknownModule."""
    key, value = raw.entry(name)
    return describe(name, key, value, Surroundings())


def look_at_all(names: List[str]) -> List[Entry]:
    """Those of these entries that there are, described."""
    around = Surroundings()
    found = raw.entries_of(frozenset(names))
    return [describe(name, key, value, around) for name, key, value in found]


def describe(name: str, key: object, value: object, around: Surroundings) -> Entry:
    """All that can be read of an entry without touching it."""
    entry = Entry()
    entry.name, entry.key, entry.value = name, key, value
    entry.from_agent = name in around.agent
    entry.namespace = namespace = raw.module_dict(value)
    entry.spec = entry.loader_object = None
    entry.file = entry.origin = entry.loader = entry.loader_status = entry.package = (
        entry.cached
    ) = None
    entry.is_package = False
    if namespace is not None:
        _read_namespace(entry, namespace, around)
    elif value is not None:
        _read_object(entry, value)
    entry.status = _status(entry)
    entry.place = _place(entry, around)
    return entry


def _read_namespace(entry: Entry, namespace: Dict[Any, Any], around: Surroundings) -> None:
    get = namespace.get
    file, package = get("__file__"), get("__package__")
    entry.file = file if type(file) is str else raw.text(file)
    entry.package = package if type(package) is str else None
    entry.is_package = "__path__" in namespace
    loader = get("__loader__")
    spec = get("__spec__")
    cached = get("__cached__")  # gone in 3.15, and kept out of step by some loaders
    if spec is not None:
        entry.spec = spec
        origin = spec_field(spec, "origin")
        entry.origin = origin if type(origin) is str else raw.text(origin)
        found = spec_field(spec, "loader")
        loader = loader if found is None else found
        if type(cached) is not str:
            cached = spec_field(spec, "_cached")
        if entry.package is None:
            parent = spec_field(spec, "name")
            if type(parent) is str:
                entry.package = parent if entry.is_package else parent.rpartition(".")[0]
    entry.cached = cached if type(cached) is str else None
    if loader is not None:
        entry.loader_object = loader
        entry.loader, entry.loader_status = around.loader(loader)


def _read_object(entry: Entry, value: object) -> None:
    # A class or an instance in the place of a module: what it has stored itself, if anything.
    namespace = raw.class_dict(value) if raw.is_class(value) else raw.instance_dict(value)
    entry.file = raw.exact_str(raw.get(namespace, "__file__"))
    entry.package = raw.exact_str(raw.get(namespace, "__package__"))
    entry.is_package = namespace is not None and "__path__" in namespace


def spec_field(spec: object, name: str) -> Any:
    """A stored field of a module's spec, of whatever type that is; None without."""
    if type(spec) is ModuleSpec:
        try:
            return _spec_attribute(spec, name)  # a stored field, none of the properties
        except AttributeError:
            return None
    return raw.attribute(spec, name)


def _status(entry: Entry) -> shapes.Status:
    if entry.value is None:
        return "blocked"
    if entry.namespace is None and not raw.is_module(entry.value):
        return "object"
    if _is_lazy(entry.value):
        return "lazy"
    if entry.spec is None:
        return "no spec"
    if entry.loader_status is not None:
        return entry.loader_status  # type: ignore[return-value]
    return _status_by_file(entry)


def _status_by_file(entry: Entry) -> shapes.Status:
    path = entry.file or entry.origin
    if path is None or entry.origin == "namespace":
        return "namespace" if entry.is_package else "object" if path else "source"
    if path.endswith(BYTECODE_ENDINGS):
        return "bytecode"
    if path.endswith(EXTENSION_ENDINGS):
        return "extension"
    return "built-in" if path == "built-in" else "frozen" if path == "frozen" else "source"


def _is_lazy(value: object) -> bool:
    kind = type(value)
    if kind is raw.ModuleType:
        return False
    return any(raw.class_name(cls) == "_LazyModule" for cls in raw.mro(kind))


def _place(entry: Entry, around: Surroundings) -> shapes.Place:
    if entry.from_agent:
        return "agent"
    if entry.status == "built-in":
        return "stdlib"
    path = entry.file
    if path is None and entry.status == "frozen":
        return "stdlib"
    if path is None and entry.status == "namespace":
        path = _first_portion(entry)
    if path is None:  # made by hand, as `six.moves` is: it belongs to whoever made it
        path = _file_above(entry.name)
    return "none" if path is None else around.place_of(path)


def _file_above(name: str) -> Optional[str]:
    """The file of the top-level package of a dotted name."""
    top, dot, _ = name.partition(".")
    return raw.exact_str(raw.get(raw.namespace(top), "__file__")) if dot else None


def _first_portion(entry: Entry) -> Optional[str]:
    locations = raw.get(entry.namespace, "__path__")
    if type(locations) is not list:
        locations = raw.attribute(locations, "_path")  # importlib's _NamespacePath
    portions = raw.exact_strs(locations)
    return portions[0] + "/" if portions else None
