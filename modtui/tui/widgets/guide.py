"""One line that guides a newcomer through the demo, following what the user really does."""

from __future__ import annotations

from typing import Protocol

from textual import work
from textual.message import Message

from modtui.tui.prose import Line, wrap
from modtui.tui.widgets.pages import Pages


class Guide(Protocol):
    """Knows how far the user has come."""

    def line(self) -> str: ...
    def act(self) -> bool: ...
    def saw(self, event: str) -> None: ...


class GuideBar(Pages, can_focus=False):
    """Shows the guide's line; hidden without a guide."""

    class Said(Message):
        """The guide has another line."""

        def __init__(self, line: str) -> None:
            self.line = line
            super().__init__()

    guide: Guide | None = None
    waiting = False  # whether the guide waits for the user to let it act

    def follow(self, guide: Guide) -> None:
        """Begin."""
        self.guide = guide
        self.waiting = True
        self.display = True
        self.ask()

    def saw(self, event: str) -> None:
        """Tell the guide what the app saw."""
        if self.guide is not None:
            self.guide.saw(event)
            self.ask()

    @work(thread=True, exclusive=True, group="guide", exit_on_error=False)
    def ask(self) -> None:
        """What the guide says; it may ask the demo's server, so not on this thread."""
        if self.guide is not None:
            self.post_message(self.Said(self.guide.line()))

    @work(thread=True, group="guide-act", exit_on_error=False)
    def act(self) -> None:
        """Let the guide do its edit."""
        if self.guide is not None:
            self.waiting = False
            self.guide.act()

    def on_guide_bar_said(self, event: GuideBar.Said) -> None:
        """Show it."""
        event.stop()

        def lay(width: int) -> list[Line]:
            return wrap([(event.line, "text")], width - 1, first=" ➜ ", first_ink="accent")

        self.show(lay)
        self.styles.height = min(len(lay(max(self.app.size.width, 20))), 4)
