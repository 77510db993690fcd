"""Tokens put at their places: lines of source."""

from __future__ import annotations

from .nodes import Token, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = ("if", "else", "for", "in", "and", "or", "not", "is", "as", "lambda", "from", "await")


class DoesNotFit(Exception):
    """There is no room for what must stand between two tokens."""


def lay(tokens: Sequence[Token], indent: str, bracket: bool = True) -> list[str] | None:
    """The lines of a statement; None if the tokens do not fit between each other.

    Where a line ends outside of brackets, `bracket` adds parentheses, or else a backslash does.
    """
    try:
        return _Page(tokens, indent, bracket).lines()
    except DoesNotFit:
        return None


class _Page:
    def __init__(self, tokens: Sequence[Token], indent: str, bracket: bool) -> None:
        self.tokens, self.indent, self.bracket = tokens, indent, bracket
        self.rows: list[str] = []
        self.line: int | None = None
        self.depth = 0
        self.spare: int | None = None  # where on the first row a parenthesis may be put
        self.opened = False

    def lines(self) -> list[str]:
        waiting: list[Token] = []
        for token in self.tokens:
            if token.free:
                waiting.append(token)
                continue
            self.put(waiting, token)
            waiting = []
        text = "".join(token.text for token in waiting)
        if not self.rows:
            self.rows = [self.indent + text.strip()]
        else:
            end = text.rstrip()
            if self.opened:
                end = end[:-1] + "):" if end.endswith(":") else end + ")"
            self.rows[-1] += end
        return self.rows

    def put(self, waiting: list[Token], token: Token) -> None:
        assert token.line is not None
        if self.line is None:
            self.start(waiting, token)
        elif token.line <= self.line:
            self.rows[-1] += self.between(waiting, token) + token.text
        else:
            self.turn(waiting, token)
        for piece in [*waiting, token]:
            if piece.text[:1] not in "'\"" or len(piece.text) == 1:
                if "'" in piece.text or '"' in piece.text:
                    continue
                self.depth += sum(map(piece.text.count, "([{")) - sum(map(piece.text.count, ")]}"))
        more = token.text.split("\n")
        if len(more) > 1:
            self.rows[-1:] = (self.rows[-1]).split("\n")
        self.line = max(self.line or 0, token.line + len(more) - 1)

    def start(self, waiting: list[Token], token: Token) -> None:
        before = "".join(each.text for each in waiting)
        room = self.indent
        if token.col is not None:
            blanks = token.col - width(before)
            if blanks < 0:
                raise DoesNotFit
            room = " " * blanks
            if self.indent.startswith("\t") and blanks == len(self.indent):
                room = self.indent
        self.rows = [room + before + token.text]

    def between(self, waiting: list[Token], token: Token) -> str:
        natural = "".join(each.text for each in waiting)
        if token.col is None:
            return natural
        gap = token.col - width(self.rows[-1])
        if width(natural) == gap:
            return natural
        if width(natural) < gap:
            more = gap - width(natural)
            if self.spare is None and len(self.rows) == 1:
                self.spare = width(self.rows[-1]) + gap - 1
            ahead = [each for each in waiting if each.ahead]
            if ahead and natural.endswith(ahead[-1].text) and not natural.endswith(" "):
                cut = len(natural) - len(ahead[-1].text)
                return natural[:cut] + " " * more + natural[cut:]
            return natural + " " * more
        tight = "".join(_tight(each.text) for each in waiting)
        if width(tight) > gap:
            raise DoesNotFit
        return tight + " " * (gap - width(tight))

    def turn(self, waiting: list[Token], token: Token) -> None:
        """Go on, on a line further down."""
        assert token.line is not None
        assert self.line is not None
        here = list(waiting)
        there: list[Token] = []
        while here and here[-1].ahead:
            there.insert(0, here.pop())
        head = "".join(each.text for each in here).rstrip()
        depth = self.depth + sum(
            (each.text in ("(", "[", "{")) - (each.text in (")", "]", "}")) for each in waiting
        )
        self.rows[-1] = (self.rows[-1] + head).rstrip()
        closes = not head and not there and token.text in (")", "]", "}")
        if closes and not self.rows[-1].endswith((",", "(", "[", "{")):
            self.rows[-1] += ","
        outside = depth - sum(each.text in ("(", "[", "{") for each in there) <= 0
        if outside and token.text not in (")", "]", "}"):
            if self.bracket and self.spare is not None:
                first = self.rows[0]
                self.rows[0] = first[: self.spare] + "(" + first[self.spare + 1 :]
                self.depth += 1
                self.opened = True
            else:
                self.rows[-1] += " \\"
        self.rows += [""] * (token.line - self.line)
        tail = "".join(each.text for each in there).lstrip()
        if token.col is None:
            inner = self.indent if token.text in (")", "]", "}") else self.indent + "    "
            self.rows[-1] = inner + tail + token.text
        else:
            blanks = token.col - width(tail)
            if blanks < 0:
                tail = "".join(_tight(each.text) for each in there).lstrip()
                blanks = token.col - width(tail)
            if blanks < 0:
                raise DoesNotFit
            self.rows[-1] = " " * blanks + tail + token.text


def _tight(text: str) -> str:
    words = text.split()
    return text if any(word in _WORDS for word in words) else text.replace(" ", "")
