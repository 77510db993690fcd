"""A small app around one view of code, and the texts that its tests show."""

from __future__ import annotations

from pathlib import Path

from textual.app import App, ComposeResult
from textual.widget import Widget

import modtui.tui.widgets.ink as ink
from modtui.source.changes import Change, between

OLD = '''"""The cart of a shop."""

from decimal import Decimal

RATE = 1
LIMIT = 20


class Cart:
    """What a customer is about to buy."""

    currency = "EUR"

    def __init__(self, owner):
        self.owner = owner
        self.items = []

    def __len__(self):
        return len(self.items)

    def total(self):
        return sum(i.price for i in self)

    def add(self, item):
        self.items.append(item)

    def legacy(self):
        warn("do not use")
        return [i for i in self.items if i.legacy]

    @property
    def empty(self):
        return not self.items


def checkout(cart, gateway):
    """Take the money."""
    result = gateway.pay(cart.owner, cart.total())
    return result


def untouched(a, b):
    for i in range(10):
        print(i)
    return a + b
'''
NEW = (
    OLD.replace("LIMIT = 20", "LIMIT = 25")
    .replace(
        "        return sum(i.price for i in self)\n",
        "        rate = self.rate or 1\n        return rate * sum(i.price for i in self)\n",
    )
    .replace(
        '    def legacy(self):\n        warn("do not use")\n'
        "        return [i for i in self.items if i.legacy]\n\n",
        "",
    )
    .replace("cart.owner, ", "cart.owner.card, ")
)


def cart(new: str = NEW, old: str | None = OLD, **options: str) -> Change:
    """The change of a module that tests show."""
    data = None if old is None else old.encode()
    return between("shop.cart", data, new.encode(), file="/srv/app/shop/cart.py", **options)


class CodeApp(App[None]):
    """One widget, alone on the screen."""

    CSS_PATH = [Path(ink.__file__).with_name("ink.tcss")]
    CSS = "Screen CodeView { scrollbar-size-vertical: 0; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, view: Widget, theme: str = "textual-dark") -> None:
        super().__init__()
        self.view = view
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield self.view


def screen_text(app: App[None]) -> str:
    """What the whole screen says."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)
    return "\n".join(lines)
