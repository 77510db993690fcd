"""Finding the lines of one function that no text has: tried until they compile to what is live."""

from __future__ import annotations

from .instructions import COLUMNS, by_line
from .statements import statements
from .swap import reindented, swapped
from .trial import indent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType

    from .section import Section
    from .trial import Statements, Trial

EXACT, ALIKE, SILENT, SIMILAR, MISSING = range(5)
CLOSING = 4  # lines after the last one with code that may belong to the function: `)`
WIDE = 14  # lines of the longest statement that is looked for around a line


class Repair:
    """Works on the lines of a section, in place."""

    def __init__(
        self,
        section: Section,
        trial: Trial,
        equal: Callable[[CodeType, CodeType], bool],
        over: Callable[[], bool],
    ) -> None:
        self.section, self.equal, self.over = section, equal, over
        self.function = trial
        self.trial: Statements = trial
        unit = section.unit
        assert unit is not None
        self.code = unit.code
        self.begin = 0
        self.size = min(unit.last - unit.first + 1, len(section.lines))
        self.lines = section.lines
        self.grades = section.grades

    def run(self, heads: Sequence[list[str]]) -> bool:
        """Whether the lines, as they are now, were proved."""
        if self.proves(self.lines):
            return self.settle()
        self.swap()
        if self.proves(self.lines) or self.with_heads(heads):
            return self.settle()
        before = list(self.lines), list(self.grades)
        self.write()
        if self.proves(self.lines) or self.with_heads(heads):
            return self.settle()
        if not COLUMNS:
            after = list(self.lines), list(self.grades)
            self.lines[:], self.grades[:] = before
            self.section.by_depth = True
            self.write()
            if self.proves(self.lines) or self.with_heads(heads):
                return self.settle()
            self.lines[:], self.grades[:] = after
        if self.structure(heads) or self.others(heads):
            return self.settle()
        self.blame()
        return False

    # Trying.

    def compiled(self, lines: Sequence[str]) -> CodeType | None:
        """The function that these lines of the section begin with."""
        for more in range(CLOSING + 1):
            if self.size + more > len(lines):
                break
            code = self.function.function(lines[: self.size + more])
            if code is not None:
                return code
        return None

    def proves(self, lines: Sequence[str]) -> bool:
        """Whether these lines make the very function."""
        code = self.compiled(lines)
        return code is not None and self.equal(self.code, code)

    def with_heads(self, heads: Sequence[list[str]]) -> bool:
        """Try other heads; the one that fits is put in place."""
        for head in heads:
            lines = head + self.lines[len(head) :]
            if lines != self.lines and self.proves(lines):
                self.lines[:] = lines
                return True
        return False

    def settle(self) -> bool:
        """All lines of the function are what they must be."""
        for at in range(self.size):
            self.grades[at] = EXACT
        return True

    def blame(self) -> None:
        """Which of the lines are wrong, if not all are right."""
        code = self.compiled(self.lines)
        wrong = set() if code is None else self.wrong(code)
        for at in range(self.size):
            if at in wrong or (self.grades[at] not in (EXACT, SILENT)):
                self.grades[at] = MISSING

    def wrong(self, code: CodeType) -> set[int]:
        """The lines on which that code is not what was loaded."""
        found = by_line([code])
        wrong = set()
        for at, fact in enumerate(self.section.facts[: self.size]):
            has = found.get(self.section.start + at)
            if (has.full if has else ()) != fact.full:
                wrong.add(at)
        return wrong

    # Single lines.

    def unsure(self) -> list[int]:
        """The lines with code that do not do what they must."""
        facts = self.section.facts
        return [
            at for at in range(self.begin, self.size) if facts[at].core and self.grades[at] != EXACT
        ]

    def swap(self) -> None:
        """Try lines that are alike, with their names and constants exchanged."""
        for at in self.unsure():
            if self.over():
                return
            if self.grades[at] == EXACT:
                continue
            for text in self.versions(at):
                if self.try_line(at, text):
                    break

    def versions(self, at: int) -> Iterator[str]:
        """Texts for a line, made of those that are alike."""
        fact = self.section.facts[at]
        for choice in self.section.choices[at]:
            if not choice.fact.core:
                continue
            raw = self.section.sources[choice.source].reference.line(choice.at)
            for text in [choice.text, *swapped(raw, choice.fact, fact)]:
                yield text
                for wanted in self.indents(at):
                    if indent_of(text) != wanted:
                        yield wanted + text.lstrip()

    def indents(self, at: int) -> list[str]:
        """How far right a line may stand."""
        fact = self.section.facts[at]
        if fact.first is not None:
            text = self.lines[at]
            moved = reindented(text, fact.first - len(indent_of(text))) if text else None
            return [] if moved is None else [indent_of(moved)]
        found = []
        for step in (1, -1):
            there = at + step
            while 0 <= there < self.size and not (
                self.section.facts[there].core and self.grades[there] == EXACT
            ):
                there += step
            if 0 <= there < self.size:
                near = indent_of(self.lines[there])
                found += [near, near + "    ", near[:-4]]
        return [each for each in dict.fromkeys(found) if each]

    def try_line(self, at: int, text: str) -> bool:
        """Whether the line fits, in the smallest statement around it that is one."""
        facts, lines = self.section.facts, self.lines
        for start, stop in _around(at, self.begin, self.size):
            if self.over():
                return False
            if stop - start > 1 and any(
                not lines[near].strip() for near in (start, stop - 1) if near != at
            ):
                continue
            part = [*lines[start:at], text, *lines[at + 1 : stop]]
            found = self.trial.statement(part)
            if found is None:
                continue
            if found[at - start].full == facts[at].full:
                lines[at], self.grades[at] = text, EXACT
                return True
            return False
        return False

    # Whole statements.

    def write(self) -> None:
        """Put statements written from bytecode where nothing else fits."""
        self.write_from(self.code)

    def write_from(self, code: CodeType) -> None:
        """The same, with the statements of one code object."""
        facts = self.section.facts
        for first, texts in statements(code, self.section):
            if self.over():
                return
            start = first - self.section.start
            for lines in texts:
                span = range(start, start + len(lines))
                if start < self.begin or span.stop > self.size:
                    continue
                if all(self.grades[at] in (EXACT, SILENT) for at in span) and all(
                    self.lines[at].strip() for at in span
                ):
                    break
                if self.place(start, lines, [facts[at].full for at in span]):
                    break

    def place(self, start: int, lines: Sequence[str], wanted: Sequence[tuple[object, ...]]) -> bool:
        """Put a written statement in place, if it does what it must."""
        found = self.trial.statement(lines)
        if found is not None and [line.full for line in found] == list(wanted):
            for at, text in enumerate(lines):
                self.lines[start + at], self.grades[start + at] = text, EXACT
            return True
        if not any(self.lines[start + at].strip() for at in range(len(lines))):
            for at, text in enumerate(lines):
                self.lines[start + at], self.grades[start + at] = text, MISSING
        return False

    # What has no code of its own.

    def structure(self, heads: Sequence[list[str]]) -> bool:
        """Try `else:` and the like on lines that have no code."""
        empty = [
            at
            for at in range(1, self.size)
            if not self.section.facts[at].core and self.grades[at] != EXACT
        ]
        for at in empty[:24]:
            if self.over():
                return False
            before = self.lines[at]
            for text in self.silent(at):
                self.lines[at] = text
                if self.proves(self.lines) or self.with_heads(heads[:2]):
                    return True
            self.lines[at] = before
        return False

    def silent(self, at: int) -> Iterator[str]:
        """Texts for a line without code."""
        said = [choice.text for choice in self.section.choices[at]]
        following = next(
            (
                indent_of(self.lines[there])
                for there in range(at + 1, self.size)
                if self.section.facts[there].core
            ),
            "",
        )
        outer = following[:-4] if following.endswith("    ") else following[:-1]
        if outer:
            said += [outer + "else:", outer + "try:", outer + "finally:"]
        said += [following + "pass", ""]
        for text in dict.fromkeys(said):
            if text != self.lines[at]:
                yield text

    def others(self, heads: Sequence[list[str]]) -> bool:
        """Try what the other texts have for the lines that turned out wrong."""
        code = self.compiled(self.lines)
        if code is None:
            return False
        wrong = self.wrong(code)
        for at in sorted(wrong)[:12]:
            before = self.lines[at]
            for choice in self.section.choices[at]:
                if self.over():
                    return False
                self.lines[at] = choice.text
                now = self.compiled(self.lines)
                if now is not None and len(self.wrong(now)) < len(wrong):
                    wrong, before = self.wrong(now), choice.text
                    if self.proves(self.lines) or self.with_heads(heads):
                        return True
            self.lines[at] = before
        return False


def _around(at: int, begin: int, size: int) -> Iterator[tuple[int, int]]:
    """Stretches of lines around one, the small ones first."""
    for width in range(1, WIDE):
        for start in range(max(at - width + 1, begin), at + 1):
            if start + width <= size:
                yield start, start + width
