"""What changed in a module since it was loaded, and how that is known.

The text as loaded is asked of one witness after the other. Whatever is shown says which witness it
came from and whether it is proved; what is only a guess is called a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from modtui.source.align import Row
from modtui.source.baselines import Baseline, Calls, data_of, digest
from modtui.source.definitions import Comparison, Definition, compare, function_spans, outline
from modtui.source.diff import Block, Diff, Hunk
from modtui.source.progress import Tell
from modtui.source.text import SourceText, decode, difference_beyond_lines, patch_lines
from modtui.source.witnesses import loaded

if TYPE_CHECKING:
    from modtui.source.store import Store


@dataclass(frozen=True)
class Change:
    """A module's source as loaded beside its file now.

    `data` is the file's bytes now, None with `error` saying why; `digest` is blake2b-128 of them,
    the one that a reload is told to expect.
    """

    name: str
    file: str | None
    baseline: Baseline
    data: bytes | None
    error: str | None = None
    digest: str | None = None

    @cached_property
    def old_text(self) -> SourceText | None:
        """The text as loaded, None if it is not known."""
        return None if self.baseline.data is None else decode(self.baseline.data)

    @cached_property
    def new_text(self) -> SourceText | None:
        """The file's text now, None if it cannot be read."""
        return None if self.data is None else decode(self.data)

    @property
    def old(self) -> tuple[str, ...] | None:
        """The lines as loaded, without line ends."""
        return None if self.old_text is None else self.old_text.lines

    @property
    def new(self) -> tuple[str, ...] | None:
        """The lines of the file now, without line ends."""
        return None if self.new_text is None else self.new_text.lines

    @property
    def comparable(self) -> bool:
        """Whether both texts are at hand."""
        return self.old_text is not None and self.new_text is not None

    @property
    def differs(self) -> bool:
        """Whether the file is not byte for byte what was loaded (False if that is not known)."""
        return self.comparable and self.baseline.data != self.data

    @cached_property
    def diff(self) -> Diff:
        """The difference by lines; empty if a text is missing."""
        if not self.comparable:
            return Diff((), ())
        return Diff(self.old or (), self.new or ())

    @property
    def rows(self) -> tuple[Row, ...]:
        """The lines side by side."""
        return self.diff.rows

    @cached_property
    def guesses(self) -> tuple[int, ...]:
        """The lines as loaded (from 0) that the diff shows as removed although nothing proves them.

        Guessed lines that the file has, too, are not among them.
        """
        guessed = self.baseline.guessed
        return tuple(
            index
            for block in (self.diff.blocks if guessed else ())
            if not block.equal
            for index in range(block.old_start, block.old_end)
            if index in guessed
        )

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """The places that changed, with three lines around them."""
        return self.diff.hunks()

    @property
    def added(self) -> int:
        """How many lines are new."""
        return self.diff.added

    @property
    def removed(self) -> int:
        """How many lines are gone."""
        return self.diff.removed

    @cached_property
    def comparison(self) -> Comparison:
        """The definitions that differ, and whether the texts are Python at all."""
        if self.baseline.data is None or self.data is None or not self.differs:
            return Comparison(())
        found = compare(self.baseline.data, self.data)
        return _with_bytecode(found, self.baseline) if self.baseline.guessed else found

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """Functions, classes and values that were added, removed or changed."""
        return self.comparison.definitions

    @cached_property
    def note(self) -> str | None:
        """What the lines alone do not tell: other line ends, odd bytes, only comments changed."""
        return " · ".join(self._notes()) or None

    def _notes(self) -> list[str]:
        if not self.comparable or not self.differs:
            return []
        assert self.old_text is not None
        assert self.new_text is not None
        said = []
        if self.old == self.new and (
            beyond := difference_beyond_lines(self.old_text, self.new_text)
        ):
            said.append(beyond)
        elif self.comparison.same_code:
            said.append("only comments or layout changed")
        if self.new_text.note:
            said.append(f"the file is shown inexactly: {self.new_text.note}")
        if self.old_text.note:
            said.append(f"the text as loaded is shown inexactly: {self.old_text.note}")
        return said

    def unified(self, context: int = 3) -> str | None:
        """The unified diff, "" if nothing differs, None if a text is missing. `patch` takes it."""
        if self.old_text is None or self.new_text is None:
            return None
        if not self.differs:
            return ""
        old, new = patch_lines(self.old_text), patch_lines(self.new_text)
        diff = (
            self.diff
            if old == list(self.old_text.lines) and new == list(self.new_text.lines)
            else Diff(old, new)
        )
        path = _patch_path(self.file or self.name)
        return diff.unified(
            f"{_quoted('a/' + path)}\tas loaded ({self.baseline.source}, {self._sure()})",
            f"{_quoted('b/' + path)}\ton disk now",
            context=context,
            heading=self.heading,
            old_ends=self.old_text.ends_with_newline,
            new_ends=self.new_text.ends_with_newline,
        )

    def heading(self, index: int) -> str:
        """What encloses a line of the new text (counted from 0): `class Cart › def total`."""
        return " › ".join(outline(self.new or (), index))

    def place(self, block: Block) -> str:
        """What encloses a changed stretch, in the old text if all of it is gone."""
        if block.new_start < block.new_end:
            return self.heading(block.new_start)
        return " › ".join(outline(self.old or (), block.old_start))

    def _sure(self) -> str:
        return "a guess" if self.baseline.proof == "none" else self.baseline.proof

    def as_json(self) -> dict[str, Any]:
        """The entry of the `diff` document."""
        return {
            "name": self.name,
            "file": self.file,
            "baseline": {
                "source": self.baseline.source,
                "proof": self.baseline.proof,
                "detail": self.baseline.detail,
                "guessed": [index + 1 for index in sorted(self.baseline.guessed)],
            },
            "diff": self.unified(),
            "definitions": [
                {
                    "qualname": each.qualname,
                    "change": each.change,
                    "what": list(each.what),
                    "line": each.line,
                }
                for each in self.definitions
            ],
            "added": self.added,
            "removed": self.removed,
            "digest": self.digest,
            "error": self.error,
            "note": self.note,
        }


