"""Which modules are shown, in which order: pure functions, no widget.

The filter's language: words separated by spaces, all of which must hold.

    cart          the name contains it (or, if none does, has its letters in order)
    stale         a verdict: stale fresh unknown missing n/a; or a proof: proved likely
    project       a place: project, stdlib, site, agent
    is:extension  a status, or is:package, is:marked
    pkg:django    that package and what is in it
    file:models   the file's path contains it
    name:stale    the name contains it, even if it is a word of the language
    ~^shop\\.      a regular expression on the name
    !word         not that
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from modtui.source.safe import safe_text

if TYPE_CHECKING:
    from modtui.agent import shapes


class Row(NamedTuple):
    """One module as the list needs it. `name` is exact; `shown` and `file` are safe to draw."""

    name: str
    shown: str
    low: str
    status: str
    verdict: str
    proof: str
    reason: str
    file: str
    path: str | None
    place: str
    level: str
    is_package: bool
    from_agent: bool
    nth: int  # the place in sys.modules, which is the order of import
    away: bool = False  # folded away with the libraries


LEVEL_RANK = {"none": 0, "note": 1, "caution": 2, "danger": 3}


def row(
    record: shapes.Record, cwd: str = "", index: int = 0, fold: frozenset[str] = frozenset()
) -> Row:
    """The row of a record; paths under `cwd` are shown relative to it, packages of `fold` are
    folded away with the libraries."""
    path = record["file"] or record["origin"]
    shown_path = path or ""
    if cwd and shown_path.startswith(cwd.rstrip("/") + "/"):
        shown_path = shown_path[len(cwd.rstrip("/")) + 1 :]
    fresh = record["freshness"]
    return Row(
        name=record["name"],
        # A name of nothing but spaces could not be seen.
        shown=safe_text(record["name"] if record["name"].strip() else repr(record["name"])),
        low=record["name"].lower(),
        status=record["status"],
        verdict=fresh["verdict"],
        proof=fresh["proof"],
        reason=safe_text(fresh["reason"]),
        file=safe_text(shown_path),
        path=record["file"],
        place=record["place"],
        level=max(
            (h["level"] for h in record["hazards"]), key=LEVEL_RANK.__getitem__, default="none"
        ),
        is_package=record["is_package"],
        from_agent=record["from_agent"],
        nth=index,
        away=record["place"] in FOLDED or record["from_agent"] or _within(record["name"], fold),
    )


def _within(name: str, packages: frozenset[str]) -> bool:
    if not packages:
        return False
    parts = name.split(".")
    return any(".".join(parts[:end]) in packages for end in range(1, len(parts) + 1))


# ---------------------------------------------------------------- toggles (the legend's numbers)


class Toggle(NamedTuple):
    """One group of the legend line, switched by a number key."""

    key: str
    id: str
    word: str
    short: str
    glyph: str
    meaning: str
    holds: Callable[[Row], bool]


_OTHER = frozenset(("bytecode", "namespace", "zip", "no spec", "lazy", "blocked", "object"))


def _status(status: str) -> Callable[[Row], bool]:
    return lambda row: row.status == status


def _verdict(verdict: str) -> Callable[[Row], bool]:
    return lambda row: row.verdict == verdict


TOGGLES: tuple[Toggle, ...] = (
    Toggle("1", "all", "all", "all", "", "every module", lambda row: True),
    Toggle("2", "stale", "stale", "stale", "~", "the file changed since load", _verdict("stale")),
    Toggle("3", "missing", "missing", "gone", "!", "the file is gone", _verdict("missing")),
    Toggle("4", "unknown", "unknown", "unkn", "?", "not known", _verdict("unknown")),
    Toggle("5", "source", "source", "src", "", "from .py files", _status("source")),
    Toggle("6", "extension", "extension", "ext", "◆", "compiled", _status("extension")),
    Toggle("7", "built-in", "built-in", "built", "▪", "in the interpreter", _status("built-in")),
    Toggle("8", "frozen", "frozen", "froz", "▪", "kept frozen", _status("frozen")),
    Toggle(
        "9",
        "other",
        "other",
        "other",
        "◇",
        "namespace, zip, bytecode, no spec, lazy, blocked, object",
        lambda row: row.status in _OTHER,
    ),
)
BY_ID = {toggle.id: toggle for toggle in TOGGLES}


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many modules each toggle holds."""
    result = dict.fromkeys(BY_ID, 0)
    for one in rows:
        result["all"] += 1
        result["other" if one.status in _OTHER else one.status] += 1
        if one.verdict in ("stale", "missing", "unknown"):
            result[one.verdict] += 1
    return result


