"""A target that cannot be reached, or has gone: what is said, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from modtui.reach.errors import ConnectionLost, GaveUp, NoPermission
from modtui.tui.ahead import Attempt
from modtui.tui.application import ModtuiApp
from modtui.tui.widgets.notice import Banner
from modtui.tui.widgets.pages import Pages
from tests.tui.driving import browser, once, settled, shown, until
from tests.tui.fake import FakeMachine, FakeSession

Make = Callable[..., ModtuiApp]
WIDE = (120, 40)


async def test_no_permission_is_said_with_its_remedy(app: Make) -> None:
    def refuse(attempt: Any) -> Any:
        raise NoPermission("ptrace is not allowed (yama)", "sudo modtui attach 1")

    async with app(connect=refuse).run_test(size=WIDE) as pilot:
        banner = browser(pilot).query_one(Banner)
        await until(pilot, lambda: banner.display)
        assert "ptrace is not allowed" in banner.text
        assert "sudo modtui attach 1" in banner.text


async def test_a_target_that_goes_leaves_what_was_read_and_comes_back(
    app: Make, session: FakeSession, machine: FakeMachine
) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        session.calls.error = ConnectionLost("the process has ended")
        await until(pilot, lambda: screen.lost)
        assert "shop.pricing" in shown(screen)
        await pilot.press("r")
        assert pilot.app.screen is screen
        session.calls.error = None
        session.calls.asked.clear()
        await pilot.press("R")
        await until(pilot, lambda: screen.header.state == "live")
        assert machine.attached == [48213]
        assert not screen.query_one(Banner).display
        # The pane tells of the new process, not of the one that has gone.
        assert ("baseline", screen.detail.module) in session.calls.asked


async def test_a_fault_of_a_call_is_told_and_the_app_lives(app: Make, session: FakeSession) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        session.calls.error = ValueError("surprise [/] \x1b[31m")
        await pilot.press("down", "n")
        await until(pilot, lambda: "surprise" in screen.query_one("#names", Pages).text)


async def test_what_attaching_waits_for_is_said_and_can_be_given_up(
    app: Make, machine: FakeMachine
) -> None:
    given_up = threading.Event()

    def connect(pid: int, attempt: Attempt) -> Any:
        attempt.tell("it holds the GIL \x1b[2J")
        attempt.stop.wait()
        given_up.set()
        raise GaveUp("the request was withdrawn")

    machine.connect = connect  # type: ignore[method-assign]
    async with app(connect=None).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: pilot.app.screen.processes)  # type: ignore[attr-defined]
        picker = pilot.app.screen
        await pilot.app._press_keys(["enter"])
        await once(pilot, lambda: getattr(pilot.app.screen, "waiting", ""))
        said = "".join(text for line in browser(pilot).modules.empty for text, _ in line)
        assert "it holds the GIL ␛[2J" in said
        assert "esc goes back to the processes" in said
        await pilot.app._press_keys(["escape"])
        await until(pilot, lambda: pilot.app.screen is picker)
        await until(pilot, given_up.is_set)
