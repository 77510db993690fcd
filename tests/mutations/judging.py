"""What was found out, against the truth."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from modtui.source.changes import between
from tests.mutations.texts import TEXT_ONLY
from tests.mutations.trial import Case


def wrong(case: Case) -> Iterator[str]:
    """What was said of a module and is not so."""
    freshness = case.freshness
    verdict, proof, reason = freshness["verdict"], freshness["proof"], freshness["reason"]
    if case.is_edited and verdict == "fresh" and proof == "proved":
        yield f"called fresh and proved: {reason}"
    if case.is_edited and verdict == "fresh" and case.kind not in TEXT_ONLY:
        yield f"called fresh: {reason}"
    if not case.is_edited and verdict in ("stale", "missing"):
        yield f"called {verdict}: {reason}"
    if "only comments" in reason and case.kind not in TEXT_ONLY and verdict == "stale":
        yield f"code changed, too: {reason}"
    # Instructions that belong together are one only where they stand on one line (3.13+).
    layout = TEXT_ONLY - {"statement broken into two lines"}
    if "differ" in reason and "in memory" in reason and case.kind in layout:
        yield f"no code changed: {reason}"
    yield from _wrong_diff(case)


def _wrong_diff(case: Case) -> Iterator[str]:
    change = case.change
    if change is None:
        return
    if change.data != case.now.encode():
        yield "the file as it is now is not what the diff shows"
    baseline = change.baseline
    if baseline.data is None:
        return
    exact = baseline.data == case.loaded.encode()
    if baseline.proof == "proved" and not exact:
        text = baseline.data.decode("utf-8", "replace")
        if baseline.source != "rebuilt" or not same_code(text, case.loaded):
            yield f"proved, and not the text as loaded: {baseline.source}, {baseline.detail}"
    if exact and _bare(change.unified()) != _bare(_truth(case)):
        yield "the diff is not the one of the two texts"


def _truth(case: Case) -> str | None:
    return between(case.name, case.loaded.encode(), case.now.encode()).unified()


def _bare(unified: str | None) -> str | None:
    return None if unified is None else re.sub(r"\A(---|\+\+\+).*\n(\+\+\+.*\n)?", "", unified)


def said(case: Case) -> str:
    """The verdict in one word or two."""
    freshness = case.freshness
    sure = "" if freshness["proof"] == "none" else f" {freshness['proof']}"
    return f"{freshness['verdict']}{sure}"


def baseline(case: Case) -> str:
    """What the diff was made against, in a few words."""
    change = case.change
    assert change is not None
    found = change.baseline
    if found.data is None:
        return "none"
    if found.data == case.loaded.encode():
        return f"exact, {'a guess' if found.proof == 'none' else found.proof}"
    return f"other, {'a guess' if found.proof == 'none' else found.proof}"


def same_code(one: str, other: str) -> bool:
    """Whether two texts are the same but for comments, layout and the way constants are written."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return False
