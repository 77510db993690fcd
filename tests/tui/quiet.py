"""Waiting until an app has nothing left to do, however slow the machine is.

Textual's own waiting asks whether the processor is idle, and on a machine with other work it is so
too early. Here it is asked what could still change the screen: messages, callbacks, timers that
ring once, workers, a layout or paint that is due. Without any of these, what is shown is final.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.widgets._toast import Toast, ToastHolder

from modtui.tui.feed import Feed

PATIENCE = 60.0  # seconds; only a test that fails ever waits so long
ROUNDS = 3  # what a message leads to may be on its way between two looks
ENDLESS = frozenset(("poll", "reload"))  # the one never ends, the other ends when a test lets it


async def quiet(app: App[Any], patience: float = PATIENCE) -> None:
    """Wait until nothing is left that would change what is shown; fail if that never comes."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    calm = 0
    while calm < ROUNDS and _runs(app):
        await _all_heard(app)
        busy = pending(app)
        calm = 0 if busy else calm + 1
        if busy:
            if loop.time() > deadline:
                raise AssertionError(f"never quiet: {busy}")
            await asyncio.sleep(0.004)
            if _runs(app):
                app.screen._on_timer_update()  # paint now, not with the next frame


def pending(app: App[Any]) -> str:
    """What may still change the screen, in words; "" if nothing will."""
    if not _runs(app):
        return ""
    for worker in app.workers:
        if worker.group not in ENDLESS and not worker.is_finished:
            return f"worker {worker!r}"
    if app._batch_count or app.animator._animations or app.animator._scheduled:
        return "a batch or an animation"
    for node in _nodes(app):
        # The feed's clock never stops; what its workers have sent is heard in the next rounds.
        told = node.is_running and not isinstance(node, Feed)
        if told and (node._message_queue.qsize() or node._next_callbacks):
            return f"messages of {node!r}"
        for timer in node._timers:
            if _rings_once(timer) and not isinstance(node, (Toast, ToastHolder)):
                return f"{timer!r} of {node!r}"
    for screen in app.screen_stack:
        if screen.is_current and (screen._callbacks or screen._layout_required):
            return f"layout of {screen!r}"
    top = app.screen
    if top._scroll_required or top._repaint_required or top._recompose_required:
        return f"paint of {top!r}"
    if top._dirty_widgets:
        return f"paint of {top._dirty_widgets!r}"
    return ""


def _runs(app: App[Any]) -> bool:
    return app.is_running and not app._exit and app._exception is None and bool(app._screen_stack)


def _nodes(app: App[Any]) -> Iterator[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from screen.walk_children(with_self=True)


def _rings_once(timer: Timer) -> bool:
    task = timer._task
    return timer._repeat is not None and task is not None and not task.done()


async def _all_heard(app: App[Any]) -> None:
    """Every widget of every screen has handled what was sent to it before."""
    for _ in range(5):  # a key is sent by way of a task of its own
        await asyncio.sleep(0)
    waiting: dict[MessagePump, asyncio.Event] = {}
    # A screen below a dialog paints all of both after anything it has handled: it is not asked.
    below = set(app.screen_stack[:-1])
    for node in list(_nodes(app)) if _runs(app) else ():
        if node in below:
            continue
        heard = asyncio.Event()
        if node.is_running and node.call_later(heard.set):
            waiting[node] = heard
    for node, heard in waiting.items():
        while _runs(app) and node.is_running and not heard.is_set():
            try:
                await asyncio.wait_for(heard.wait(), 0.05)
            except TimeoutError:
                continue  # it may have been taken off the screen meanwhile