# ---------------------------------------------------------------- order


class Order(NamedTuple):
    """A column and whether it is turned round."""

    column: str = "freshness"
    inverse: bool = False


COLUMNS = ("freshness", "name", "status", "file", "import")
ORDER_WORDS = {
    "freshness": "stale first",
    "name": "name",
    "status": "status",
    "file": "file",
    "import": "order of import",
}
VERDICT_RANK = {"stale": 0, "missing": 1, "unknown": 2, "fresh": 3, "n/a": 4}
PLACE_RANK = {"project": 0, "none": 1, "site-packages": 2, "stdlib": 3, "agent": 4}
FOLDED = frozenset(("stdlib", "site-packages", "agent"))
WANTED = frozenset(("stale", "missing"))


def _by_freshness(row: Row) -> tuple[int, int, str]:
    # What a person edits comes first: "fresh" and "unknown" do not outrank whose code it is.
    rank = VERDICT_RANK[row.verdict]
    return (rank if rank < 2 else 2, PLACE_RANK[row.place], row.low)


_KEYS: dict[str, Callable[[Row], object]] = {
    "freshness": _by_freshness,
    "name": lambda row: row.low,
    "status": lambda row: (row.status, row.low),
    "file": lambda row: (row.file == "", row.file, row.low),
    "import": lambda row: row.nth,
}


def arrange(rows: Iterable[Row], order: Order) -> list[Row]:
    """All rows in that order."""
    return sorted(rows, key=_KEYS[order.column], reverse=order.inverse)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the filter's words


class Word(NamedTuple):
    """One parsed word: its kind, its value and whether it is turned round."""

    kind: str
    value: str
    inverse: bool


class Query(NamedTuple):
    """A parsed filter; `problem` says in words what could not be understood."""

    words: tuple[Word, ...]
    problem: str | None = None

    @property
    def letters(self) -> tuple[str, ...]:
        """The plain texts searched in names, for marking their letters."""
        return tuple(w.value for w in self.words if w.kind == "text" and not w.inverse)


NO_QUERY = Query(())

_PLAIN = {
    **{verdict: ("verdict", verdict) for verdict in VERDICT_RANK},
    "gone": ("verdict", "missing"),
    "proved": ("proof", "proved"),
    "likely": ("proof", "likely"),
    "project": ("place", "project"),
    "stdlib": ("place", "stdlib"),
    "site": ("place", "site-packages"),
    "site-packages": ("place", "site-packages"),
    "agent": ("place", "agent"),
}
_STATUS_WORDS = {
    **{s: s for s in ("source", "extension", "built-in", "frozen", "namespace", "zip")},
    **{s: s for s in ("bytecode", "no spec", "lazy", "blocked", "object")},
    "builtin": "built-in",
    "nospec": "no spec",
    "no-spec": "no spec",
    "ext": "extension",
}


def _is(value: str) -> tuple[str, str] | None:
    if value in ("package", "marked"):
        return value, ""
    if value in _PLAIN:
        return _PLAIN[value]
    # While it is being typed, `is:ext` already means the statuses that begin so.
    starts = [s for word, s in _STATUS_WORDS.items() if word.startswith(value)]
    return ("status", _STATUS_WORDS.get(value, starts[0])) if starts else None


def _word(token: str) -> tuple[Word | None, str | None]:
    inverse = token.startswith("!")
    token = token[1:] if inverse else token
    if not token:
        return None, None
    head, colon, tail = token.partition(":")
    if token.startswith("~"):
        try:
            re.compile(token[1:])
        except re.error as error:
            return None, f"not yet a regular expression: {error}"
        return Word("regex", token[1:], inverse), None
    if colon and head in ("is", "pkg", "file", "name"):
        if not tail:
            return None, None
        if head == "is":
            found = _is(tail)
            if found is None:
                return None, f"is:{tail}: no such status (source, extension, built-in, ...)"
            return Word(*found, inverse), None
        return Word("text" if head == "name" else head, tail, inverse), None
    if token in _PLAIN:
        return Word(*_PLAIN[token], inverse), None
    return Word("text", token, inverse), None


@lru_cache(maxsize=64)
def parse(text: str) -> Query:
    """The words of a filter. Never raises: what cannot be understood is left out and said."""
    words, problem = [], None
    for token in text.lower().split():
        word, trouble = _word(token)
        problem = problem or trouble
        if word is not None:
            words.append(word)
    return Query(tuple(words), problem)


