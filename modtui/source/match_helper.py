"""Runs in a helper process, by an interpreter like the target's: which texts fit the live code?

Only what Python 3.8 knows is used here. Nothing of the texts or of the live code is executed: texts
are compiled, code objects are compared.
"""

from __future__ import annotations

import builtins
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENOUGH = 2  # texts that fit: the first is the answer, another one says that it is not the only one
ANNOTATIONS = "__annotate__"  # a function that the compiler makes (3.14+)


def main() -> None:
    """Read one marshalled question from stdin, write one marshalled answer to stdout."""
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    import _imp

    from modtui.agent import codes

    question = marshal.loads(sys.stdin.buffer.read())
    live = marshal.loads(question["live"]) if question["live"] else []
    pyc = question["pyc"]
    header = pyc[:16] if pyc else b""
    whole = marshal.loads(pyc[16:]) if pyc else None
    running = marshal.loads(question["running"]) if question["running"] else None
    judge = Judge(codes, [tuple(pair) for pair in live], header, whole, running, _imp.source_hash)
    optimize = question["optimize"]
    *texts, current = question["texts"]
    answer = [""] * len(texts)
    for at, text in enumerate(texts):
        answer[at] = judge.fits(text, optimize)
        if sum(map(bool, answer)) == ENOUGH:
            break
    answer.append(judge.fits(current, optimize))
    sys.stdout.buffer.write(marshal.dumps(answer, 2))


class Judge:
    """Compares texts with what is known of one loaded module."""

    def __init__(
        self, codes: Any, live: Any, header: bytes, whole: Any, running: Any, source_hash: Any
    ) -> None:
        self.codes, self.live, self.whole, self.running = codes, live, whole, running
        self.header, self.source_hash = header, source_hash
        self.hashed = bool(header and header[4] & 1)
        self._names: set[bytes] | None = None

    def fits(self, text: bytes, optimize: int) -> str:
        """How well a text fits: "" not at all, else the best of its evidence.

        hash: the pyc has the hash of this very text. size: its code is that of the pyc, and it is
        as long. whole: its code is what is running. functions: all live functions are exactly in
        it. silent: nothing speaks against it, nor for it.
        """
        if self.hashed:
            magic = int.from_bytes(self.header[:4], "little")
            return "hash" if self.source_hash(magic, text) == self.header[8:16] else ""
        size = int.from_bytes(self.header[12:16], "little") if self.header else None
        if size is not None and len(text) & 0xFFFFFFFF != size:
            return ""
        if not self.may_hold(text):
            return ""
        try:
            top = compile(text, "<candidate>", "exec", dont_inherit=True, optimize=optimize)
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

    def may_hold(self, text: bytes) -> bool:
        """A quick look before compiling: is every function where it must be, with all its names?

        A function's first line is that of its `def`, or of its first decorator.
        """
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for _, code in self.live:
            if not code.co_name.isidentifier() or code.co_name == ANNOTATIONS:
                continue  # a lambda or a comprehension
            if code.co_firstlineno > len(lines):
                return False
            line = lines[code.co_firstlineno - 1].strip(b" \t\f\xef\xbb\xbf")
            if line.startswith(b"@"):
                continue
            if not line.startswith((b"def", b"async")):
                return False
            name = code.co_name.encode()
            if name.isascii() and name not in line and not line.endswith(b"\\"):
                return False
        return all(name in text for name in self.names())

    def names(self) -> set[bytes]:
        """The names that the live functions use, as far as they stand in a text as they are."""
        if self._names is None:
            self._names = set()
            for _, code in self.live:
                if code.co_name == ANNOTATIONS:
                    continue
                for name in (*code.co_names, *code.co_varnames):
                    # The compiler itself uses some built-ins, and mangles what begins with `_`.
                    plain = name.isidentifier() and name.isascii() and not name.startswith("_")
                    if plain and not hasattr(builtins, name):
                        self._names.add(name.encode())
        return self._names


if __name__ == "__main__":
    main()
