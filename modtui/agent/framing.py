"""Frames on the wire: four bytes of length (big-endian), then JSON in ASCII.

Encoding goes through the interpreter's C encoder in slices, so that no single call into C holds the
GIL for long. Decoding is done here: the C scanner imports `json.decoder` to raise its errors, which
would load a part of the standard library into the target because somebody sent garbage.
"""

from __future__ import annotations

import _json
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Tuple

LONGEST_REQUEST = 16 * 1024 * 1024
WIDE = 32  # containers with more entries are encoded in slices of so many
LONG = 1 << 16  # strings with more characters are encoded in slices of so many
DEEP = 6  # wrappers above the records: the answer, the page, the plan's steps, ...
NESTED = 100  # how deeply a request may be nested

_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_LAZY = type(_ for _ in "")  # a list whose items are made while they are encoded
_WORDS = (("true", True), ("false", False), ("null", None))


class BadFrame(ValueError):
    """What came over the wire is not a frame of JSON."""


def _not_plain(value: Any) -> Any:
    raise TypeError("not plain JSON: an object of type %s" % (type(value).__name__,))


_text = _json.encode_basestring_ascii
_encoder: Callable[[Any, int], Any] = _json.make_encoder(
    None, _not_plain, _text, None, ":", ",", False, False, True
)


def _whole(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is float:  # the C encoder takes containers only, and repr() is what it uses itself
        return repr(value) if value - value == 0 else "null"
    if kind is int:
        return repr(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "".join(_encoder(value, 0))


def _pieces(value: Any, depth: int) -> Iterator[str]:
    kind = type(value)
    if kind is str and len(value) > LONG:
        yield '"'
        for start in range(0, len(value), LONG):
            yield _text(value[start : start + LONG])[1:-1]
        yield '"'
    elif kind is _LAZY:
        mark = "["
        while True:
            some = list(islice(value, WIDE))
            if not some:
                break
            yield mark
            yield _whole(some)[1:-1]
            mark = ","
        yield "]" if mark == "," else "[]"
    elif depth and kind is list and value:
        mark = "["
        if len(value) <= WIDE:
            for item in value:
                yield mark
                yield from _pieces(item, depth - 1)
                mark = ","
        else:
            for start in range(0, len(value), WIDE):
                yield mark
                yield _whole(value[start : start + WIDE])[1:-1]
                mark = ","
        yield "]"
    elif depth and kind is dict and value:
        mark = "{"
        if len(value) <= WIDE:
            for key, item in value.items():
                yield mark
                yield _text(key)
                yield ":"
                yield from _pieces(item, depth - 1)
                mark = ","
        else:
            items = list(value.items())
            for start in range(0, len(items), WIDE):
                yield mark
                yield _whole(dict(items[start : start + WIDE]))[1:-1]
                mark = ","
        yield "}"
    else:
        yield _whole(value)


def encode(value: Any) -> bytes:
    """JSON (ASCII) of plain values. Raises TypeError and ValueError for others."""
    return "".join(_pieces(value, DEEP)).encode()


def frame(body: bytes) -> bytes:
    """The body with its length before it."""
    return len(body).to_bytes(4, "big") + body


def decode(body: bytes) -> Any:
    """The value of a JSON text. Raises BadFrame for anything that is not one."""
    try:
        text = body.decode("utf-8", "surrogatepass")
    except ValueError:
        raise BadFrame("not UTF-8") from None
    try:
        value, end = _value(text, _blank(text, 0), 0)
    except IndexError:
        raise BadFrame("the JSON ends too early") from None
    if _blank(text, end) != len(text):
        raise BadFrame("more than one JSON value")
    return value


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _value(text: str, at: int, depth: int) -> Tuple[Any, int]:
    first = text[at]
    if first == '"':
        return _string(text, at + 1)
    if depth > NESTED:
        raise BadFrame("nested too deeply")
    if first == "{":
        return _object(text, at + 1, depth + 1)
    if first == "[":
        return _array(text, at + 1, depth + 1)
    for word, value in _WORDS:
        if text.startswith(word, at):
            return value, at + len(word)
    return _number(text, at)


def _object(text: str, at: int, depth: int) -> Tuple[Dict[str, Any], int]:
    found: Dict[str, Any] = {}
    at = _blank(text, at)
    if text[at] == "}":
        return found, at + 1
    while True:
        if text[at] != '"':
            raise BadFrame("a key is not a string")
        key, at = _string(text, at + 1)
        at = _blank(text, at)
        if text[at] != ":":
            raise BadFrame("a key without a value")
        found[key], at = _value(text, _blank(text, at + 1), depth)
        at = _blank(text, at)
        mark = text[at]
        at = _blank(text, at + 1)
        if mark == "}":
            return found, at
        if mark != ",":
            raise BadFrame("no comma between two members")


def _array(text: str, at: int, depth: int) -> Tuple[List[Any], int]:
    found: List[Any] = []
    at = _blank(text, at)
    if text[at] == "]":
        return found, at + 1
    while True:
        item, at = _value(text, at, depth)
        found.append(item)
        at = _blank(text, at)
        mark = text[at]
        at = _blank(text, at + 1)
        if mark == "]":
            return found, at
        if mark != ",":
            raise BadFrame("no comma between two items")


def _string(text: str, at: int) -> Tuple[str, int]:
    end = text.find('"', at)
    if end < 0:
        raise BadFrame("a string without an end")
    slash = text.find("\\", at, end)
    if slash < 0:
        return text[at:end], end + 1
    parts: List[str] = []
    while True:
        parts.append(text[at:slash])
        part, at = _escaped(text, slash + 1)
        parts.append(part)
        end = text.find('"', at)
        if end < 0:
            raise BadFrame("a string without an end")
        slash = text.find("\\", at, end)
        if slash < 0:
            parts.append(text[at:end])
            return "".join(parts), end + 1


def _escaped(text: str, at: int) -> Tuple[str, int]:
    letter = text[at]
    if letter != "u":
        if letter not in _ESCAPES:
            raise BadFrame("an unknown escape")
        return _ESCAPES[letter], at + 1
    code, at = _unit(text, at + 1)
    if 0xD800 <= code < 0xDC00 and text.startswith("\\u", at):
        low, after = _unit(text, at + 2)
        if 0xDC00 <= low < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), after
    return chr(code), at


def _unit(text: str, at: int) -> Tuple[int, int]:
    digits = text[at : at + 4]
    if len(digits) != 4 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise BadFrame("a bad \\u escape")
    return int(digits, 16), at + 4


def _number(text: str, at: int) -> Tuple[Any, int]:
    end = at
    while end < len(text) and text[end] in "+-.0123456789eE":
        end += 1
    digits = text[at:end]
    if not digits or len(digits) > 400:  # int() is quadratic, so a longer one is not a number
        raise BadFrame("not JSON")
    try:
        return (int(digits) if digits.lstrip("-").isdigit() else float(digits)), end
    except ValueError:
        raise BadFrame("not a number") from None
