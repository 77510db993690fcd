"""Runs in a helper process, by an interpreter like the target's: old source from live bytecode.

Only what Python 3.8 knows is used here. Nothing of the texts or of the live code is executed.
"""

from __future__ import annotations

import marshal
import os
import sys


def main() -> None:
    """Read one marshalled question from stdin, write one marshalled answer to stdout."""
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from modtui.agent import codes
    from modtui.source.rebuilding.work import Work

    question = marshal.loads(sys.stdin.buffer.read())
    live = marshal.loads(question["live"]) if question["live"] else []
    whole = None
    if question["running"]:
        whole = marshal.loads(question["running"])
    elif question["pyc"]:
        whole = marshal.loads(question["pyc"][16:])
    work = Work(
        [(name, code) for name, code in live],
        whole,
        question["texts"],
        question["optimize"],
        question["seconds"],
        codes,
    )
    sys.stdout.buffer.write(marshal.dumps(work.run(), 2))


if __name__ == "__main__":
    main()
