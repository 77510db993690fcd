"""The line in which a filter is typed; there only while it is typed or holds something."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Label

from modtui.tui import keys


class FilterInput(Input):
    """The input itself."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("filter")

    # One line of fixed height: a letter more is no reason to lay out the whole screen anew.
    virtual_size = Reactive(Size(0, 0))

    def action_leave(self) -> None:
        """Down: into the list."""
        self.post_message(FilterLine.Left())

    def action_clear(self) -> None:
        """Escape: clear, and back to the list."""
        self.value = ""
        self.post_message(FilterLine.Left())


class FilterLine(Horizontal):
    """A slash and the input; posts `Changed`, and `Left` when the list is to have the focus."""

    DEFAULT_CSS = """
    FilterLine {
        display: none;
        height: 1;
        background: $surface;
        Label { color: $accent; text-style: bold; padding: 0 1 0 2; width: 4; }
        Input { width: 1fr; padding: 0; background: $surface; }
        &:focus-within { background: $panel; }
        Input:focus { background: $panel; }
    }
    """

    class Changed(Message):
        """Another filter."""

    class Left(Message):
        """The filter is typed."""

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self._placeholder = placeholder
        self._input: FilterInput | None = None

    def _made(self) -> FilterInput:
        """The input, made when it is first wanted: the first frame is sooner there without it."""
        if self._input is None:
            self._input = FilterInput(
                placeholder=self._placeholder, id="filter", compact=True, select_on_focus=False
            )
            self.mount(Label("/"), self._input)
        return self._input

    @property
    def value(self) -> str:
        """The filter."""
        return self._input.value if self._input is not None else ""

    @value.setter
    def value(self, text: str) -> None:
        if text != self.value:
            self._made().value = text

    @property
    def typing(self) -> bool:
        """Whether keys go into the filter."""
        return self._input is not None and self._input.has_focus

    def begin(self) -> None:
        """Show it and give it the focus."""
        self.display = True
        self._made().focus()

    def _show(self) -> None:
        self.display = self.typing or bool(self.value)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())

    def on_descendant_blur(self) -> None:
        """An empty filter goes away."""
        self._show()
