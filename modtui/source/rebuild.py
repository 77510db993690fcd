"""The source as loaded where no copy of it exists: rebuilt from the live bytecode, and proved.

A helper of the target's kind takes the lines that did not change from the file and from its
versions elsewhere, writes the others from names, constants and columns in the bytecode, compiles
the result and compares. A function that comes out equal, positions included, is proved up to what
code does not hold: comments, blanks, quotes. Lines that nothing proves are known as guesses.
"""

from __future__ import annotations

import codecs
import itertools
import marshal
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modtui.source import bounded, interpreters
from modtui.source.baselines import Baseline
from modtui.source.definitions import Definition
from modtui.source.git import Deadline, GitError
from modtui.source.matching import Matcher
from modtui.source.text import SourceText, decode

HELPER = Path(__file__).with_name("rebuild_helper.py")
SECONDS = 3.0  # for the work of the helper
PATIENCE = 2.0  # seconds more until it is ended
MOST_BYTES = 1024 * 1024  # of a text
VERSIONS = 8  # texts from elsewhere that are looked at


@dataclass(frozen=True)
class Rebuilt:
    """What the helper found. Lines count from 0."""

    lines: list[str]
    guessed: frozenset[int]
    changed: list[str]  # functions that are not those of the file now
    proved: list[str]  # all functions of which the text is proved
    whole: bool  # the whole module compiles to the code that it was loaded from
    definitions: tuple[Definition, ...]  # what is known of changes by bytecode alone


def nearest(candidates: Iterable[bytes], deadline: Deadline) -> list[bytes]:
    """The first few texts of an iterator that may end with GitError or take too long."""
    found: list[bytes] = []
    try:
        for data in itertools.islice(candidates, VERSIONS):
            found.append(data)
            deadline.check()
    except GitError:
        pass  # what there is so far is better than nothing
    return found


def rebuild(
    matcher: Matcher, current: bytes | None, others: Sequence[bytes], seconds: float = SECONDS
) -> Baseline | None:
    """The text as loaded, rebuilt; None if that is not possible or says nothing new.

    `current` is the file now, `others` are texts that it had at other times.
    """
    texts = [decode(data) for data in ([] if current is None else [current])]
    texts += [decode(data) for data in others]
    usable = [text for text in texts if text.exact and len(text.raw) <= MOST_BYTES]
    if current is not None and len(current) > MOST_BYTES:
        return None
    found = _ask(matcher, ["\n".join((*text.lines, "")) for text in usable], seconds)
    if found is None or not found.lines:
        return None
    if usable and current is not None and found.lines == list(usable[0].lines):
        return None  # whatever changed is not to be seen in memory
    like = usable[0] if usable else SourceText((), raw=b"")
    data = encode(found.lines, like)
    if data is None:
        return None
    proof, detail = _sureness(found, matcher, data)
    return Baseline(data, "rebuilt", proof, detail, found.guessed, found.definitions)


def encode(lines: Sequence[str], like: SourceText) -> bytes | None:
    """The lines as bytes, in the encoding and with the line ends of another text."""
    newline = like.newline if like.newline != "mixed" else "\n"
    text = newline.join(lines) + (newline if lines and like.ends_with_newline else "")
    try:
        return (codecs.BOM_UTF8 if like.bom else b"") + text.encode(like.encoding)
    except (UnicodeError, LookupError):
        return None


def _ask(matcher: Matcher, texts: Sequence[str], seconds: float) -> Rebuilt | None:
    question = matcher.question() | {"texts": list(texts), "seconds": seconds}
    try:
        _, out, _ = bounded.run(
            interpreters.command(matcher.executable, HELPER),
            marshal.dumps(question, 2),
            seconds + PATIENCE,
            cwd="/",
        )
        answer = marshal.loads(out)
    except (OSError, subprocess.TimeoutExpired, ValueError, EOFError, TypeError):
        return None
    if not isinstance(answer, dict) or not answer.get("lines"):
        return None
    return Rebuilt(
        answer["lines"],
        frozenset(answer["guessed"]),
        answer["changed"],
        answer["proved"],
        answer["whole"],
        tuple(map(_definition, answer["definitions"])),
    )


def _definition(told: dict[str, Any]) -> Definition:
    return Definition(
        told["qualname"],
        told["change"],
        tuple(told["what"]),
        told["line"],
        told["old_line"],
        "function",
    )


def _sureness(found: Rebuilt, matcher: Matcher, data: bytes) -> tuple[str, str]:
    start = "rebuilt from its bytecode"
    if found.whole:
        detail = f"{start}: it compiles to the very code that was loaded; comments may differ"
        if matcher.size == len(data) & 0xFFFFFFFF:
            detail = f"{start}: it compiles to the very code that was loaded, and is as long"
        return ("proved" if matcher.sure else "likely"), detail
    changed = [name for name in found.changed if name not in found.proved]
    count = len(found.changed)
    outside = "statements outside of functions could not be checked"
    if matcher.size is not None or matcher.live["running"]:
        outside = "not all statements outside of functions are those that were loaded"
    if not count:
        return "likely", f"{start}: functions only moved; {outside}"
    if not changed:
        every = (
            "the changed function is proved"
            if count == 1
            else (f"all {count} changed functions are proved")
        )
        return "likely", f"{start}: {every}; {outside}"
    said = f"{count - len(changed)} of {count} changed functions proved; dim lines are guesses"
    return ("none" if len(changed) == count else "likely"), f"{start}: {said}"
