"""Which of some texts is the one that was loaded: compared with the live code, in a helper process.

Code can only be read by the interpreter that made it, so the helper is the target's own executable;
where that may not be trusted (we are somebody else), ours, if its bytecode is the same.
"""

from __future__ import annotations

import importlib.util
import marshal
import platform
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from modtui.source import bounded, interpreters

if TYPE_CHECKING:
    from modtui.agent import shapes

Fit = Literal["", "hash", "size", "whole", "functions", "silent"]
HELPER = Path(__file__).with_name("match_helper.py")
ENOUGH = 2  # texts that fit: the first is the answer, another says that it is not the only one


@dataclass(frozen=True)
class Matcher:
    """Knows a module's live code; asks the helper about texts."""

    live: shapes.LiveCode
    executable: str

    @property
    def functions(self) -> bool:
        """Whether there is any live code to compare with."""
        return self.live["code"] is not None

    @property
    def size(self) -> int | None:
        """The size in bytes (32 bits of it) that the text had, from the pyc; None if not known."""
        pyc = self._pyc()
        if len(pyc) < 16 or pyc[4] & 1:
            return None
        return int.from_bytes(pyc[12:16], "little")

    @property
    def sure(self) -> bool:
        """Whether the pyc is beyond doubt the one that the module was loaded from."""
        return self.live["pyc_sure"]

    @property
    def hashed(self) -> bool:
        """Whether the pyc holds a hash of the text (PEP 552)."""
        pyc = self._pyc()
        return len(pyc) >= 16 and bool(pyc[4] & 1)

    def question(self) -> dict[str, Any]:
        """What is known of the code, as helpers are told."""
        return {
            "live": _bytes(self.live["code"]),
            "pyc": self._pyc(),
            "running": _bytes(self.live["running"]),
            "optimize": self.live["optimize"],
        }

    def fits(self, texts: Sequence[bytes], current: bytes, seconds: float) -> list[Fit]:
        """How well each text fits (see `match_helper`), and last, how well the file as it is now.

        After two that fit the others are not looked at: they count as not fitting. [] if the helper
        failed or was too slow.
        """
        if not texts:
            return []
        with Asking(self, seconds) as asking:
            found: list[Fit] = []
            for text in texts:
                enough = sum(map(bool, found)) >= ENOUGH
                found.append("" if enough else asking.fit(text))
            found.append(asking.fit(current))
            return [] if asking.failed else found

    def _pyc(self) -> bytes:
        return _bytes(self.live["pyc"])


class Asking:
    """The helper at work on one module, as a context manager; ended when its time is over."""

    def __init__(self, matcher: Matcher, seconds: float) -> None:
        self._matcher = matcher
        self._lines: list[tuple[int, bytes]] = []
        self._names: list[bytes] = []
        self._known = False
        self.failed = False
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                interpreters.command(matcher.executable, HELPER),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        except OSError:
            self.failed = True
            return
        bounded.bound(self._process)
        self._timer = threading.Timer(max(seconds, 0.01), self._process.kill)
        self._timer.daemon = True
        self._timer.start()
        self._send(matcher.question())

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the helper."""
        if self._process is not None:
            self._timer.cancel()
            self._process.kill()
            self._process.communicate()

    def fit(self, text: bytes) -> Fit:
        """How well a text fits (see `match_helper`); "" if not, or if the helper has failed."""
        if self.failed:
            return ""
        if self._matcher.hashed:
            self._facts()
            self._send(text)
            return self._receive() or ""
        size = self._matcher.size
        if size is not None and len(text) & 0xFFFFFFFF != size:
            return ""
        if not self._may_hold(text):
            return ""
        self._send(text)
        return self._receive() or ""

    def _may_hold(self, text: bytes) -> bool:
        """A quick look before compiling: is every function where it must be, with all its names?

        A function's first line is that of its `def`, or of its first decorator. What one text did
        not have the next one, a version of the same file, most likely has not either: it is looked
        for first.
        """
        self._facts()
        for at, name in enumerate(self._names):
            if name not in text:
                self._names.insert(0, self._names.pop(at))
                return False
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for at, (number, name) in enumerate(self._lines):
            if not _defines(lines, number, name):
                self._lines.insert(0, self._lines.pop(at))
                return False
        return True

    def _facts(self) -> None:
        """Read what the helper says to look for: the first that it says."""
        if not self._known:
            self._known = True
            facts = self._receive() or {"lines": [], "names": []}
            self._lines, self._names = facts["lines"], facts["names"]

    def _send(self, value: Any) -> None:
        data = marshal.dumps(value, 2)
        stream = self._process.stdin if self._process is not None else None
        try:
            if stream is not None:
                stream.write(len(data).to_bytes(4, "little") + data)
                stream.flush()
        except OSError:
            self.failed = True

    def _receive(self) -> Any:
        stream = self._process.stdout if self._process is not None else None
        if self.failed or stream is None:
            return None
        try:
            size = int.from_bytes(stream.read(4), "little")
            return marshal.loads(stream.read(size))
        except (OSError, ValueError, EOFError, TypeError):
            self.failed = True
            return None


def _defines(lines: Sequence[bytes], number: int, name: bytes) -> bool:
    """Whether a function of that name may begin on a line (counted from 1)."""
    if number > len(lines):
        return False
    line = lines[number - 1].strip(b" \t\f\xef\xbb\xbf")
    if line.startswith(b"@"):
        return True
    if not line.startswith((b"def", b"async")):
        return False
    return not name.isascii() or name in line or line.endswith(b"\\")


def matcher(live: shapes.LiveCode, target: shapes.Target, root: str) -> Matcher | None:
    """A matcher for that module; None if no interpreter here can read its code."""
    if not live["plain"] or not (live["code"] or live["pyc"] or live["running"]):
        return None
    theirs = interpreters.own(target, root)
    if theirs is not None:
        return Matcher(live, theirs)
    # Releases of one version share the magic number, and yet compile a little differently.
    same = live["magic"] == importlib.util.MAGIC_NUMBER.hex()
    if same and target["python"] == platform.python_version():
        return Matcher(live, sys.executable)
    return None


def _bytes(text: str | None) -> bytes:
    return b"" if text is None else text.encode("latin-1")
