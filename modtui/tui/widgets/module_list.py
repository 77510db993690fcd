"""The list of modules, drawn line by line: 10,000 rows cost no more than the forty on the screen.

The cursor is a module's name, never an index: whatever comes, goes or is filtered, it stays on its
module as long as that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from modtui.tui import keys, words
from modtui.tui.filtering import NO_QUERY, Query, Row, matched
from modtui.tui.tree import Branch
from modtui.tui.widgets.ink import InkView, Span, fit, fit_left, width_of


class Columns(NamedTuple):
    """The widths of the columns; 0 means not shown."""

    name: int
    status: int
    freshness: int
    file: int


@lru_cache(maxsize=32)
def columns(width: int) -> Columns:
    """How a line of that many cells is shared out."""
    free = max(width - 4, 1)  # the cursor's and the mark's edge, the glyph, a space
    status = 11 if free >= 40 else 0
    freshness = 15 if free >= 64 else 12 if free >= 26 else 0
    rest = free - status - freshness
    file = rest - 34 if rest >= 54 else 0
    if rest >= 96:
        file = rest // 2
    return Columns(rest - file, status, freshness, file)


class Listing(NamedTuple):
    """What is shown: one immutable value that replaces another."""

    rows: Sequence[Row] = ()
    branches: Sequence[Branch] | None = None
    query: Query = NO_QUERY


class ModuleList(InkView):
    """The modules, with cursor, marks and ranges."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("list")

    cursor: reactive[str | None] = reactive(None, repaint=False, init=False)

    class Moved(Message):
        """The cursor stands on another module."""

        def __init__(self, name: str | None) -> None:
            self.name = name
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """Only the last place of the cursor counts."""
            return isinstance(message, ModuleList.Moved)

    class Chosen(Message):
        """Enter or a double click on a module."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    class Marked(Message):
        """The set of marked modules is another one."""

    class Folding(Message):
        """A package of the tree is to be opened or closed; None means the other of both."""

        def __init__(self, name: str, open: bool | None) -> None:
            self.name = name
            self.open = open
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.listing = Listing()
        self.marked: frozenset[str] = frozenset()
        self.empty: Sequence[Sequence[Span]] = ()
        self.loose = True  # nobody has moved the cursor yet, so it goes where something happens
        self._index = 0
        self._anchor: str | None = None  # where a range began
        self._range_base: frozenset[str] = frozenset()
        self._hover = -1
        self._width = 0
        self._at_cursor = "cursor"

    # ------------------------------------------------------------ what is shown

    def show(self, listing: Listing) -> None:
        """Show other rows; the cursor stays on its module, or near where it was."""
        old = self.listing
        self.listing = listing
        if len(old.rows) != len(listing.rows) or not self.virtual_size.height:
            self.set_lines(len(listing.rows))
        self._keep_cursor()
        self.refresh()

    def _keep_cursor(self) -> None:
        rows = self.listing.rows
        if not rows:
            self._index = 0
            return
        first = self._first() if self.loose else 0
        if self.loose and rows[first].name != self.cursor:
            self._index = first
            self.cursor = rows[first].name
        cursor = self.cursor  # asking a reactive 10,000 times takes milliseconds
        if not (self._index < len(rows) and rows[self._index].name == cursor):
            found = next((i for i, row in enumerate(rows) if row.name == cursor), None)
            if found is None:
                found = 0 if self.listing.query.words else min(self._index, len(rows) - 1)
                self._index = found
                self.cursor = rows[found].name
            self._index = found
            self._reveal()

    def _first(self) -> int:
        """Where the cursor stands at first: the first row; in the tree the first that is stale."""
        if self.listing.branches is None:
            return 0
        rows = enumerate(self.listing.rows)
        return next((i for i, row in rows if row.verdict == "stale"), 0)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.listing.rows
        return rows[self._index] if self._index < len(rows) else None

    @property
    def branch(self) -> Branch | None:
        """Where the row under the cursor stands in the tree."""
        branches = self.listing.branches
        return branches[self._index] if branches and self._index < len(branches) else None

    @property
    def position(self) -> int:
        """The index of the cursor's row."""
        return self._index

    def watch_cursor(self, name: str | None) -> None:
        """Tell the screen."""
        self.post_message(self.Moved(name))

    # ------------------------------------------------------------ drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """What all lines need is looked up once."""
        self._width = self.scrollable_content_region.width
        self._at_cursor = "cursor" if self.has_focus else "blurred"
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self._width
        index = y + self.scroll_offset.y
        rows = self.listing.rows
        if not rows:
            return self.strip(self.empty[y] if y < len(self.empty) else (), width)
        if index >= len(rows):
            return self.strip((), width)
        row = rows[index]
        here = index == self._index
        back = "row"
        if here:
            back = self._at_cursor
        elif row.name in self.marked:
            back = "marked"
        elif index == self._hover:
            back = "hover"
        return self.strip(self._spans(row, index, here, columns(width)), width, back)

    def _spans(self, row: Row, index: int, here: bool, wide: Columns) -> list[Span]:
        verdict = words.VERDICTS[row.verdict]
        status = words.STATUSES.get(row.status)
        glyph, ink = verdict.glyph, verdict.ink
        if row.verdict == "n/a" and status and status.glyph:
            glyph, ink = status.glyph, status.ink
        spans: list[Span] = [
            ("▌" if here else " ", "accent"),
            ("●" if row.name in self.marked else " ", "accent"),
            (glyph if row.status else " ", ink),
            (" ", "text"),
            *self._name_spans(row, index, wide.name),
        ]
        if wide.status:
            spans.append((fit(row.status, wide.status), status.ink if status else "faint"))
        if wide.freshness:
            spans.append((fit(_freshness(row, wide.freshness), wide.freshness), verdict.ink))
        if wide.file:
            spans.append((fit_left(row.file, wide.file - 1) + " ", "path"))
        return spans

    def _name_spans(self, row: Row, index: int, width: int) -> list[Span]:
        ink = "title" if row.verdict in ("stale", "missing") else "text"
        if row.place in ("stdlib", "site-packages") and ink == "text":
            ink = "muted"
        branches = self.listing.branches
        lead, tail, shown = "", "", row.shown
        if branches is not None and index < len(branches):
            branch = branches[index]
            lead = "  " * branch.depth
            lead += ("▾ " if branch.open else "▸ ") if branch.children else "  "
            if branch.depth and not self.listing.query.words:
                shown = shown.rpartition(".")[2] or shown
            if branch.children and not branch.open:
                tail = f"  {branch.children}" + (f" · ~{branch.stale}" if branch.stale else "")
        room = max(width - len(lead) - len(tail) - 1, 4)
        text = fit(shown, room) if not tail else _crop(shown, room)
        spans: list[Span] = [(lead, "faint")]
        if self.listing.query.letters:
            at = 0
            for start, end in matched(self.listing.query, text):
                spans += [(text[at:start], ink), (text[start:end], "match")]
                at = end
            spans.append((text[at:], ink))
        else:
            spans.append((text, ink))
        if tail:
            pad = width - len(lead) - len(tail) - width_of(text)
            spans += [(tail, "faint"), (" " * max(pad, 1), ink)]
        else:
            spans.append((" ", ink))
        return spans

    # ------------------------------------------------------------ moving

    def move_to(self, index: int, extend: bool = False) -> None:
        """Put the cursor on that row, extending the range of marks if asked."""
        rows = self.listing.rows
        if not rows:
            return
        self.loose = False
        before = self._index
        index = max(0, min(index, len(rows) - 1))
        if extend and self._anchor is None:
            self._begin_range()
        self._index = index
        self.cursor = rows[index].name
        if self._anchor is not None:
            self._mark_range()
        self._reveal()
        if self._anchor is None:
            self._refresh_row(before)
            self._refresh_row(index)
        else:
            self.refresh()

    def go_to(self, name: str) -> bool:
        """Put the cursor on that module; False if it is not shown."""
        for index, row in enumerate(self.listing.rows):
            if row.name == name:
                self.move_to(index)
                return True
        return False

    def _refresh_row(self, index: int) -> None:
        self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))

    def _reveal(self) -> None:
        self.scroll_to_region(
            Region(0, self._index, 1, 1), animate=False, force=True, x_axis=False, immediate=True
        )

    def reveal_children(self) -> None:
        """Scroll to what is in the package under the cursor, as much of it as there is room for."""
        if self.branch is not None:
            lines = min(self.branch.children + 1, self.scrollable_content_region.height)
            self.scroll_to_region(
                Region(0, self._index, 1, lines), animate=False, force=True, x_axis=False,
                immediate=True,
            )  # fmt: skip

    @property
    def _page(self) -> int:
        return max(self.scrollable_content_region.height - 1, 1)

    def action_move(self, by: int) -> None:
        """Move by rows."""
        self.move_to(self._index + by)

    def action_page(self, by: int) -> None:
        """Move by pages."""
        self.move_to(self._index + by * self._page)

    def action_top(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """To the last row."""
        self.move_to(len(self.listing.rows) - 1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without rows there is nothing to open."""
        return action != "choose" or bool(self.listing.rows)

    def action_choose(self) -> None:
        """Enter."""
        if self.row is not None:
            self.post_message(self.Chosen(self.row.name))

    def action_unfold(self, open: bool) -> None:
        """Open or close the package under the cursor; on a leaf, left goes to its package."""
        row, branch = self.row, self.branch
        if row is None or branch is None:
            return
        if not open and (not branch.children or not branch.open):
            parent = row.name.rpartition(".")[0]
            if parent:
                self.go_to(parent)
        elif branch.children:
            self.post_message(self.Folding(row.name, open))

    # ------------------------------------------------------------ marks

    def _begin_range(self) -> None:
        self._anchor = self.cursor
        self._range_base = self.marked

    def _mark_range(self) -> None:
        rows = self.listing.rows
        start = next((i for i, row in enumerate(rows) if row.name == self._anchor), self._index)
        low, high = sorted((start, self._index))
        self._set_marks(self._range_base | {row.name for row in rows[low : high + 1] if row.status})

    def _set_marks(self, marked: frozenset[str]) -> None:
        if marked != self.marked:
            self.marked = marked
            self.refresh()
            self.post_message(self.Marked())

    @property
    def ranging(self) -> bool:
        """Whether a range is being drawn."""
        return self._anchor is not None

    def end_range(self) -> None:
        """Keep what the range marked."""
        self._anchor = None

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and go on to the next."""
        self.end_range()
        if self.row is not None and self.row.status:
            self._set_marks(self.marked ^ {self.row.name})
        self.action_move(1)

    def action_range(self) -> None:
        """Begin a range here, or end the one that was begun."""
        if self._anchor is None:
            self._begin_range()
            self._mark_range()
        else:
            self.end_range()

    def action_extend(self, by: int) -> None:
        """Move and mark all on the way."""
        self.move_to(self._index + by, extend=True)
        # Without V the range ends when a plain arrow is pressed, as in a text editor.

    def action_mark_all(self) -> None:
        """Mark all rows shown, or unmark them if they all are."""
        shown = frozenset(row.name for row in self.listing.rows if row.status)
        self.end_range()
        self._set_marks(self.marked - shown if shown <= self.marked else self.marked | shown)

    def clear_marks(self) -> bool:
        """Unmark everything; False if nothing was marked."""
        self.end_range()
        had = bool(self.marked)
        self._set_marks(frozenset())
        return had

    # ------------------------------------------------------------ mouse

    def _at(self, event: events.MouseEvent) -> int:
        return event.y + self.scroll_offset.y

    def on_click(self, event: events.Click) -> None:
        """Click moves, shift-click extends, ctrl-click marks, a double click opens."""
        index = self._at(event)
        if not 0 <= index < len(self.listing.rows):
            return
        if event.ctrl:
            self.move_to(index)
            self._set_marks(self.marked ^ {self.listing.rows[index].name})
            return
        self.move_to(index, extend=event.shift)
        branches = self.listing.branches
        row = self.listing.rows[index]
        if branches and branches[index].children and event.x <= 2 * branches[index].depth + 5:
            self.post_message(self.Folding(row.name, None))
        elif event.chain == 2:
            self.post_message(self.Chosen(row.name))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which row the pointer is on."""
        self._hovered(self._at(event))

    def on_leave(self) -> None:
        """The pointer has gone."""
        self._hovered(-1)

    def _hovered(self, index: int) -> None:
        if index != self._hover:
            old, self._hover = self._hover, index
            for one in (old, index):
                if one >= 0:
                    self._refresh_row(one)

    def on_focus(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks another way."""
        self.refresh()


def _crop(text: str, room: int) -> str:
    return text if width_of(text) <= room else fit(text, room)


def _freshness(row: Row, width: int) -> str:
    if not row.status:
        return ""
    word = words.VERDICTS[row.verdict].word
    if row.verdict in ("fresh", "stale") and row.proof == "likely":
        return f"{word}, likely" if width > 13 else f"{word} ~"
    return word
