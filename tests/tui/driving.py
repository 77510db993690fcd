"""Waiting for what a person would wait for, instead of for some time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from modtui.tui.screens.browser import BrowserScreen

PATIENCE = 10.0


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "") -> None:
    """Wait until it holds; fail if it never does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        await pilot.pause()
        if holds():
            await pilot.pause()
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"never: {what or holds}")
        await asyncio.sleep(0.02)


def browser(pilot: Pilot[int]) -> BrowserScreen:
    """The browser screen, wherever it is in the stack."""
    return next(one for one in pilot.app.screen_stack if isinstance(one, BrowserScreen))


async def settled(pilot: Pilot[int]) -> BrowserScreen:
    """Attached, all rows there, and everything about the module under the cursor answered."""
    await until(pilot, lambda: browser(pilot).model.complete, "the census")
    screen = browser(pilot)
    await until(pilot, lambda: is_settled(screen), "the detail")
    return screen


def is_settled(screen: BrowserScreen) -> bool:
    """Whether all that is asked of the module under the cursor has been answered."""
    detail = screen.detail
    if detail.module is None:
        return True
    needed = {detail.needed, "plan"} - {""}
    return all((detail.module, what) in detail.answers for what in needed)
