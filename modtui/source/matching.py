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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from modtui.source import interpreters

if TYPE_CHECKING:
    from modtui.agent import shapes

Fit = Literal["", "hash", "size", "whole", "functions", "silent"]
HELPER = Path(__file__).with_name("match_helper.py")


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
        question = self.question() | {"texts": [*texts, current]}
        try:
            done = subprocess.run(
                [self.executable, "-I", "-S", "-B", "-W", "ignore", str(HELPER)],
                input=marshal.dumps(question, 2),
                capture_output=True,
                cwd="/",
                timeout=max(seconds, 0.01),
                check=False,
            )
            answer = marshal.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError, EOFError, TypeError):
            return []
        return answer if isinstance(answer, list) and len(answer) == len(texts) + 1 else []

    def _pyc(self) -> bytes:
        return _bytes(self.live["pyc"])


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
