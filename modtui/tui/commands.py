"""Every action in the command palette: those of the screen that is shown, the themes, leaving."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.actions import parse
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from modtui.tui import keys

_NOT_HERE = ("commands", "interrupt", "up", "down", "page-up", "page-down", "escape")
SCOPE_OF = {"BrowserScreen": ("browser", "list"), "PickerScreen": ("picker",)}


class Palette(CommandPalette):
    """Textual's, in our colours."""

    CSS_PATH = "screens/palette.tcss"


class Actions(Provider):
    """The actions with their keys. Modules are not here: `/` is the way to find those."""

    def _commands(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        scopes = (*SCOPE_OF.get(type(self.screen).__name__, ()), "app")
        for key in sorted(keys.KEYS, key=lambda key: key.scope == "app"):
            if key.scope not in scopes or key.id in _NOT_HERE or key.id.startswith("toggle-"):
                continue
            if not self._applies(key):
                continue
            title = f"{key.help}  ({keys.signs(key.keys)})"
            yield title, key.scope, partial(self._run, key.action, key.scope)
        for name in sorted(self.app.available_themes):
            yield f"Theme: {name}", "theme", partial(self._theme, name)

    def _applies(self, key: keys.Key) -> bool:
        """Only what can be done now is offered."""
        if key.scope == "list":
            return True
        where = self.app if key.action.startswith("app.") else self.screen
        name, parameters = parse(key.action)[1:]
        return where.check_action(name, parameters) is True

    async def _run(self, action: str, scope: str) -> None:
        if scope == "list":
            focused = self.screen.query_one("#modules")
            await focused.run_action(action)
        else:
            await self.screen.run_action(action)

    def _theme(self, name: str) -> None:
        self.app.theme = name

    async def discover(self) -> Hits:
        """All of them."""
        for title, _, callback in self._commands():
            yield DiscoveryHit(title, callback)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for title, _, callback in self._commands():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), callback)
