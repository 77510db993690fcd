"""The lines between functions, of which memory tells only how many there were."""

from __future__ import annotations

from .instructions import last_line
from .swap import tokens
from .trial import futures_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .section import Section, Source

MOST_CELLS = 400_000
SILENT, SIMILAR, MISSING = 2, 3, 4


def fill(section: Section, first_is_current: bool) -> None:
    """Take all lines behind a function from one text, the first one of which as many stand there.

    Lines that are not those of the file now, or of which there were more or less, are guesses.
    """
    start = 0 if section.unit is None else section.unit.last + 1 - section.start
    size = len(section.lines) - start
    if size <= 0 or section.loaded.whole is not None:
        return
    versions = [
        (number, numbers)
        for number, source in enumerate(section.sources)
        for numbers in _versions(source)
    ]
    fitting = [version for version in versions if len(version[1]) == size]
    if fitting:
        number, numbers = fitting[0]
        guess = number > 0 or not first_is_current
        put(section, start, number, dict(enumerate(numbers)), SIMILAR if guess else SILENT)
    elif versions:
        number, numbers = min(versions, key=lambda version: abs(len(version[1]) - size))
        put(section, start, number, _chosen(section, start, number, numbers), SIMILAR)


def put(section: Section, start: int, number: int, there: dict[int, int], grade: int) -> None:
    """Take lines of that source, by the index behind `start`; the others become blank."""
    reference = section.sources[number].reference
    for at in range(start, len(section.lines)):
        if section.facts[at].core:
            continue  # code that is known, of a lambda say, decides for itself
        line = there.get(at - start)
        section.lines[at] = "" if line is None else reference.line(line)
        section.grades[at] = MISSING if line is None else grade


def all_from(section: Section, number: int) -> None:
    """Take all lines behind a function from that source, as well as that can be done."""
    start = 0 if section.unit is None else section.unit.last + 1 - section.start
    size = len(section.lines) - start
    versions = _versions(section.sources[number])
    numbers = min(versions, key=lambda version: abs(len(version) - size))
    if len(numbers) == size:
        there = dict(enumerate(numbers))
    else:
        there = _chosen(section, start, number, numbers)
    put(section, start, number, there, SIMILAR)


def _versions(source: Source) -> list[list[int]]:
    """The lines behind a function in a text: all of them, and without functions that are new."""
    first = source.start if source.unit is None else last_line(source.unit.code) + 1
    every = list(range(first, source.stop))
    lean = [number for number in every if number not in source.strangers]
    if len(lean) == len(every):
        return [every]
    return [every, lean, _thinned(source, lean)]


def _thinned(source: Source, numbers: list[int]) -> list[int]:
    """Without the blank lines that a function leaves behind when it is taken out."""
    kept: list[int] = []
    for number in numbers:
        gap = kept and number != kept[-1] + 1
        if gap:
            while kept and not _text(source, kept[-1]):
                kept.pop()
        kept.append(number)
    if numbers and source.strangers and max(source.strangers) > numbers[-1]:
        while kept and not _text(source, kept[-1]):
            kept.pop()
    return kept


def _text(source: Source, number: int) -> str:
    return source.reference.line(number).strip()


def _chosen(section: Section, start: int, number: int, numbers: list[int]) -> dict[int, int]:
    """As many of those lines as there is room for, statements whole or not at all.

    What binds names that the live functions use is kept first.
    """
    room = len(section.lines) - start
    source = section.sources[number]
    chunks = _chunks(source, numbers)
    names = section.loaded.names()
    futures = futures_of(section.loaded.units[0].code.co_flags) if section.loaded.units else []
    # The best value that so many lines can have, and the chunks of it: a knapsack.
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())] * (room + 1)
    if sum(map(len, chunks)) * room > MOST_CELLS:
        return dict(enumerate(numbers[:room]))
    for index, chunk in enumerate(chunks):
        value = _value(source, chunk, names, futures)
        size = len(chunk)
        for space in range(room, size - 1, -1):
            before = best[space - size]
            if before[0] + value > best[space][0]:
                best[space] = (before[0] + value, (*before[1], index))
    kept = [line for index in best[room][1] for line in chunks[index]]
    return dict(enumerate(kept))


def _chunks(source: Source, numbers: list[int]) -> list[list[int]]:
    """Lines that belong together: a statement's, or a single one without any."""
    whole = source.reference.spans
    found: list[list[int]] = []
    wanted = set(numbers)
    done: set[int] = set()
    for number in numbers:
        if number not in done:
            last = whole.get(number, number)
            chunk = [line for line in range(number, last + 1) if line in wanted]
            done.update(chunk)
            found.append(chunk)
    return found


def _value(source: Source, chunk: list[int], names: set[str], futures: list[str]) -> float:
    """How likely it is that the lines were there."""
    text = "\n".join(source.reference.line(number) for number in chunk)
    if not text.strip():
        return 0.25
    if chunk[0] in source.strangers:
        return 0.1
    if text.lstrip().startswith("#"):
        return 1.0
    if text.startswith("from __future__"):
        return 20.0 if futures and all(name in text for name in futures) else -1.0
    words = {word for kind, word, _ in tokens(text) if kind == "name"}
    return 1.5 * len(chunk) + 3.0 * len(words & names) + 4.0 * ("class" in words)
