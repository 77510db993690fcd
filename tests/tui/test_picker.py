"""Picking a process."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from modtui.reach.errors import NoSuchProcess
from modtui.tui.application import ModtuiApp
from modtui.tui.screens.picker import PickerScreen
from modtui.tui.widgets.notice import Banner
from modtui.tui.widgets.pages import Pages
from modtui.tui.widgets.process_list import command_line
from tests.tui.driving import browser, settled, type_ahead, until
from tests.tui.fake import FakeMachine

Make = Callable[..., ModtuiApp]


async def picker(pilot: Any) -> PickerScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen))
    screen: PickerScreen = pilot.app.screen
    await until(pilot, lambda: screen.processes is not None)
    return screen


async def test_enter_attaches_to_what_can_be_reached(app: Make, machine: FakeMachine) -> None:
    async with app(connect=None).run_test(size=(100, 30)) as pilot:
        screen = await picker(pilot)
        assert [one.pid for one in screen.rows.rows] == [48213, 50001, 812]
        await pilot.press("enter")
        await settled(pilot)
        assert machine.attached == [48213]


async def test_what_cannot_be_reached_says_why_and_what_to_do(
    app: Make, machine: FakeMachine
) -> None:
    async with app(connect=None).run_test(size=(100, 30)) as pilot:
        screen = await picker(pilot)
        await pilot.press("end")
        text = screen.query_one("#remedy", Pages).text
        assert "it belongs to another user" in text
        assert "sudo modtui attach 812" in text
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        await pilot.press("y")
        assert pilot.app.clipboard == "sudo modtui attach 812"
        await pilot.press("a")
        assert [one.pid for one in screen.rows.rows] == [48213, 50001]


async def test_the_filter_and_refresh(app: Make, machine: FakeMachine) -> None:
    async with app(connect=None).run_test(size=(80, 24)) as pilot:
        screen = await picker(pilot)
        await pilot.press("slash", *"http", "enter")
        assert [one.pid for one in screen.rows.rows] == [50001]
        machine.list = machine.list[:1]
        await pilot.press("r")
        await until(pilot, lambda: len(screen.processes or ()) == 1)
        assert screen.rows.rows == []
        await pilot.press("escape")
        assert len(screen.rows.rows) == 1


async def test_enter_twice_at_once_filters_and_attaches(app: Make, machine: FakeMachine) -> None:
    async with app(connect=None).run_test(size=(80, 24)) as pilot:
        await picker(pilot)
        await type_ahead(pilot, "slash", *"http", "enter", "enter")
        await settled(pilot)
        assert machine.attached == [50001]


async def test_no_processes_at_all_says_what_to_do(app: Make, machine: FakeMachine) -> None:
    machine.list = []
    async with app(connect=None).run_test(size=(80, 24)) as pilot:
        screen = await picker(pilot)
        said = "".join(text for line in screen.rows.empty for text, _ in line)
        assert "modtui demo" in said


async def test_where_none_can_be_reached_the_way_to_the_reasons_is_said(
    app: Make, machine: FakeMachine
) -> None:
    machine.list = machine.list[1:2]
    async with app(connect=None).run_test(size=(80, 24)) as pilot:
        screen = await picker(pilot)
        assert len(screen.rows.rows) == 1
        await pilot.press("a")
        said = "".join(text for line in screen.rows.empty for text, _ in line)
        assert "a shows them" in said


async def test_back_to_the_processes_from_one_that_cannot_be_attached_to(
    app: Make, machine: FakeMachine
) -> None:
    def connect(pid: int, attempt: Any) -> None:
        raise NoSuchProcess(f"there is no process {pid}", "")

    machine.connect = connect  # type: ignore[method-assign]
    async with app(connect=None).run_test(size=(100, 30)) as pilot:
        screen = await picker(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: browser(pilot).failed)
        assert "esc goes back" in browser(pilot).query_one(Banner).text
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


def test_a_command_line_is_one_line() -> None:
    one = SimpleNamespace(argv=("python", "-c", "import os\n\tos.wait()\x1b[2J"), executable="")
    assert command_line(one) == "python -c import os os.wait()␛[2J"
