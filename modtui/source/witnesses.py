"""The search for the source as loaded: one witness after the other, the best one first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modtui.source.baselines import Baseline, Calls, data_of, digest
from modtui.source.progress import Progress, Tell

if TYPE_CHECKING:
    from modtui.agent import shapes
    from modtui.source.store import Store


def loaded(
    calls: Calls,
    name: str,
    text: shapes.Text,
    *,
    root: str = "",
    store: Store | None = None,
    tell: Tell | None = None,
) -> Baseline:
    """The source as loaded, from the best witness: agent, store, the fresh file, then git."""
    known = calls.baseline(name)
    own = Baseline(data_of(known), known["source"], known["proof"], known["detail"])
    if own.proved:
        return own
    if store is not None and (stored := store.find(calls, name, known)) is not None:
        return stored
    current = data_of(text)
    if current is not None:
        fresh = calls.freshness([name]).get(name)
        if fresh is not None and fresh["verdict"] == "fresh" and fresh["proof"] == "proved":
            return Baseline(current, "file", "proved", fresh["reason"])
    if own.data is not None and own.proof == "likely":
        return own
    return _elsewhere(calls, name, text, known, own, root, store, Progress(tell))


def _elsewhere(
    calls: Calls,
    name: str,
    text: shapes.Text,
    known: shapes.BaselineText,
    own: Baseline,
    root: str,
    store: Store | None,
    progress: Progress,
) -> Baseline:
    """What git and the like have, unless what the agent has is the better guess."""
    from modtui.source import recover  # most texts are found without it

    key = (name, known.get("execution", ""), digest(data_of(text) or b""))
    if store is not None and key in store.recovered:
        return store.recovered[key]
    progress("asking for the code in memory")
    evidence, matcher = recover.gather(calls, name, known, root)
    started = calls.hello()["target"]["started"]
    extra = []
    if own.data is not None:
        extra.append(recover.Candidate(own.data, f"{own.source} in the target", own.source))
    found = recover.recover(
        text, evidence, matcher, extra=extra, root=root, started=started, progress=progress
    )
    if found is None or (found.proof == "none" and own.data is not None):
        found = own
    elif found.proved and store is not None:
        store.learn(calls, name, known, found)
    if found.proof == "none" and matcher is not None:
        progress("rebuilding the text as loaded from bytecode")
        rebuilt = recover.rebuilt(text, matcher, extra=extra, root=root, started=started)
        # What nothing speaks for is no better than what was made from the live code.
        found = rebuilt or found
    if store is not None:
        store.recovered[key] = found
    return found
