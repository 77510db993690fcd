"""Bytes of Python source to lines of text, exactly as Python itself reads them."""

from __future__ import annotations

import codecs
import re
import tokenize
from dataclasses import dataclass, field
from io import BytesIO

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class SourceText:
    """A source file's text: its lines as Python's tokenizer counts them, without their ends."""

    lines: tuple[str, ...]
    encoding: str = "utf-8"
    newline: str = "\n"  # "\n", "\r\n", "\r", or "mixed"
    ends_with_newline: bool = True
    bom: bool = False
    note: str | None = None  # why the lines are not exactly what Python reads
    raw: bytes = field(default=b"", repr=False)

    @property
    def exact(self) -> bool:
        """Whether the lines are what Python reads, nothing escaped or guessed."""
        return self.note is None


def decode(data: bytes) -> SourceText:
    """The text of a source file.

    Encoding: the byte order mark and the declaration of PEP 263, as `tokenize.detect_encoding`
    reads them. Lines end at `\\n`, `\\r\\n` and `\\r` and nowhere else (`str.splitlines` also
    splits at form feeds and others, which shifts every line number after them). Bytes that do not
    decode are shown escaped, with a note; this never raises.
    """
    newline = _newline(data)
    unified = data if newline == "\n" else _LINE_END.sub(b"\n", data)
    encoding, note = _encoding(unified)
    bom = unified.startswith(codecs.BOM_UTF8)
    body = unified[len(codecs.BOM_UTF8) :] if bom else unified
    try:
        text = body.decode(encoding)
    except (UnicodeError, LookupError, ValueError) as error:
        note = note or _why_not(error, encoding)
        text = body.decode("utf-8", "backslashreplace")
    if note is None and b"\0" in body:
        note = "it contains NUL bytes, which Python does not accept in source"
    ends = text.endswith("\n")
    lines = tuple(text.split("\n"))
    if ends or not text:
        lines = lines[:-1]
    return SourceText(lines, encoding, newline, ends or not text, bom, note, data)


def difference_beyond_lines(old: SourceText, new: SourceText) -> str | None:
    """In words what differs between two texts whose lines are equal; None if nothing does."""
    if old.raw == new.raw:
        return None
    said = []
    if old.newline != new.newline:
        said.append(f"line endings ({_NAMES[old.newline]} before, {_NAMES[new.newline]} now)")
    if old.ends_with_newline != new.ends_with_newline:
        said.append("the newline at the end of the file")
    if old.bom != new.bom:
        said.append("the byte order mark")
    if old.encoding != new.encoding:
        said.append(f"the encoding ({old.encoding} before, {new.encoding} now)")
    return "only " + " and ".join(said or ["line endings"]) + " changed"


def patch_lines(text: SourceText) -> list[str]:
    """The lines as a patch must carry them: `\\r` of a `\\r\\n` end stays at the line's end."""
    if text.newline in ("\n", "\r") or not text.exact:
        return list(text.lines)
    try:
        decoded = text.raw[len(codecs.BOM_UTF8) if text.bom else 0 :].decode(text.encoding)
    except (UnicodeError, LookupError, ValueError):
        return list(text.lines)
    lines = decoded.split("\n")
    return lines[:-1] if not lines[-1] else lines


_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR", "mixed": "mixed"}


def _newline(data: bytes) -> str:
    if b"\r" not in data:
        return "\n"
    kinds = {end.decode() for end in _LINE_END.findall(data)}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _encoding(data: bytes) -> tuple[str, str | None]:
    """The encoding's name and, where Python would refuse, why; then UTF-8 is a guess."""
    try:
        name, _ = tokenize.detect_encoding(BytesIO(data).readline)
    except SyntaxError as error:
        first = data.split(b"\n", 2)[:2]
        if all(_is_utf8(line) for line in first):
            return "utf-8", f"{error.msg or error}; shown as UTF-8"
        return "utf-8", "it is not UTF-8 and declares no other encoding; odd bytes are escaped"
    return ("utf-8" if name == "utf-8-sig" else name), None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _why_not(error: Exception, encoding: str) -> str:
    if isinstance(error, UnicodeDecodeError):
        return (
            f"byte {error.object[error.start]:#04x} at offset {error.start} is not {encoding}; "
            "odd bytes are escaped"
        )
    return f"it cannot be decoded as {encoding} ({error}); shown as UTF-8"
