"""Runs in a helper process, by an interpreter like the target's: which texts fit the live code?

Only what Python 3.8 knows is used here. Nothing of the texts or of the live code is executed: texts
are compiled, code objects are compared.
"""

from __future__ import annotations

import _imp
import builtins
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ANNOTATIONS = "__annotate__"  # a function that the compiler makes (3.14+)


def main() -> None:
    """Read a question from stdin and say what to look for; then judge text after text.

    Each message is its length in four bytes, the lowest first, and a marshalled value.
    """
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from modtui.agent import codes

    question = read()
    live = marshal.loads(question["live"]) if question["live"] else []
    whole = marshal.loads(question["pyc"][16:]) if question["pyc"] else None
    running = marshal.loads(question["running"]) if question["running"] else None
    judge = Judge(codes, [tuple(pair) for pair in live], whole, running, question["optimize"])
    judge.header = question["pyc"][:16]
    write({"lines": judge.lines(), "names": judge.names()})
    while True:
        text = read()
        if text is None:
            return
        write(judge.fits(text))


def read() -> Any:
    """The next message; None at the end."""
    size = sys.stdin.buffer.read(4)
    return marshal.loads(sys.stdin.buffer.read(int.from_bytes(size, "little"))) if size else None


def write(value: Any) -> None:
    """Send a message."""
    data = marshal.dumps(value, 2)
    sys.stdout.buffer.write(len(data).to_bytes(4, "little") + data)
    sys.stdout.buffer.flush()


class Judge:
    """Compares texts with what is known of one loaded module."""

    def __init__(self, codes: Any, live: Any, whole: Any, running: Any, optimize: int) -> None:
        self.codes, self.live, self.whole, self.running = codes, live, whole, running
        self.optimize = optimize
        self.header = b""

    def fits(self, text: bytes) -> str:
        """How well a text fits: "" not at all, else the best of its evidence.

        hash: the pyc has the hash of this very text. size: its code is that of the pyc (and whoever
        asks has seen that it is as long). whole: its code is what is running. functions: all live
        functions are exactly in it. silent: nothing speaks against it, nor for it.
        """
        if self.header and self.header[4] & 1:
            magic = int.from_bytes(self.header[:4], "little")
            return "hash" if _imp.source_hash(magic, text) == self.header[8:16] else ""
        try:
            top = compile(text, "<candidate>", "exec", dont_inherit=True, optimize=self.optimize)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            return ""
        for known in (self.whole, self.running):
            if known is not None and not self.equal(known, top):
                return ""
        if self.live and not self.codes.Comparison(self.live, self.codes.Tree(top)).all_exact:
            return ""
        if self.whole is not None:
            return "size"
        if self.running is not None:
            return "whole"
        return "functions" if self.live else "silent"

    def equal(self, known: Any, top: Any) -> bool:
        """Whether two modules' code is the same and stands on the same lines and columns."""
        return bool(self.codes.same(known, top) and self.codes.same_place(known, top))

    def lines(self) -> list[tuple[int, bytes]]:
        """Where functions begin, and how they are called; lambdas and the like left out."""
        return [
            (code.co_firstlineno, code.co_name.encode())
            for _, code in self.live
            if code.co_name.isidentifier() and code.co_name != ANNOTATIONS
        ]

    def names(self) -> list[bytes]:
        """The names that the live functions use, as far as they stand in a text as they are."""
        found = set()
        for _, code in self.live:
            if code.co_name == ANNOTATIONS:
                continue
            for name in (*code.co_names, *code.co_varnames):
                # The compiler itself uses some built-ins, and mangles what begins with `_`.
                plain = name.isidentifier() and name.isascii() and not name.startswith("_")
                if plain and not hasattr(builtins, name):
                    found.add(name.encode())
        return sorted(found, key=len, reverse=True)


if __name__ == "__main__":
    main()
