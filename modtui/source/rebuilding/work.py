"""The whole text as loaded, put together and compared with the live code."""

from __future__ import annotations

import time

from .align import Aligner
from .gaps import all_from, fill
from .outside import Outside
from .section import MISSING, SIMILAR, Section, Source
from .telling import definitions
from .texts import ERRORS, Loaded, Reference, functions, pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType
    from typing import Any


MOST_TEXTS = 3


class Work:
    """One module: its live functions, its whole code if known, and the texts there are."""

    def __init__(
        self,
        live: Sequence[tuple[str, CodeType]],
        whole: CodeType | None,
        texts: Sequence[str],
        optimize: int,
        seconds: float,
        codes: Any,
    ) -> None:
        self.codes, self.optimize = codes, optimize
        self._end = time.monotonic() + seconds
        self.whole = whole
        self.loaded = Loaded(live, whole)
        self.current: Reference | None = None  # the first text, if it is Python
        self.references = self._read(texts)
        self.changed: list[str] = []
        self.sections: list[Section] = []

    def _read(self, texts: Sequence[str]) -> list[Reference]:
        """The texts that compile: the first one, and those that have most of what is live."""
        found: list[Reference] = []
        for text in texts:
            if found and self.over():
                break
            try:
                found.append(Reference(text, self.optimize, self.whole is not None))
            except ERRORS:
                continue
            if text is texts[0]:
                self.current = found[0]
        first = found[:1] if self.current is not None else []
        others = found[len(first) :]
        others.sort(key=self._strangers)
        return (first + others)[:MOST_TEXTS] or [Reference("", self.optimize, False)]

    def _strangers(self, reference: Reference) -> int:
        """How many live functions are not in a text as they are."""
        there: dict[str, list[CodeType]] = {}
        for unit in reference.units:
            there.setdefault(unit.qualname, []).append(unit.code)
        return sum(
            not any(self.same(unit.code, code) for code in there.get(unit.qualname, ()))
            for unit in self.loaded.units
        )

    def over(self) -> bool:
        """Whether the time is over."""
        return bool(time.monotonic() > self._end)

    def same(self, one: CodeType, other: CodeType) -> bool:
        """Whether two functions do the same, wherever they stand."""
        return bool(self.codes.same(one, other))

    def equal(self, one: CodeType, other: CodeType) -> bool:
        """Whether two functions are the same, positions included."""
        return bool(self.codes.same(one, other) and self.codes.same_place(one, other))

    def shifted(self, one: CodeType, other: CodeType) -> bool:
        """Whether two functions are the same but for the line that they begin on."""
        if not self.same(one, other):
            return False
        by = one.co_firstlineno - other.co_firstlineno
        return bool(_places(one) == _places(other, by))

    def run(self) -> dict[str, Any]:
        """The text and what is known of it."""
        self._cut()
        for section in self.sections:
            section.choose()
            fill(section, self.current is not None)
            section.whole_copy(self.shifted)
        imported = self._imported()
        for section in self.sections:
            if not section.proved and not self.over():
                section.prove(imported, self.optimize, self.equal, self.over)
        if self.whole is not None:
            for section in self.sections:
                Outside(section, self.whole, self.optimize, self.over).run_all()
        return self._answer()

    def _cut(self) -> None:
        units = self.loaded.units
        aligner = Aligner()
        paired = [pairs(units, reference, self.same) for reference in self.references]
        couples = paired[0] if self.current is not None else {}
        self.told = definitions(units, couples, self.current, self.same)
        self.changed = [one["qualname"] for one in self.told]
        starts = [1] + [unit.first for unit in units]
        strange = [_strangers(r, set(map(id, c.values()))) for r, c in zip(self.references, paired)]
        for number, start in enumerate(starts):
            unit = units[number - 1] if number else None
            if number and start < starts[number - 1]:
                continue
            sources = []
            longest = 0
            for reference, couples, strangers in zip(self.references, paired, strange):
                begins = sorted({other.first for other in couples.values()})
                if unit is None:
                    stop = begins[0] if begins else len(reference.lines) + 1
                    sources.append(Source(reference, None, 1, stop, strangers))
                elif number - 1 in couples:
                    other = couples[number - 1]
                    later = [first for first in begins if first > other.first]
                    stop = later[0] if later else len(reference.lines) + 1
                    sources.append(Source(reference, other, other.first, stop, strangers))
                    rest = _rest(reference, other.last + 1, stop, strangers)
                    longest = longest or unit.last + 1 + rest
            if number + 1 < len(starts):
                end = starts[number + 1]
            elif unit is None:
                end = len(self.references[0].lines) + 1
            else:
                end = max(longest, unit.last + 1)
                if self.whole is not None:
                    end = max([end - 1, *self.loaded.facts]) + 1
            section = Section(self.loaded, unit, start, end, sources, aligner)
            self.sections.append(section)

    def _imported(self) -> list[str]:
        """The names imported at the top level when it was loaded, as far as can be told."""
        names: set[str] = set()
        for reference in self.references:
            names.update(reference.imported())
        calls: set[str] = set()
        for fact in self.loaded.facts.values():
            for one, other in zip(fact.ops, fact.ops[1:]):
                if one.kind == "name" and other.name == "LOAD_METHOD":
                    calls.add(str(one.arg))
        return sorted(names - calls)

    def _answer(self) -> dict[str, Any]:
        self._begin_well()
        lines = self._lines()
        top = self._compiled(lines)
        certain = top if top is not None else self._compiled(self._lines(stubbed=True))
        proved, unproved = self._proved(certain)
        return {
            "lines": lines,
            "guessed": self._guessed(),
            "proved": proved,
            "unproved": unproved,
            "changed": self.changed,
            "definitions": self.told,
            "compiles": certain is not None,
            "whole": top is not None and self.whole is not None and self.equal(self.whole, top),
        }

    def _begin_well(self) -> None:
        """Take the lines before the first function from the text that most functions agree with.

        What is imported there, and from `__future__`, decides how functions are compiled.
        """
        first = self.sections[0]
        if first.unit is not None or self.whole is not None or len(first.sources) < 2:
            return
        best, most = list(zip(first.lines, first.grades)), self._count()
        for number in range(len(first.sources)):
            if most == len(self.loaded.units) or self.over():
                break
            all_from(first, number)
            count = self._count()
            if count > most:
                best, most = list(zip(first.lines, first.grades)), count
        first.lines[:] = [line for line, _ in best]
        first.grades[:] = [grade for _, grade in best]

    def _count(self) -> int:
        """How many functions come out right when everything is compiled."""
        top = self._compiled(self._lines(stubbed=True))
        return 0 if top is None else len(self._proved(top, alone=False)[0])

    def _lines(self, stubbed: bool = False) -> list[str]:
        found: list[str] = []
        for section in self.sections:
            found[section.start - 1 :] = section.stubbed() if stubbed else section.lines
        return found

    def _guessed(self) -> list[int]:
        found: list[int] = []
        for section in self.sections:
            at = section.start - 1
            found = [number for number in found if number < at]
            for index, grade in enumerate(section.grades):
                silent = not section.lines[index].strip() and not section.facts[index].core
                if grade in (MISSING, SIMILAR) and not silent:
                    found.append(at + index)
        return found

    def _compiled(self, lines: Sequence[str]) -> Any:
        text = "\n".join(lines) + "\n"
        try:
            return compile(text, "<text>", "exec", dont_inherit=True, optimize=self.optimize)
        except ERRORS:
            return None

    def _proved(self, top: Any, alone: bool = True) -> tuple[list[str], list[str]]:
        """The functions that are the live ones in the compiled text, and the others.

        `alone`: a function counts, too, that was compiled in its place without its neighbours. What
        stands between functions is known less well; it may not compile or import something else.
        """
        there: dict[tuple[str, int], list[CodeType]] = {}
        for _, code in functions(top) if top is not None else ():
            there.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        proved: list[str] = []
        unproved: list[str] = []
        sections = {id(section.unit): section for section in self.sections}
        for unit in self.loaded.units:
            found = there.get((unit.name, unit.first), [])
            ok = any(self.equal(unit.code, code) for code in found)
            if alone and not ok:
                section = sections.get(id(unit))
                ok = section is not None and section.proved
            (proved if ok else unproved).append(unit.qualname)
        return proved, unproved


def _strangers(reference: Reference, coupled: set[int]) -> set[int]:
    """The lines of the functions of a text that are not in memory, as far as can be seen."""
    known: set[int] = set()
    for unit in reference.units:
        if id(unit) in coupled:
            known.update(range(unit.first, unit.last + 1))
    found: set[int] = set()
    for unit in reference.units:
        found.update(range(unit.first, unit.last + 1))
    return found - known


def _rest(reference: Reference, start: int, stop: int, strangers: set[int]) -> int:
    """How many lines may have followed the last function: without functions that are new."""
    rest = [number for number in range(start, stop) if number not in strangers]
    while rest and len(rest) < stop - start and not reference.line(rest[-1]).strip():
        rest.pop()
    return len(rest)


def _places(code: CodeType, by: int = 0) -> Any:
    """The positions of all instructions, moved by some lines."""
    found: list[Any] = []
    if hasattr(code, "co_positions"):
        for line, end, col, end_col in code.co_positions():
            found.append((line and line + by, end and end + by, col, end_col))
    else:
        import dis

        found = [(offset, line + by) for offset, line in dis.findlinestarts(code)]
    inner = [_places(each, by) for each in code.co_consts if hasattr(each, "co_code")]
    return found, inner
