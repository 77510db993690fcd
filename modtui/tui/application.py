"""The app: which screen is shown, themes, keys and leaving. All else is the screens'."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType

from modtui.tui import keys
from modtui.tui.config import Config, load
from modtui.tui.feed import Feed
from modtui.tui.memory import Layout, Memory
from modtui.tui.ports import ThisMachine
from modtui.tui.screens.browser import BrowserScreen
from modtui.tui.themes import THEMES
from modtui.tui.threads import Threads
from modtui.tui.turns import InTurn

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.screen import Screen

    from modtui.tui.ports import Connect, Machine, Running, Session, Stores
    from modtui.tui.widgets.guide import Guide

TWICE_SECONDS = 3.0


def _actions() -> type[Provider]:
    # Deferred, as are the screens that are not the first: each costs time before the first frame.
    from modtui.tui.commands import Actions

    return Actions


class ModtuiApp(InTurn):
    """modtui's app on one target, or on the picker."""

    TITLE = "modtui"
    CSS_PATH = [  # noqa: RUF012
        "app.tcss",
        "widgets/ink.tcss",
        "screens/browser.tcss",
        "screens/picker.tcss",
    ]
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("app")
    COMMANDS = {_actions}  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        connect: Connect | None = None,
        *,
        machine: Machine | None = None,
        look_only: bool = False,
        guide: Guide | None = None,
        running: Running | None = None,
        config: Config | None = None,
        stores: Stores | None = None,
        settle: Callable[[], None] | None = None,
        memory: Memory | None = None,
    ) -> None:
        super().__init__()
        self.connect = connect
        self.machine: Machine = machine or ThisMachine()
        self.guide = guide
        self.running = running
        self.stores = stores
        self.settle = settle
        self.config = config or load()
        self.look_only = look_only or self.config.look_only
        self.memory = memory or Memory()
        self.sessions: list[Session] = []
        self.threads = Threads()
        self.reloading = ""  # the modules, while they are
        self._interrupted = 0.0
        self._begun = False  # whether there is a first screen
        for theme in THEMES:
            self.register_theme(theme)
        name = self.config.theme
        if "theme" not in self.config.given and self.memory.layout.theme:
            name = self.memory.layout.theme
        self.theme = name if name in self.available_themes else "modtui-dark"

    def on_load(self) -> None:
        """Before anything is asked of a target."""
        asyncio.get_running_loop().set_default_executor(self.threads)

    def get_default_screen(self) -> Screen[Any]:
        """The picker, or the browser: no other screen is laid out before it."""
        if self.connect is not None:
            return self._browser(self.connect)
        from modtui.tui.screens.picker import PickerScreen

        return PickerScreen(self.machine, self.attach, self.memory)

    def refresh_css(self, animate: bool = True) -> None:
        """Before the first screen there is nothing to restyle: all CSS is parsed for it anyway."""
        if self._begun:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def on_mount(self) -> None:
        """Keys, and what is wrong with the settings."""
        problems = list(self.config.problems)
        if self.config.theme not in self.available_themes:
            problems.append(self.config.no_theme(sorted(self.available_themes)))
        self.set_keymap(dict(self.config.keys))
        self._begun = True
        for problem in problems:
            self.notify(problem, severity="warning", markup=False, timeout=10)

    def _browser(self, connect: Connect) -> BrowserScreen:
        return BrowserScreen(
            connect,
            self.machine,
            look_only=self.look_only,
            guide=self.guide,
            running=self.running,
            config=self.config,
            stores=self.stores,
            layout=self._layout(),
        )

    def _layout(self) -> Layout:
        """As remembered, where the config does not say it; what a guide tells is as at first."""
        config, layout = self.config, Layout() if self.guide is not None else self.memory.layout
        said = {name for name in ("order", "tree", "folded", "diff") if name in config.given}
        layout = layout._replace(**{name: getattr(config, name) for name in said})
        return layout._replace(inverse=False) if "order" in said else layout

    def arranged(self, layout: Layout) -> None:
        """A person has arranged the screen so."""
        if self.guide is not None:
            return
        self.memory = self.memory._replace(layout=layout._replace(theme=self.memory.layout.theme))

    def watch_theme(self, theme: str) -> None:
        """Remember the one that was chosen."""
        if self._begun:
            layout = self.memory.layout._replace(theme=theme)
            self.memory = self.memory._replace(layout=layout)

    @on(Feed.Attached)
    def _attached(self, event: Feed.Attached) -> None:
        self.sessions.append(event.session)
        target = event.session.target
        if self.guide is None and event.session.way != "in process":
            self.memory = self.memory.seen(target["argv"], target["cwd"])

    def settled(self) -> None:
        """A screen is complete, or what it shows has been read: that is no garbage."""
        if self.settle is not None:
            self.settle()

    def attach(self, pid: int) -> None:
        """From the picker to the browser; the picker stays below it, for the way back."""
        self.push_screen(self._browser(functools.partial(self.machine.connect, pid)))

    def push_screen(self, *args: Any, **options: Any) -> Any:
        """A dialog is not hidden by what was said before it."""
        self.clear_notifications()
        return super().push_screen(*args, **options)

    def action_command_palette(self) -> None:
        """Every action by its name."""
        from modtui.tui.commands import Palette

        if not Palette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """The help."""
        from modtui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.config.keys, str(self.config.path)))

    def action_interrupt(self) -> None:
        """ctrl+c: copy a selection; twice in a row leaves."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.notify("Copied the selection", timeout=2)
            return
        if time.monotonic() - self._interrupted < TWICE_SECONDS:
            self.exit(0)
        else:
            self._interrupted = time.monotonic()
            self.notify("ctrl+c again leaves; the target runs on", timeout=TWICE_SECONDS)

    async def action_quit(self) -> None:
        """Leave; the session is closed by who opened it here."""
        self.exit(0)
