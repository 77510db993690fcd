"""One stretch of the loaded text, from the first line of a function to that of the next one."""

from __future__ import annotations

from .align import Aligner
from .blocks import depths
from .head import heads
from .repair import Repair
from .swap import columns_shift, reindented
from .trial import Trial, indent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import CodeType

    from .instructions import Line
    from .texts import Loaded, Reference, Unit

EXACT, ALIKE, SILENT, SIMILAR, MISSING = range(5)  # how sure a line is, the surest first


class Source:
    """The lines of a reference that a section's lines may come from."""

    __slots__ = ("reference", "start", "stop", "strangers", "unit")

    def __init__(
        self,
        reference: Reference,
        unit: Unit | None,
        start: int,
        stop: int,
        strangers: Collection[int] = (),
    ) -> None:
        self.strangers = strangers  # lines of functions that are not in memory
        self.reference, self.unit, self.start, self.stop = reference, unit, start, stop


class Choice:
    """A text for a line, and how well it fits."""

    __slots__ = ("at", "fact", "grade", "source", "support", "text")

    def __init__(
        self, grade: int, text: str, source: int, at: int, fact: Line, support: int = 0
    ) -> None:
        self.grade, self.text, self.source, self.at = grade, text, source, at
        self.fact, self.support = fact, support


class Section:
    """Lines `start` to `stop` (not included) of the loaded text, to be found."""

    def __init__(
        self,
        loaded: Loaded,
        unit: Unit | None,
        start: int,
        stop: int,
        sources: Sequence[Source],
        aligner: Aligner,
    ) -> None:
        self.loaded, self.unit, self.start, self.stop = loaded, unit, start, stop
        self.sources = list(sources)
        self.facts = [loaded.fact(number) for number in range(start, stop)]
        self.open = [loaded.is_open(number) for number in range(start, stop)]
        self.choices: list[list[Choice]] = [[] for _ in self.facts]
        self.lines: list[str] = []
        self.grades: list[int] = []
        self.proved = False
        self.by_depth = False  # how far right lines stand: by jumps rather than by neighbours
        self._depths: dict[int, int] | None = None
        self.aligner = aligner

    def choose(self) -> None:
        """Take every line from where it fits best."""
        for number, source in enumerate(self.sources):
            self._align(number, source)
        weight = self._weights()
        for at in range(len(self.facts)):
            found = self.choices[at]
            found.sort(key=lambda c: (c.grade, -c.support, -weight[c.source], c.source))
            if found:
                self.lines.append(found[0].text)
                self.grades.append(found[0].grade)
            else:
                self.lines.append("")
                silent = not self.facts[at].core and not self.open[at]
                self.grades.append(SILENT if silent else MISSING)

    def _align(self, number: int, source: Source) -> None:
        reference = source.reference
        there = range(source.start, source.stop)
        strangers = source.strangers
        new = [(reference.fact(line), reference.line(line), line in strangers) for line in there]
        mapping = self.aligner.align(list(zip(self.facts, self.open)), new)
        for at, index in enumerate(mapping):
            if index is None:
                continue
            fact, text, _ = new[index]
            grade, text = _grade(self.facts[at], fact, text)
            before = at > 0 and mapping[at - 1] == index - 1
            after = at + 1 < len(mapping) and mapping[at + 1] == index + 1
            near = sum(
                1
                for step in (-1, 1)
                if 0 <= at + step < len(mapping)
                and mapping[at + step] == index + step
                and self.facts[at + step].full == new[index + step][0].full
            )
            choice = Choice(grade, text, number, source.start + index, fact, before + after + near)
            self.choices[at].append(choice)

    def _weights(self) -> list[int]:
        weights = [0] * len(self.sources)
        for found in self.choices:
            for choice in found:
                weights[choice.source] += choice.grade == EXACT
        return weights

    def prove(
        self,
        imported: Sequence[str],
        optimize: int,
        equal: Callable[[CodeType, CodeType], bool],
        over: Callable[[], bool],
    ) -> None:
        """Find lines that compile to the very function, if that can be done."""
        if self.unit is None:
            return
        trial = Trial(self.unit, imported, optimize)
        repair = Repair(self, trial, equal, over)
        self.proved = repair.run(list(heads(self, trial)))

    @property
    def indent(self) -> str:
        """How far right the function stands if nothing else tells."""
        scopes = self.unit.qualname.replace(".<locals>", "").count(".") if self.unit else 0
        return "    " * scopes

    def likely_indents(self, line: int) -> list[str]:
        """How far right a line may stand: as far as those around it, or one step more or less."""
        near, deep = self._near_indents(line - self.start), self._deep_indents(line)
        both = [*deep, *near] if self.by_depth else [*near, *deep]
        return [each for each in dict.fromkeys(both) if each]

    def _deep_indents(self, line: int) -> list[str]:
        """By the blocks that a line seems to be in, as far as jumps tell."""
        if self.unit is None:
            return []
        if self._depths is None:
            self._depths = depths(self.unit.code)
        inside = self._depths.get(line, 0)
        base = next((indent_of(text) for text in self.lines if text.strip()), self.indent)
        step = "\t" if "\t" in base else "    "
        return [base + step * (1 + inside), base + step * (2 + inside)]

    def _near_indents(self, at: int) -> list[str]:
        """By the lines around."""
        found: list[str] = []
        for way in (-1, 1):
            there = at + way
            while 0 <= there < len(self.lines):
                text = self.lines[there]
                if text.strip() and self.grades[there] in (EXACT, ALIKE, SILENT):
                    near = indent_of(text)
                    opens = way < 0 and text.rstrip().endswith(":")
                    found += [near + "    ", near] if opens else [near, near + "    ", near[:-4]]
                    break
                there += way
        return found

    def stubbed(self) -> list[str]:
        """The lines, with something that compiles for a function that is only guessed."""
        if self.proved or self.unit is None:
            return self.lines
        size = min(self.unit.last - self.unit.first + 1, len(self.lines))
        indent = indent_of(self.lines[0])
        return [indent + "def _(): pass", *[""] * (size - 1), *self.lines[size:]]

    def whole_copy(self, equal: Callable[[CodeType, CodeType], bool]) -> None:
        """Where a text has the function as it is, its lines are taken as they are."""
        unit = self.unit
        if unit is None:
            return
        for source in self.sources:
            other = source.unit
            if other is None or not equal(unit.code, other.code):
                continue
            size = min(other.last - other.first + 1, len(self.lines))
            for at in range(size):
                self.lines[at] = source.reference.line(other.first + at)
                self.grades[at] = EXACT
            self.proved = True
            return


def _grade(old: Line, new: Line, text: str) -> tuple[int, str]:
    if not old.core:
        return SILENT, text
    if old.full == new.full:
        return EXACT, text
    if old.core == new.core:
        shift = columns_shift(new.ops, old.ops)
        moved = reindented(text, shift) if shift else None
        return ALIKE, text if moved is None else moved
    return SIMILAR, text
