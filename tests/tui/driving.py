"""Waiting for what a person would wait for, instead of for some time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from modtui.tui.screens.browser import BrowserScreen
from tests.tui.quiet import PATIENCE, pending, quiet


async def once(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Wait until it holds, whatever is under way; fail if it never does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"never: {what or holds}; {pending(pilot.app) or 'all is quiet'}")
        await asyncio.sleep(0.01)


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Wait until it holds and nothing is under way any more; fail if it never does."""
    await once(pilot, holds, what)
    await quiet(pilot.app)


def browser(pilot: Pilot[int]) -> BrowserScreen:
    """The browser screen, wherever it is in the stack."""
    return next(one for one in pilot.app.screen_stack if isinstance(one, BrowserScreen))


def shown(screen: BrowserScreen) -> list[str]:
    """The names in the list."""
    return [row.name for row in screen.modules.listing.rows]


async def settled(pilot: Pilot[int]) -> BrowserScreen:
    """Attached, all rows there, and everything about the module under the cursor answered."""
    await until(pilot, lambda: browser(pilot).model.complete, "the census")
    return browser(pilot)


async def type_ahead(pilot: Pilot[int], *keys: str) -> None:
    """Press keys faster than the app can answer any of them."""
    await asyncio.gather(*(pilot.app._press_keys([key]) for key in keys))
    await quiet(pilot.app)