def change(
    calls: Calls,
    name: str,
    *,
    root: str = "",
    store: Store | None = None,
    tell: Tell | None = None,
) -> Change:
    """A module's change since it was loaded, from the best witness there is.

    `root` is where the target's `/` can be opened by us ("" for our own), for what is read there
    (git). `tell` gets words about a search that takes long. Raises what the calls raise:
    UnknownModule, ConnectionLost.
    """
    text = calls.source(name)
    data = data_of(text)
    baseline = loaded(calls, name, text, root=root, store=store, tell=tell)
    return Change(name, text["file"], baseline, data, text["error"], text["digest"])


def _with_bytecode(found: Comparison, baseline: Baseline) -> Comparison:
    """The definitions that differ, where the old text is partly a guess.

    Of functions with guessed lines, and of all if the text is no Python, bytecode knows better.
    """
    told = baseline.definitions
    if found.old_problem is None and baseline.data is not None:
        lines = decode(baseline.data).lines
        spans = function_spans("\n".join(lines))
        doubtful = {
            name
            for name, first, last in spans
            if any(first - 1 <= index < last for index in baseline.guessed)
        }
        told = tuple(one for one in told if one.qualname in doubtful)
    names = {one.qualname for one in told}
    kept = [one for one in found.definitions if one.qualname not in names]
    every = sorted([*kept, *told], key=lambda one: one.line or one.old_line or 0)
    return Comparison(tuple(every), None, found.new_problem, found.same_code)


def between(
    name: str,
    old: bytes | None,
    new: bytes | None,
    *,
    file: str | None = None,
    source: str = "captured",
    proof: str = "proved",
    detail: str = "captured when it was imported",
) -> Change:
    """A change of two texts at hand."""
    baseline = Baseline(old, source, proof, detail)
    return Change(name, file, baseline, new, None, None if new is None else digest(new))


def _patch_path(path: str) -> str:
    return path.lstrip("/")


def _quoted(path: str) -> str:
    """The path as git writes it in a diff: quoted if it has characters that would confuse."""
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    escaped = path.encode("utf-8", "surrogateescape")
    return (
        '"'
        + "".join(
            chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
            for byte in escaped
        )
        + '"'
    )
