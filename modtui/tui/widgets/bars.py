"""The one-line bars: header, legend, tabs and keys. Each is drawn from a list of spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from modtui.tui import keys
from modtui.tui.widgets.ink import InkView, Span, fit, width_of

if TYPE_CHECKING:
    from textual.app import App


def title(widget: Widget, text: str, *, below: bool = False) -> None:
    """Set a border's title, as plain text, and draw only the border's line anew.

    Textual's setter draws the whole widget: 35 lines at every key that is typed into the filter.
    """
    content = Content(text)
    told: Content | None = widget._border_subtitle if below else widget._border_title
    if told is not None and told.plain == text:
        return
    if below:
        widget._border_subtitle = content
    else:
        widget._border_title = content
    width, height = widget.outer_size
    line = height - 1 if below else 0
    x, y = widget.content_offset
    widget.refresh(Region(-x, line - y, width, 1))


def key_sign(app: App[Any], id: str, otherwise: str = "") -> str:
    """How the first key of a binding is written, the user's own before ours."""
    own = app._keymap.get(id) or keys.KEYS_OF.get(id) or otherwise
    return keys.sign(own.split(",")[0])


def key_label(app: App[Any], id: str, text: str) -> Content:
    """A button's text with its key, as the footer writes them."""
    return Content.assemble((key_sign(app, id), "bold"), " ", text)


class Piece(NamedTuple):
    """A part of a bar: its spans, and what a click on it does (an action)."""

    spans: Sequence[Span]
    action: str | None = None

    @property
    def width(self) -> int:
        """In cells."""
        return sum(width_of(text) for text, _ in self.spans)


class Bar(InkView, can_focus=False):
    """One line of pieces at the left and others at the right."""

    BACK = "head"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._zones: list[tuple[int, int, str]] = []

    def left(self, width: int) -> list[Piece]:
        """The pieces at the left, given the width; the last ones are cut if there is no room."""
        return []

    def right(self, width: int) -> list[Piece]:
        """The pieces at the right, which are never cut."""
        return []

    def render_line(self, y: int) -> Strip:
        """The only line."""
        width = self.size.width
        right = self.right(width)
        room = width - sum(piece.width for piece in right)
        spans: list[Span] = []
        zones = []
        at = 0
        for piece in self.left(width):
            if at + piece.width > room and piece.action:
                break  # half a button is none
            if piece.action:
                zones.append((at, at + piece.width, piece.action))
            spans += piece.spans
            at += piece.width
        if at > room:
            spans = cut(spans, room)
        else:
            spans.append((" " * (room - at), "text"))
        at = room
        for piece in right:
            if piece.action:
                zones.append((at, at + piece.width, piece.action))
            spans += piece.spans
            at += piece.width
        self._zones = zones
        return self.strip(spans, width, self.BACK)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the piece under the pointer."""
        for start, end, action in self._zones:
            if start <= event.x < end:
                event.stop()
                await self.run_action(action)
                return


def cut(spans: list[Span], room: int) -> list[Span]:
    """The spans in at most so many cells, an ellipsis where something is missing."""
    kept: list[Span] = []
    for text, ink in spans:
        cells = width_of(text)
        if cells >= room:
            kept.append((fit(text, room), ink))
            break
        kept.append((text, ink))
        room -= cells
    return kept


class TabStrip(Bar):
    """The names of the tabs, one of them in front."""

    BACK = "row"
    active: reactive[str] = reactive("", init=False)

    class Picked(Message):
        """A tab's name was clicked."""

        def __init__(self, tab: str) -> None:
            self.tab = tab
            super().__init__()

    def __init__(self, tabs: Sequence[tuple[str, str, str, str]], *, id: str | None = None) -> None:
        """`tabs` are (id, key, title, short title)."""
        super().__init__(id=id)
        self.tabs = tabs
        self.set_reactive(TabStrip.active, tabs[0][0])

    def left(self, width: int) -> list[Piece]:
        """All tabs; the short form when there is no room for the titles."""
        wide = sum(len(title) + 3 for _, _, title, _ in self.tabs) <= width
        pieces = []
        for tab, key, title, short in self.tabs:
            front = tab == self.active
            shown = title if wide else short
            at = shown.lower().find(key)
            spans: list[Span] = [("▎" if front else " ", "accent")]
            ink = "title" if front else "muted"
            if at >= 0 and not front:
                spans += [(shown[:at], ink), (shown[at], "key"), (shown[at + 1 :], ink)]
            else:
                spans.append((shown, ink))
            pieces.append(Piece([*spans, ("  " if wide else " ", ink)], f"pick('{tab}')"))
        return pieces

    def action_pick(self, tab: str) -> None:
        """A click."""
        self.post_message(self.Picked(tab))


ALWAYS = ("help", "commands", "quit", "leave")  # ids


class KeyBar(Bar):
    """The keys that apply now, as the footer; a click presses the key."""

    _apply: Sequence[Binding] = ()

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda screen: self.refresh())

    def render_line(self, y: int) -> Strip:
        """What applies now is asked once for both sides: it takes a millisecond."""
        active = self.screen.active_bindings.values()
        self._apply = [one.binding for one in active if one.enabled]
        return super().render_line(y)

    def left(self, width: int) -> list[Piece]:
        """The bindings that are shown."""
        pieces, seen = [Piece([(" ", "text")])], set()
        for binding in self._apply:
            if not binding.show or binding.action in seen or self._typed(binding):
                continue
            seen.add(binding.action)
            if binding.id in ALWAYS:
                continue
            key = self._sign(binding)
            pieces.append(
                Piece(
                    [(key, "key"), (" " + binding.description, "muted"), ("  ", "text")],
                    f"press('{binding.key}')",
                )
            )
        return pieces

    def right(self, width: int) -> list[Piece]:
        """Help and leaving are always there; the palette where there is room."""
        shown: dict[str, Binding] = {}
        for binding in self._apply:
            if binding.id in ALWAYS and not self._typed(binding):
                shown.setdefault(binding.id, binding)
        if "quit" in shown:
            shown.pop("leave", None)
        return [
            Piece([(self._free_sign(one), "key"), (f" {one.description}  ", "muted")], one.action)
            for one in (shown[id] for id in ALWAYS if id in shown)
            if one.id != "commands" or width >= 100
        ]

    def _typed(self, binding: Binding) -> bool:
        """Whether that key is a letter of a text that is being typed, for all of its keys."""
        focused = self.screen.focused
        sign = keys.sign(binding.key)
        return focused is not None and focused.check_consume_key(
            binding.key, sign if len(sign) == 1 and sign.isascii() else None
        )

    def _free_sign(self, binding: Binding) -> str:
        """While text is typed, the key that is no letter."""
        first = key_sign(self.app, binding.id or "", binding.key)
        typing = self.screen.focused is not None and len(first) == 1
        consumed = typing and self.screen.focused.check_consume_key(first, first)  # type: ignore[union-attr]
        return keys.sign(binding.key) if consumed else first

    def _sign(self, binding: Binding) -> str:
        """The first of its keys, the user's own before ours."""
        return key_sign(self.app, binding.id or "", binding.key)

    def action_press(self, key: str) -> None:
        """As if the key were pressed."""
        self.app.simulate_key(key)
