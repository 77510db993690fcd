"""Marshalled constants, read as a stranger's: `marshal.loads` may crash on what was made for it.

The format is that of CPython's Python/marshal.c since version 2, for the types of constants.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

DEEPEST = 40
_REFERENCE = 0x80  # this value may be named again
_SINGLE = {b"N": None, b"T": True, b"F": False}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.named: list[Any] = []

    def take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if count < 0 or len(part) != count:
            raise ValueError("it ends too early")
        self.at += count
        return part

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self, depth: int = 0) -> Any:
        if depth > DEEPEST:
            raise ValueError("it is too deep")
        kind = self.number("<B")
        letter, place = bytes((kind & ~_REFERENCE,)), None
        if kind & _REFERENCE:
            place = len(self.named)
            self.named.append(None)  # containers take their number before their items
        found = self._of(letter, depth)
        if place is not None:
            self.named[place] = found
        return found

    def _of(self, letter: bytes, depth: int) -> Any:
        if letter in _SINGLE:
            return _SINGLE[letter]
        simple: dict[bytes, Callable[[], Any]] = {
            b".": lambda: ...,
            b"i": lambda: self.number("<i"),
            b"l": self._big,
            b"g": lambda: self.number("<d"),
            b"y": lambda: complex(self.number("<d"), self.number("<d")),
            b"r": lambda: self.named[self.number("<i")],
            b"{": lambda: self._dict(depth),
        }
        if letter in simple:
            return simple[letter]()
        if letter in b")(":
            count = self.number("<B" if letter == b")" else "<i")
            return tuple(self.value(depth + 1) for _ in range(self._possible(count)))
        if letter in b"zZuaAts":
            text = self.take(self.number("<B" if letter in b"zZ" else "<i"))
            return text if letter == b"s" else text.decode("utf-8", "surrogatepass")
        raise ValueError(f"no constant begins with {letter!r}")

    def _possible(self, count: int) -> int:
        if not 0 <= count <= len(self.data) - self.at:
            raise ValueError("it ends too early")
        return int(count)

    def _big(self) -> int:
        size = self.number("<i")
        digits = [self.number("<H") for _ in range(self._possible(abs(size)))]
        value: int = sum(digit << 15 * place for place, digit in enumerate(digits))
        return -value if size < 0 else value

    def _dict(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.data[self.at : self.at + 1] != b"0":
            key = self.value(depth + 1)
            if type(key) is not str:
                raise ValueError("a name is text")
            found[key] = self.value(depth + 1)
        self.at += 1
        return found


def constants(data: bytes) -> dict[str, Any]:
    """The values by name of a marshalled dict. Raises ValueError if it is something else."""
    try:
        found = _Reader(data).value()
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(str(error)) from None
    if type(found) is not dict:
        raise ValueError("it is no dict")
    return found
