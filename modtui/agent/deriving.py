"""Modules that were not edited, but imported or computed with a value that is another one now."""

from __future__ import annotations

from . import codes, entries, hazards, loading, previous, raw, syntax
from .errors import UnknownModule
from .planning import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set

    from .foreign import Foreign


MOST_VISITS = 4  # of one module: in a cycle of imports each may change what the other computed


def steps(foreign: Foreign, visited: Dict[str, int]) -> Iterator[Step]:
    """The modules to be looked at, one after the other; both arguments may grow in between.

    Only modules of the program's own that import, by their text, one of which names have changed
    since they were visited (`visited`: the serial number of the last change that each has seen).
    """
    known: Dict[str, Any] = {}
    times: Dict[str, int] = {}
    while len(foreign):
        name = _next(foreign, visited, known, times)
        if name is None:
            return
        times[name] = times.get(name, 0) + 1
        try:
            step = Step(entries.look_at(name), "imports what has changed")
        except UnknownModule:
            continue  # another thread has taken it out of sys.modules
        step.read(parse=True)
        if hazards.being_imported(step.entry.namespace):
            foreign.unfinished.add(name)
            continue  # what its text binds next is its own thread's business
        foreign.unfinished.discard(name)
        yield step


def _next(
    foreign: Foreign, visited: Dict[str, int], known: Dict[str, Any], times: Dict[str, int]
) -> Optional[str]:
    """The name of a module that depends on a changed one, and on no other one that does."""
    found = []
    for name, imported in _imports(known, foreign.sources(0)).items():
        news = foreign.sources(visited.get(name, 0)) - {name}
        if imported & news and times.get(name, 0) < MOST_VISITS:
            found.append((name, imported))
    for name in sorted(foreign.homes(visited) - {name for name, _ in found}):
        imported = _imports_of(name, known)
        if imported and times.get(name, 0) < MOST_VISITS:
            found.append((name, imported))
    waiting = {name for name, _ in found}
    for name, imported in found:
        if not imported & (waiting - {name}):
            return name
    return found[0][0] if found else None


def _imports_of(name: str, known: Dict[str, Any]) -> Set[str]:
    """What a module of the program imports, if its text is there and is the one that runs."""
    try:
        entry = entries.look_at(name)
    except UnknownModule:
        return set()
    if entry.place != "project" or entry.status != "source":
        return set()
    if name not in known:
        known[name] = _Text(entry)
    return known[name].imports(None)  # type: ignore[no-any-return]


def _imports(known: Dict[str, Any], sources: Set[str]) -> Dict[str, Set[str]]:
    """Which modules each candidate's text imports from."""
    result: Dict[str, Set[str]] = {}
    last_names = {source.rpartition(".")[2].encode() for source in sources}
    for entry in entries.look():
        if entry.place != "project" or entry.status != "source":
            continue
        if entry.name not in known:
            known[entry.name] = _Text(entry)
        text = known[entry.name]
        if any(name in text.data for name in last_names):
            imported = text.imports(sources)
            if imported:
                result[entry.name] = imported
    return result


class _Text:
    """The text of a module that may import what has changed; looked at no closer than needed."""

    def __init__(self, entry: entries.Entry) -> None:
        self._entry = entry
        self._path = entry.source_file or "<string>"
        self.data = b""
        self._imported: Optional[Set[str]] = None
        self._is_loaded: Optional[bool] = None
        loader = entry.loader_object
        if loader is not None and loading.reads_source(loader) and entry.name != "__main__":
            try:
                self.data = loading.read(loader, entry.name)[1]
            except (OSError, ImportError):
                return  # it is gone, and nobody can tell what it imported

    def imports(self, sources: Optional[Set[str]]) -> Set[str]:
        """What it imports, if any of these modules is among that and the text is the loaded one."""
        if self._imported is None:
            self._imported = self._found()
        if sources is not None and self._imported.isdisjoint(sources):
            return set()
        if self._is_loaded is None:
            self._is_loaded = _is_loaded_text(self._entry, self.data, self._path)
        return self._imported if self._is_loaded else set()

    def _found(self) -> Set[str]:
        tree = syntax.facts(self.data, self._path)["tree"]
        found: Set[str] = set()
        for module, name, _ in syntax.imports(tree, self._entry.package or "") if tree else ():
            found.add(module)
            if name is not None:
                found.add("%s.%s" % (module, name))
        return found


def _is_loaded_text(entry: entries.Entry, data: bytes, path: str) -> bool:
    """Whether the text is the one that runs; an edited one is for the user to select."""
    try:
        new = compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    old = previous.code_of(entry)
    return _functions_agree(entry, new) if old is None else codes.same(old, new)


def _functions_agree(entry: entries.Entry, code: Any) -> bool:
    tree = codes.Tree(code)
    space = entry.namespace or {}
    live: List[Any] = [
        value.__code__
        for _, value in raw.items(space)
        if type(value) is raw.FunctionType and value.__globals__ is space
    ]
    return all(tree.find(code) in ("exact", "moved") for code in live)
