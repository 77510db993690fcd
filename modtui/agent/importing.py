"""Who imported plain values of a module: numbers and texts are nobody's, only the import statement
in the importer's text tells where its name came from.
"""

from __future__ import annotations

from . import codes, entries, loading, syntax
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Imports = List[Tuple[str, Optional[str], str]]


class Texts:
    """The texts of the program's own modules, each read and parsed at most once."""

    def __init__(self) -> None:
        self._entries = [
            entry
            for entry in entries.look()
            if entry.place == "project" and entry.status == "source" and entry.name != "__main__"
        ]
        self._data: Dict[str, bytes] = {}
        self._imports: Dict[str, Imports] = {}

    def importers(self, spaces: Dict[str, Dict[Any, Any]]) -> Dict[str, str]:
        """The modules that hold a value by an import from one of these namespaces, and why so.

        A name counts only if it is bound to what the module has, or had when it was imported.
        """
        found: Dict[str, str] = {}
        wanted = [name.rpartition(".")[2].encode("utf-8", "surrogatepass") for name in spaces]
        for entry in self._entries:
            data = self._text(entry)
            if entry.name in spaces or not any(name in data for name in wanted):
                continue
            for module, name, bound in self._of(entry, data):
                if _holds(entry.namespace or {}, bound, spaces.get(module, {}), name):
                    found.setdefault(entry.name, "imports %s from %s" % (name, module))
        return found

    def _text(self, entry: entries.Entry) -> bytes:
        if entry.name not in self._data:
            self._data[entry.name] = b""
            loader = entry.loader_object
            if loader is not None and loading.reads_source(loader):
                try:
                    self._data[entry.name] = loading.read(loader, entry.name)[1]
                except (OSError, ValueError, ImportError):
                    pass  # its file is gone: what it holds is all that is known
        return self._data[entry.name]

    def _of(self, entry: entries.Entry, data: bytes) -> Imports:
        if entry.name not in self._imports:
            tree = syntax.facts(data, entry.source_file or "<string>")["tree"]
            found = syntax.imports(tree, entry.package or "") if tree is not None else []
            self._imports[entry.name] = found
        return self._imports[entry.name]


def _holds(here: Dict[Any, Any], bound: str, there: Dict[Any, Any], name: Optional[str]) -> bool:
    if name == "*":
        public = [one for one in there if type(one) is str and one[:1] != "_"]
        return any(_holds(here, one, there, one) for one in public)
    value = there.get(name, MISSING)
    held = here.get(bound, MISSING)
    return value is not MISSING and (value is held or codes._same_value(value, held))
