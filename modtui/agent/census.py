"""The census: every entry of sys.modules as a record."""

from __future__ import annotations

from . import entries, freshness, hazards, raw
from .ledger import ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List

    from . import shapes

# Up to so many seconds of a census go into reading the headers of pycs; what is left over is
# "likely" until freshness is asked for.
HEADER_SECONDS = 0.025


class Census:
    """What one inspector looks at. It keeps names only, never a module."""

    def __init__(self) -> None:
        self._names: List[str] = []
        self._generation = 0

    def page(self, offset: int = 0, limit: int = 0) -> shapes.Page:
        """A page of the records. Offset 0 takes a new snapshot; limit 0 gives all that is left.

        An entry that has gone since the snapshot is left out of its page.
        """
        page = self.lazy_page(offset, limit)
        page["modules"] = list(page["modules"])
        return page

    def lazy_page(self, offset: int, limit: int) -> shapes.Page:
        """The same, its records made one at a time while they are encoded.

        Ten thousand records at once would be so many new objects that the target's garbage
        collector would go through everything, and hold every thread meanwhile.
        """
        if offset <= 0:
            self._generation, found = ledger.update()
            self._names = [name for name, _, _ in found]
        else:
            found = raw.entries()
        end = offset + limit if limit > 0 else len(self._names)
        names = self._names[max(0, offset) : end]
        return {
            "generation": self._generation,
            "total": len(self._names),
            "modules": _records(names, found),  # type: ignore[typeddict-item]
            "next": end if end < len(self._names) else None,
        }

    def changes(self, generation: int) -> shapes.Changes:
        """What came and went since that generation, which a page or an earlier answer gave."""
        now, found = ledger.update()
        added, removed = ledger.since(generation)
        return {"generation": now, "added": list(_records(added, found)), "removed": removed}


def _records(names: List[str], found: raw.Entries) -> Iterator[shapes.Record]:
    wanted = frozenset(names)
    if wanted:
        around = entries.Surroundings()
        judge = freshness.Judge(header_seconds=HEADER_SECONDS)
        for name, key, value in found:
            if name in wanted:
                yield record(entries.describe(name, key, value, around), judge)


def record(entry: entries.Entry, judge: freshness.Judge) -> shapes.Record:
    """What an inspector is told of an entry."""
    return {
        "name": entry.name,
        "status": entry.status,
        "file": entry.file,
        "origin": entry.origin,
        "loader": entry.loader,
        "package": entry.package,
        "cached": entry.cached,
        "freshness": judge.cheap(entry),
        "hazards": hazards.cheap(entry.name, entry.status, entry.namespace),
        "from_agent": entry.from_agent,
        "place": entry.place,
        "is_package": entry.is_package,
    }
