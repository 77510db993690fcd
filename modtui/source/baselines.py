"""The source as loaded: what is known of it, which witness has it, and how sure that is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from modtui.source.definitions import Definition

if TYPE_CHECKING:
    from modtui.agent import shapes


class Calls(Protocol):
    """What is asked of an agent here; `modtui.agent.calls.Calls` and its proxies have it."""

    def hello(self) -> shapes.Hello: ...
    def source(self, name: str) -> shapes.Text: ...
    def baseline(self, name: str) -> shapes.BaselineText: ...
    def freshness(self, names: list[str] | None = None) -> dict[str, shapes.Freshness]: ...
    def remember(self, texts: list[shapes.Remembered]) -> int: ...
    def show(self, name: str) -> shapes.Detail: ...
    def live_code(self, name: str) -> shapes.LiveCode: ...


@dataclass(frozen=True)
class Baseline:
    """The source as loaded: its bytes (None if unknown), which witness has it, and how sure.

    `source` is one of captured, linecache, zip, store, file, git, wheel, rebuilt, none; `proof` is
    proved, likely (evidence, but not all of it) or none (a guess, or nothing); `detail` is a
    sentence. Of a rebuilt text, `guessed` are the lines (counted from 0) that nothing proves, and
    `definitions` what bytecode tells of each function that changed.
    """

    data: bytes | None
    source: str
    proof: str
    detail: str
    guessed: frozenset[int] = frozenset()
    definitions: tuple[Definition, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether this is the text that was loaded, beyond doubt."""
        return self.data is not None and self.proof == "proved"


def digest(data: bytes) -> str:
    """The name of a text by its content, as agents make it: blake2b, 16 bytes, hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def data_of(text: Mapping[str, Any]) -> bytes | None:
    """The bytes in an answer of `source` or `baseline`, which carries them as latin-1."""
    data = text["data"]
    return None if data is None else str(data).encode("latin-1")