def _subsequence(letters: str) -> re.Pattern[str]:
    return re.compile(".*?".join(map(re.escape, letters)))


def _predicate(word: Word, marked: frozenset[str]) -> Callable[[Row], bool]:
    kind, value = word.kind, word.value
    dotted = value + "."
    tests: dict[str, Callable[[Row], bool]] = {
        "verdict": lambda row: row.verdict == value,
        "proof": lambda row: row.proof == value,
        "place": lambda row: row.place == value or (value == "agent" and row.from_agent),
        "status": lambda row: row.status == value,
        "package": lambda row: row.is_package,
        "marked": lambda row: row.name in marked,
        "pkg": lambda row: row.low == value or row.low.startswith(dotted),
        "file": lambda row: value in row.file.lower(),
    }
    if kind == "regex":
        search = re.compile(value, re.IGNORECASE).search
        return lambda row: search(row.shown) is not None
    return tests[kind]


def in_order(rows: Sequence[Row], value: str) -> list[Row]:
    """The names that have these letters in this order, if there are at least two."""
    if len(value) < 2:
        return []
    search = _subsequence(value).search
    return [row for row in rows if search(row.low)]


def matching(rows: Sequence[Row], word: Word, marked: frozenset[str]) -> list[Row]:
    if word.kind == "text":
        value = word.value
        if word.inverse:
            return [row for row in rows if value not in row.low]
        return [row for row in rows if value in row.low] or in_order(rows, value)
    holds = _predicate(word, marked)
    if word.inverse:
        return [row for row in rows if not holds(row)]
    return [row for row in rows if holds(row)]


RANKED_AT_MOST = 1000  # more hits than this are too many for their rank to mean anything


def _rank(row: Row, value: str) -> int:
    low = row.low
    last = low.rpartition(".")[2]
    if value in (low, last):
        return 0
    if last.startswith(value):
        return 1
    return 2 if low.startswith(value) or "." + value in low else 3


def ranked(rows: Sequence[Row], value: str) -> list[Row]:
    """Stale ones first, then the better the match; otherwise as they came."""
    found: list[list[Row]] = [[] for _ in range(8)]
    for row in rows:
        found[_rank(row, value) + 4 * (row.verdict not in WANTED)].append(row)
    return [row for bucket in found for row in bucket]


def grouped(rows: Sequence[Row], statuses: frozenset[str]) -> Sequence[Row]:
    if not statuses or "all" in statuses:
        return rows
    tests = [BY_ID[one].holds for one in BY_ID if one in statuses]
    return [row for row in rows if any(test(row) for test in tests)]


def visible(
    rows: Sequence[Row],
    text: str,
    statuses: frozenset[str],
    order: Order | None,
    folded: bool,
    marked: frozenset[str] = frozenset(),
) -> list[Row]:
    """The rows to show.

    Args:
        rows: all rows; in their order already if `order` is None.
        text: the filter.
        statuses: ids of toggles that are on; a row of any of them is shown; empty means all.
        order: the order to bring them into.
        folded: leave out the standard library, site-packages and the agent. Someone who filters is
            looking for something, so this holds only without a filter, and never for a module that
            is stale or missing.
        marked: names, for `is:marked`.
    """
    query = parse(text)
    if order is not None:
        rows = arrange(rows, order)
    shown = grouped(rows, statuses)
    if folded and not statuses and not query.words and "all" not in statuses:
        shown = [row for row in shown if not is_folded(row)]
    for word in query.words:
        shown = matching(shown, word, marked)
    letters = query.letters
    if letters and len(shown) <= RANKED_AT_MOST:
        shown = ranked(shown, letters[0])
    return list(shown)


def is_folded(row: Row) -> bool:
    """Whether the folded view leaves this row out."""
    return row.away and row.verdict not in WANTED


def matched(query: Query, shown: str) -> list[tuple[int, int]]:
    """Where the filter's letters are in a name: (start, end), sorted, not overlapping."""
    low = shown.lower()
    if len(low) != len(shown):  # lower() changed the length, as for "İ": positions would lie
        return []
    spots: set[int] = set()
    for letters in query.letters:
        at = low.rfind(letters)
        if at >= 0:
            spots.update(range(at, at + len(letters)))
            continue
        at = -1
        for letter in letters:
            at = low.find(letter, at + 1)
            if at < 0:
                break
            spots.add(at)
    return _runs(sorted(spots))


def _runs(spots: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for spot in spots:
        if runs and runs[-1][1] == spot:
            runs[-1] = (runs[-1][0], spot + 1)
        else:
            runs.append((spot, spot + 1))
    return runs
