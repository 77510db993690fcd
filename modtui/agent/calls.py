"""Every call that an inspector can make, one public method each; in process it is used as it is.

All arguments and results are plain JSON (`shapes` describes them). A call raises nothing but the
types of `errors`.
"""

from __future__ import annotations

from . import baseline, census, detail, freshness, identity, jobs, planning, reloading
from .errors import BadCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from . import shapes


class Calls:
    """The calls of one inspector; what inspectors share (journal, jobs) is the agent's."""

    def __init__(self) -> None:
        self._census = census.Census()

    # Looking: nothing in the target is imported, called or changed.

    def hello(self) -> shapes.Hello:
        """Who the target is, how the agent came, and what it added to the target."""
        return identity.hello()

    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page:
        """A page of the census. Offset 0 takes a new snapshot; limit 0 gives all of it."""
        return self._census.page(offset, limit)

    def changes(self, generation: int) -> shapes.Changes:
        """Which entries came and went since the census of that generation."""
        return self._census.changes(generation)

    def freshness(self, names: Optional[List[str]] = None) -> Dict[str, shapes.Freshness]:
        """Look again whether what is loaded is what is on disk; None means every module."""
        return freshness.verdicts(names)

    def show(self, name: str) -> shapes.Detail:
        """All about one module. Raises UnknownModule."""
        return detail.show(name)

    def source(self, name: str) -> shapes.Text:
        """The file's bytes now, as the target sees it. Raises UnknownModule."""
        return baseline.current(name)

    def baseline(self, name: str) -> shapes.BaselineText:
        """The source as loaded, from what the target itself has. Raises UnknownModule."""
        return baseline.loaded(name)

    def remember(self, texts: List[shapes.Remembered]) -> int:
        """Be told the digest of what is loaded; freshness uses it. Returns how many were taken."""
        return baseline.remember(texts)

    def told_start(self, seconds: float) -> None:
        """Be told when the process started, for where it cannot know that itself."""
        identity.told_start(seconds)

    def live_code(self, name: str) -> shapes.LiveCode:
        """The module's live code, for a helper process to compare. Raises UnknownModule."""
        return freshness.live_code(name)

    def plan(self, names: List[str], patch: bool = False, dependents: bool = False) -> shapes.Plan:
        """What a reload of these would do: order, hazards, what it leaves. Raises UnknownModule."""
        return planning.plan(names, patch=patch, dependents=dependents)

    def journal(self) -> List[shapes.JournalEntry]:
        """The reloads of this agent's life, oldest first."""
        return reloading.journal.entries()

    # Changing: only these touch the target.

    def reload(
        self,
        names: List[str],
        patch: bool = False,
        dependents: bool = False,
        yes: bool = False,
        expect: Optional[Dict[str, str]] = None,
    ) -> shapes.Report:
        """Reload on the calling thread, as one transaction.

        `expect` maps names to the digest of the source that was shown to the user. Raises
        UnknownModule, Refused (a danger without `yes`), FileChanged and Busy, each before anything
        was changed. A module that raises does not raise here: the report says `rolled_back`.
        """
        return reloading.reload(
            names, patch=patch, dependents=dependents, yes=yes, expect=expect or {}
        )

    def undo(self) -> shapes.UndoReport:
        """Take the last reload back. Raises NothingToUndo, CannotUndo and Busy."""
        return reloading.undo()

    # Jobs: a changing call to be run by another thread, normally the target's main thread.

    def submit(self, call: str, arguments: Dict[str, Any]) -> str:
        """Prepare a `reload` or `undo` to be run by `jobs.run(token)`; returns the token."""
        if call not in ("reload", "undo"):
            raise BadCall("only reload and undo can be jobs, not %r" % (call,))
        method = getattr(self, call)
        return jobs.submit(lambda: method(**arguments))

    def wait(self, token: str, seconds: float) -> shapes.JobState:
        """Wait at most so long for a job. Raises UnknownJob."""
        return jobs.wait(token, seconds)

    def withdraw(self, token: str) -> bool:
        """Take a job back: True if it has not begun and now never will. Raises UnknownJob."""
        return jobs.withdraw(token)

    def run_here(self, token: str) -> shapes.JobState:
        """Run a job on the calling (agent's) thread, if nobody has begun it. Raises UnknownJob."""
        return jobs.run_here(token)


class WireCalls(Calls):
    """The calls as the channel makes them: what is long is made while it is encoded."""

    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page:
        """See Calls."""
        return self._census.lazy_page(offset, limit)
