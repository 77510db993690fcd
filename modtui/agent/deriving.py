"""Modules that were not edited, but imported or computed with a value that is another one now."""

from __future__ import annotations

import sys

from . import codes, entries, hazards, loading, previous, raw, syntax, traces
from .errors import UnknownModule
from .planning import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set

    from .foreign import Foreign


AT_ONCE = 32  # namespaces that are searched together: nearly all hold nothing of what has changed
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
    everything = foreign.sources(0) | set(foreign.said(0))
    for name, imported in _imports(known, everything, foreign).items():
        seen = visited.get(name, 0)
        news = foreign.sources(seen) - {name}
        if times.get(name, 0) >= MOST_VISITS:
            continue
        if imported & news or known[name].uses(
            imported | {name}, foreign.said(seen), foreign.same_ids()
        ):
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


def _imports(known: Dict[str, Any], sources: Set[str], foreign: Foreign) -> Dict[str, Set[str]]:
    """Which modules each candidate's text imports from."""
    result: Dict[str, Set[str]] = {}
    last_names = {source.rpartition(".")[2].encode() for source in foreign.sources(0)}
    said, same = foreign.said(0), foreign.same_ids()
    for entry in _candidates(foreign):
        if entry.name not in known:
            known[entry.name] = _Text(entry)
        text = known[entry.name]
        if any(name in text.data for name in last_names) or text.uses(set(said), said, same):
            imported = text.imports(sources)
            if imported:
                result[entry.name] = imported
    return result


def _candidates(foreign: Foreign) -> Iterator[entries.Entry]:
    """The program's own modules that may have imported what has changed, by what they hold."""
    around = entries.Surroundings()
    own, spaces = [], []
    for name, key, value in raw.entries():
        space = raw.module_dict(value)
        path = raw.exact_str(raw.get(space, "__file__"))
        if (path is not None and around.place_of(path) != "project") or name in around.agent:
            continue
        if space is not None and (path is not None or _own(name, key, value, around) is not None):
            own.append((name, key, value))
            spaces.append(space)
    found = traces.Traces(foreign)
    for start in range(0, len(own), AT_ONCE):
        some = spaces[start : start + AT_ONCE]
        for at in range(start, start + len(some)) if found.are_in(*some) else ():
            entry = _own(*own[at], around) if found.are_in(spaces[at]) else None
            if entry is not None:
                yield entry


def _own(name: str, key: Any, value: Any, around: entries.Surroundings) -> Optional[entries.Entry]:
    """The entry, if it is a module of the program's own, made from source."""
    entry = entries.describe(name, key, value, around)
    return entry if entry.place == "project" and entry.status == "source" else None


class _Text:
    """The text of a module that may import what has changed; looked at no closer than needed."""

    def __init__(self, entry: entries.Entry) -> None:
        self._entry: Optional[entries.Entry] = entry  # as long as it is not known if that is loaded
        self._name, self._package = entry.name, entry.package or ""
        self._path = entry.source_file or "<string>"
        self.data = b""
        self._imported: Optional[Set[str]] = None
        self._is_loaded = False
        self._said: Dict[str, bool] = {}
        loader = entry.loader_object
        if loader is not None and loading.reads_source(loader) and entry.name != "__main__":
            try:
                self.data = loading.read(loader, entry.name)[1]
            except (OSError, ImportError):
                return  # it is gone, and nobody can tell what it imported

    def imports(self, sources: Optional[Set[str]]) -> Set[str]:
        """What it imports, if any of these modules is among that and the text is the loaded one."""
        if self._imported is None:
            self._imported = self._found() | {self._name}
        if sources is not None and self._imported.isdisjoint(sources):
            return set()
        if self._entry is not None:
            self._is_loaded = _is_loaded_text(self._entry, self.data, self._path)
            self._entry = None
        return self._imported if self._is_loaded else set()

    def uses(self, imported: Set[str], said: Dict[str, Set[str]], same: Set[int]) -> bool:
        """Whether it contains, outside of its own functions, what one of these modules tells, or
        what it calls these objects itself (`same`: their ids)."""
        found = imported & set(said)
        for module in found:
            own = module == self._name  # its functions were called when it was patched
            if own or module.rpartition(".")[2].encode() in self.data:
                if any(self._says(text) for text in said[module] if not (own and _is_name(text))):
                    return True
        if found <= {self._name}:
            return False
        return any(self._says(text) for text in self._aliases(same))

    def _aliases(self, same: Set[int]) -> Iterator[str]:
        for name, value in raw.items(raw.module_dict(sys.modules.get(self._name)) or {}):
            if type(name) is str:
                if id(type(value)) in same or (raw.is_class(value) and id(value) in same):
                    yield name + "."
                elif id(value) in same:
                    yield name

    def _says(self, text: str) -> bool:
        if text not in self._said:
            self._said[text] = _is_at_top(self.data, text.encode())
        return self._said[text]

    def _found(self) -> Set[str]:
        tree = syntax.facts(self.data, self._path)["tree"]
        found: Set[str] = set()
        for module, name, _ in syntax.imports(tree, self._package) if tree else ():
            found.add(module)
            if name is not None:
                found.add("%s.%s" % (module, name))
        return found


def _is_name(text: str) -> bool:
    return text.isidentifier()


def _is_at_top(data: bytes, name: bytes) -> bool:
    """Whether a name stands anywhere but in the bodies of functions, by the indentation alone."""
    at = data.find(name)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        if not _in_function(data, start, at):
            return True
        at = data.find(name, at + len(name))
    return False


def _in_function(data: bytes, start: int, end: int) -> bool:
    line = data[start:end]
    indented = len(line) - len(line.lstrip())
    if line.lstrip().startswith((b"import ", b"from ", b"#")):
        return True  # no call either
    while indented and start:
        end, start = start - 1, data.rfind(b"\n", 0, start - 1) + 1
        line = data[start:end]
        text = line.lstrip()
        if text and len(line) - len(text) < indented:
            indented = len(line) - len(text)
            if text.startswith((b"def ", b"async def ")):
                return True
    return False


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
