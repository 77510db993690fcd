"""Switches on one line: a key, a mark, a word; a click or the key turns one round."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from modtui.tui.widgets.bars import Bar, Piece

Choice = tuple[str, str, str, bool]  # key, id, words, on


class Choices(Bar):
    """The choices of a reload."""

    BACK = "row"

    class Chosen(Message):
        """A choice was clicked."""

        def __init__(self, choice: str) -> None:
            self.choice = choice
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.choices: Sequence[Choice] = ()

    def show(self, choices: Sequence[Choice]) -> None:
        """Show these."""
        self.choices = choices
        self.refresh()

    def left(self, width: int) -> list[Piece]:
        """All of them."""
        return [
            Piece(
                [
                    (f" {key} ", "key"),
                    ("[x] " if on else "[ ] ", "accent" if on else "faint"),
                    (f"{text}  ", "title" if on else "muted"),
                ],
                f"choose('{id}')",
            )
            for key, id, text, on in self.choices
        ]

    def action_choose(self, choice: str) -> None:
        """A click."""
        self.post_message(self.Chosen(choice))
