"""The virtual subclasses of abstract classes: what a text registered that failed or is undone."""

from __future__ import annotations

import sys
from _functools import partial  # type: ignore[import-not-found]

from . import raw
from .batch import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Tuple


class Registries:
    """What was registered where, for the abstract classes that a text can get hold of."""

    def __init__(self) -> None:
        self._abc: Any = sys.modules.get("_abc")
        self._meta: Any = raw.get(raw.module_dict(sys.modules.get("abc")), "ABCMeta")
        self._known: List[Tuple[Any, List[Any]]] = []
        space = raw.module_dict(sys.modules.get("_collections_abc")) or {}
        self.note([one for one in list(space.values()) if raw.is_class(one)])

    def is_abstract(self, kind: Any) -> bool:
        """Whether classes of this metaclass have a registry."""
        if self._abc is None or self._meta is None:
            return False
        return kind is self._meta or raw.derives(kind, self._meta)

    def note(self, classes: List[Any]) -> None:
        """Remember what is registered on these."""
        for cls in classes:
            if self.is_abstract(type(cls)):
                self._known.append((cls, self._registered(cls)))

    def _registered(self, cls: Any) -> List[Any]:
        try:
            return list(self._abc._get_dump(cls)[0])  # weak references
        except (TypeError, AttributeError):
            return []  # its metaclass has made it in a way of its own

    def forget(self) -> None:
        """Nothing is to be put back."""
        self._known = []

    def restore(self) -> None:
        """Forget what was registered since."""
        self._without(self._added())

    def taking_back(self) -> Batch:
        """A batch, committed, that when it is undone forgets what was registered until now."""
        batch, added = Batch(), self._added()
        if added:
            batch.add(partial(bool), partial(self._without, added))
            batch.commit()
        return batch

    def _added(self) -> List[Tuple[Any, List[Any]]]:
        """The abstract classes and the weak references to what was registered on each since."""
        found = []
        for cls, references in self._known:
            ids = {id(reference()) for reference in references}
            more = [one for one in self._registered(cls) if id(one()) not in ids]
            if more:
                found.append((cls, more))
        return found

    def _without(self, added: List[Tuple[Any, List[Any]]]) -> None:
        for cls, references in added:
            gone = {id(reference()) for reference in references}
            now = [reference() for reference in self._registered(cls)]
            self._abc._reset_registry(cls)
            for one in now:
                if one is not None and id(one) not in gone:
                    self._abc._abc_register(cls, one)
            self._abc._reset_caches(cls)
