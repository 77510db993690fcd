"""The banner above the panes: the target has gone, or attaching failed, and what to do."""

from __future__ import annotations

from modtui.tui.feed import Trouble
from modtui.tui.prose import Line, wrap
from modtui.tui.widgets.pages import Pages


class Banner(Pages, can_focus=False):
    """Hidden until there is something to say."""

    def say(self, why: Trouble | None, more: str = "") -> None:
        """Say what is wrong and the remedy, or nothing (None)."""
        self.display = why is not None
        if why is None:
            return

        def lay(width: int) -> list[Line]:
            lines = wrap([(why.reason, "title")], width, first=" ✗ ", first_ink="bad")
            if why.remedy:
                lines += wrap([(why.remedy, "text")], width, first="   ")
            if more:
                lines += wrap([(more, "muted")], width, first="   ")
            return lines

        self.show(lay)
        self.styles.height = min(len(lay(max(self.app.size.width - 2, 20))), 8)
