"""Run by the target's own interpreter: compiles texts and compares them with live code.

`python -I -S compare_helper.py HOUSE`, HOUSE being the directory that holds the package modtui.
It says which interpreter it is, then answers each line of standard input, a JSON object with the
fields of shapes.LiveCode and the file's bytes as `data`, with a line: shapes.Freshness.
"""

from __future__ import annotations

import json
import sys
from marshal import loads
from typing import Any


def main(house: str) -> None:
    """Serve until standard input ends."""
    sys.path.insert(0, house)
    from modtui.agent import identity, pycs

    hello = {"magic": pycs.magic().hex(), "python": identity.python_version()}
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        print(json.dumps(compare(json.loads(line))), flush=True)


def compare(asked: dict[str, Any]) -> Any:
    """The verdict on one module."""
    from modtui.agent import compiling, deciding

    facts = deciding.Facts(tuple(asked["stamp"]), asked["after_ns"], asked["started_ns"])
    live = [(name, code) for name, code in loads(asked["code"].encode("latin-1"))]
    current = compiling.of_text(asked["data"].encode("latin-1"))
    if current.top is None and current.error is None:
        return facts.answer("unknown", "none", current.why_not)
    witness = running = None
    if asked["pyc"] is not None:
        witness = deciding.Witness(
            asked["pyc"].encode("latin-1"),
            old=asked["pyc_old"],
            sure=asked["pyc_sure"],
            early=asked["pyc_early"],
            dated=asked["pyc_dated"],
        )
    if asked["running"] is not None:
        running = loads(asked["running"].encode("latin-1"))
    return deciding.decide(facts, live, current, witness, running)


if __name__ == "__main__":
    main(sys.argv[1])
