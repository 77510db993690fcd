"""Picking a process: all Python processes of this machine, and whether each can be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from modtui.tui import keys
from modtui.tui.feed import Trouble, trouble
from modtui.tui.memory import Memory
from modtui.tui.prose import Line, wrap
from modtui.tui.widgets.bars import Bar, KeyBar, Piece, key_sign
from modtui.tui.widgets.filter_line import FilterLine
from modtui.tui.widgets.pages import Pages
from modtui.tui.widgets.process_list import ProcessList, command_line, found

if TYPE_CHECKING:
    from modtui.tui.ports import Machine, Process


class PickerTitle(Bar):
    """What this is."""

    def left(self, width: int) -> list[Piece]:
        """One line."""
        return [
            Piece([(" modtui ", "accent"), (" pick a process to look into", "title")]),
            Piece([("   looking changes nothing in it", "muted")]),
        ]


class PickerScreen(Screen[None]):
    """The picker."""

    AUTO_FOCUS = "#processes"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("picker")

    rows = getters.query_one(ProcessList)
    filter = getters.query_one(FilterLine)

    class Found(Message):
        """The processes, or what kept us from seeing them."""

        def __init__(self, processes: Sequence[Process] | Trouble) -> None:
            self.processes = processes
            super().__init__()

    def __init__(
        self, machine: Machine, attach: Callable[[int], None], memory: Memory | None = None
    ) -> None:
        super().__init__()
        self.memory = memory or Memory()
        self.machine = machine
        self.attach = attach
        self.processes: Sequence[Process] | None = None
        self.everything = True
        self.trouble: Trouble | None = None

    def compose(self) -> ComposeResult:
        """Title, list, the remedy for what cannot be reached, keys."""
        yield PickerTitle(id="picker-title")
        with Vertical(id="picker"):
            yield FilterLine("pid, user, version, command")
            yield ProcessList(self.memory, id="processes")
        yield Pages(id="remedy")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Look at once."""
        self.rows.focus()
        self.relist()
        self.action_refresh_list()

    def on_screen_resume(self) -> None:
        """Back from a process that has gone: look again."""
        if self.processes is not None:
            self.action_refresh_list()

    @work(thread=True, exclusive=True, group="processes", exit_on_error=False)
    def _look(self) -> None:
        answer: Sequence[Process] | Trouble
        try:
            answer = tuple(self.machine.processes())
        except Exception as error:
            answer = trouble(error)
        self.post_message(self.Found(answer))

    @on(Found)
    def _found(self, event: Found) -> None:
        if isinstance(event.processes, Trouble):
            self.trouble = event.processes
        else:
            self.trouble = None
            self.processes = event.processes
        settled = getattr(self.app, "settled", None)
        if settled is not None:
            settled()
        self.relist()

    def relist(self) -> None:
        """What the filter leaves."""
        known = self.processes or ()
        shown = found(known, self.filter.value, self.everything, self.memory)
        self.rows.empty = self._empty()
        self.rows.show(shown)
        reachable = sum(one.reason is None for one in known)
        box = self.query_one("#picker")
        looking = self.processes is None
        counted = "" if looking else f"  {len(shown)} of {len(known)}"
        box.border_title = Content(f"Python processes{counted}")
        box.border_subtitle = Content("looking…" if looking else f"{reachable} can be reached")

    def _empty(self) -> list[list[tuple[str, str]]]:
        if self.trouble:
            return [[], [(f"  {self.trouble.reason}", "bad")]]
        if self.processes is None:
            return [[], [("  looking for Python processes…", "muted")]]
        if self.filter.value:
            return [[], [("  No process matches. ", "text"), ("esc", "key"), (" clears", "muted")]]
        if self.processes:
            return [
                [],
                [("  None of the Python processes here can be reached.", "text")],
                [("  ", "text"), (key_sign(self.app, "picker-all"), "key"),
                 (" shows them, with the reason and what to do", "muted")],
            ]  # fmt: skip
        return [
            [],
            [("  No Python process runs on this machine.", "text")],
            [("  modtui demo", "code"), (" starts one to try it on", "muted")],
            [("  modtui run script.py", "code"), (" starts yours with modtui in it", "muted")],
        ]

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self.relist()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.rows.focus()

    @on(ProcessList.Moved)
    def _moved(self) -> None:
        self.query_one("#remedy", Pages).show(self._remedy)
        self.refresh_bindings()

    def _remedy(self, width: int) -> list[Line]:
        one = self.rows.process
        if one is None:
            return []
        if one.reason is None:
            where = f" in {one.cwd}" if one.cwd else ""
            return [
                *wrap([(command_line(one)[:400], "code"), (where, "muted")], width - 1, first=" ")[
                    :3
                ],
                *wrap(
                    [(f"can be reached ({one.way})", "muted")],
                    width - 1,
                    first=" ✓ ",
                    first_ink="good",
                ),
            ]
        return [
            *wrap([(one.reason, "text")], width - 1, first=" ✗ ", first_ink="bad"),
            *wrap([(one.remedy or "", "muted")], width - 1, first="   "),
        ]

    @on(ProcessList.Chosen)
    def _chosen(self) -> None:
        self.action_attach()

    def action_attach(self) -> None:
        """Attach to the process under the cursor."""
        one = self.rows.process
        if one is None:
            return
        if one.reason is not None:
            self.app.bell()
            self.app.notify("This one cannot be reached; why is said below", severity="warning")
            return
        self.attach(one.pid)

    def action_refresh_list(self) -> None:
        """Look again."""
        self._look()

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter.begin()

    def action_all(self) -> None:
        """With or without those that cannot be reached."""
        self.everything = not self.everything
        self.relist()

    def action_copy(self) -> None:
        """The remedy, or the command line."""
        one = self.rows.process
        if one is not None:
            self.app.copy_to_clipboard(one.remedy or " ".join(one.argv))
            self.app.notify(f"Copied the {'remedy' if one.remedy else 'command line'}", timeout=2)

    def action_escape(self) -> None:
        """Clear the filter."""
        self.filter.value = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Attach only where it can be."""
        if action == "attach":
            one = self.rows.process
            return one is not None and one.reason is None
        return True
