"""A source text with line numbers and colours, a cursor and a search."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from modtui.source.safe import safe_text
from modtui.source.text import SourceText, decode
from modtui.tui.widgets.code_view import CodeView, Mark, Page
from modtui.tui.widgets.ink import Span, fit, fit_left, width_of

Match = tuple[int, int, int]  # line, start, end
MOST_MATCHES = 10_000


class SourceView(CodeView):
    """Shows a text; `/` searches in it, `n` and `N` go to the next and previous match."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"back--row-mark"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="source.search", tooltip="Find text in this file"),
        Binding("n", "match(1)", "Next match", id="source.next", show=False),
        Binding("N", "match(-1)", "Previous match", id="source.previous", show=False),
        Binding("escape", "forget", "Clear search", id="source.forget", show=False),
    ]

    DEFAULT_CSS = """
    SourceView {
        .back--row-mark { background: $warning 35%; }
    }
    SourceView:ansi {
        .back--row-mark { background: ansi_default; text-style: reverse; }
    }
    SourceView:nocolor {
        .back--row-mark { text-style: reverse; }
    }
    """

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, line: int) -> None:
            self.line = line
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """Only the last place counts."""
            return isinstance(message, SourceView.Moved)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._page = Page(())
        self._title = ""
        self._note: str | None = None
        self._typed: str | None = None  # the search while it is typed
        self._sought = ""
        self._matches: list[Match] = []
        self._by_line: dict[int, list[Mark]] = {}

    # What is shown.

    def show(
        self,
        text: SourceText | bytes | str | None,
        title: str = "",
        *,
        line: int | None = None,
        note: str | None = None,
        file: str | None = None,
    ) -> None:
        """Show a text under a title (its path), the cursor at `line` (from 1) if given.

        A text of the same title keeps the cursor's line. `note` is said in the head, in words.
        """
        if isinstance(text, str):
            text = decode(text.encode("utf-8", "surrogatepass"))
        elif isinstance(text, bytes):
            text = decode(text)
        same = bool(title) and title == self._title
        before = self.cursor if same else 0
        self._page = Page(text.lines if text is not None else (), file or title)
        self._title = title
        said = [note, text.note if text is not None else None]
        self._note = " · ".join(sentence for sentence in said if sentence) or None
        self._typed = None
        self._find(self._sought if same else "")
        self.rebuild()
        self.cursor = line - 1 if line is not None else before
        if not same and line is None:
            self.scroll_to(0, 0, animate=False)
        self.call_after_refresh(self.reveal, self.cursor, middle=True)

    @property
    def current_line(self) -> int:
        """The cursor's line, from 1."""
        return self.cursor + 1

    def go_to(self, line: int) -> None:
        """Move the cursor to a line (from 1) and show it."""
        self.cursor = line - 1
        self.reveal(self.cursor, middle=True)

    # Search.

    @property
    def matches(self) -> int:
        """How many places the search found."""
        return len(self._matches)

    def search(self, text: str) -> int:
        """Find a text (small letters also match capitals) and go to the first place at or after
        the cursor; how many there are."""
        self._find(text)
        if self._matches:
            ahead = [line for line, *_ in self._matches if line >= self.cursor]
            self.go_to((ahead or [self._matches[0][0]])[0] + 1)
        self._strips.clear()
        self.rehead()
        return len(self._matches)

    def _find(self, text: str) -> None:
        self._sought = text
        self._matches = []
        self._by_line = {}
        if not text:
            return
        caseless = text == text.lower()
        for number in range(len(self._page)):
            line = self._page.line(number)
            where = line.lower() if caseless else line
            if len(where) != len(line):
                where = line  # a letter that changes its length in lower case
            start = where.find(text)
            while start >= 0 and len(self._matches) < MOST_MATCHES:
                end = start + len(text)
                self._matches.append((number, start, end))
                self._by_line.setdefault(number, []).append((start, end))
                start = where.find(text, end)

    def action_search(self) -> None:
        """Begin to type what to look for."""
        self._typed = ""
        self.rehead()

    def action_match(self, step: int) -> None:
        """The next or previous line with a match, round the end."""
        lines = sorted(self._by_line)
        if not lines:
            return
        if step > 0:
            ahead = [line for line in lines if line > self.cursor] or lines
        else:
            ahead = [line for line in lines if line < self.cursor][::-1] or lines[::-1]
        self.go_to(ahead[0] + 1)
        self.rehead()

    def action_forget(self) -> None:
        """End the search."""
        self.search("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape and n belong to others when nothing is sought."""
        if action in ("forget", "match"):
            return bool(self._sought)
        return True

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """While a search is typed, letters are letters."""
        return self._typed is not None and character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """The search while it is typed."""
        if self._typed is None:
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self._typed = None
        elif event.key == "escape":
            self._typed = None
            self.search("")
            return
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
            self.search(self._typed)
        elif event.character is not None and event.is_printable:
            self._typed += event.character
            self.search(self._typed)
        self.rehead()

    def on_blur(self) -> None:
        """What was typed so far counts."""
        self._typed = None
        super().on_blur()
        self.rehead()

    # Drawing.

    def moved(self) -> None:
        """The head tells the line."""
        self._heads.clear()
        self.post_message(self.Moved(self.current_line))

    def row_count(self) -> int:
        """One row per line."""
        return len(self._page)

    def head(self, width: int) -> list[list[Span]]:
        """Title, place, search and note."""
        if not self._title and not len(self._page):
            return []
        lines = [self._title_line(width)]
        if self._note:
            lines.append([(fit(" ! " + safe_text(self._note), width), "stale")])
        return lines

    def _title_line(self, width: int) -> list[Span]:
        count = self.row_count()
        right: list[Span] = []
        if self._typed is not None:
            right = [(" /", "key"), (safe_text(self._typed), "title"), ("▏", "key")]
        elif self._sought:
            right = [(f" /{safe_text(self._sought)}", "match")]
        if self._typed or self._sought:
            found = f"  {len(self._matches)} found " if self._matches else "  not found "
            right.append((found, "muted" if self._matches else "bad"))
        elif self._typed is None:
            place = f" line {self.current_line} of {count} " if width >= 50 else f" {count} lines "
            right = [(place if count else " empty ", "muted")]
        room = max(width - 1 - sum(width_of(text) for text, _ in right), 0)
        folder, slash, name = fit_left(safe_text(self._title), room).rpartition("/")
        return [(" ", "text"), (folder + slash, "muted"), (name, "title"), *right]

    def code_overflow(self, width: int) -> int:
        """The longest line's cells beyond its place."""
        return self._page.width() + self._gutter() - width

    def _gutter(self) -> int:
        return 1 + max(len(str(self.row_count())), 3) + 2

    def draw_row(self, row: int, width: int, shift: int, cursor: bool) -> Strip:
        """A line with its number."""
        gutter = self._gutter()
        number = f"{row + 1:>{gutter - 3}}  "
        marks = self._by_line.get(row, ())
        return Strip(
            [
                Segment("▌" if cursor else " ", self.style_of("edge")),
                Segment(number, self.style_of("number-cursor" if cursor else "number")),
                *self.code(self._page, row, "row", width - gutter, shift, marks),
            ],
            width,
        )

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        row = self.row_at(event)
        if row is not None:
            self.cursor = row
