"""What the app remembers: the layout, the theme, the last targets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modtui.tui import memory
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config, load
from modtui.tui.memory import Layout, Memory
from modtui.tui.screens.picker import PickerScreen
from tests.tui.driving import settled, until
from tests.tui.fake import FakeMachine, FakeSession

Make = Callable[..., ModtuiApp]


def test_it_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "modtui" / "state.json"
    kept = Memory(Layout(theme="nord", tree=True, share=60)).seen(["app.py", "--port"], "/srv")
    memory.save(kept, path)
    assert memory.load(path) == kept


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"layout": 3, "recent": []}', '{"layout": {}, "recent": [1]}'],
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    assert memory.load(path) == Memory()


def test_values_of_another_kind_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"layout": {"tree": 1, "share": 99, "theme": "nord"}, "recent": []}')
    assert memory.load(path).layout == Layout(theme="nord", share=memory.MOST_SHARE)


def test_the_last_target_comes_first_and_once() -> None:
    kept = Memory().seen(["a.py"], "/x").seen(["b.py"], "/x").seen(["a.py"], "/x")
    assert kept.recent == ((("a.py",), "/x"), (("b.py",), "/x"))
    assert kept.rank(("/usr/bin/python3", "-u", "b.py"), "/x") == 1
    assert kept.rank(("python3", "b.py"), "/elsewhere") is None
    assert kept.rank((), "/x") is None


async def test_what_a_person_arranges_is_remembered(app: Make, session: FakeSession) -> None:
    made = app()
    async with made.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("t", "f", "o", "O", "plus", "s")
        made.theme = "modtui-light"
        await pilot.pause()
    assert made.memory.layout == Layout(
        theme="modtui-light", order="name", inverse=True, tree=True, folded=False,
        diff="split", share=51,
    )  # fmt: skip
    assert made.memory.recent == ((tuple(session.target["argv"]), session.target["cwd"]),)


async def test_it_is_there_the_next_time(app: Make) -> None:
    layout = Layout(
        theme="modtui-light", order="name", tree=True, folded=False, diff="unified", share=60
    )
    async with app(memory=Memory(layout)).run_test(size=(140, 40)) as pilot:
        screen = await settled(pilot)
        assert (screen.order.column, screen.as_tree, screen.folded) == ("name", True, False)
        assert screen.detail.diff.mode == "unified"
        assert pilot.app.theme == "modtui-light"
        assert screen.query_one("#left").size.width > screen.detail.size.width


async def test_the_config_goes_before_it(app: Make, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('order = "status"\ntheme = "modtui-contrast"\n')
    made = app(config=load(path), memory=Memory(Layout(theme="modtui-light", order="name")))
    async with made.run_test(size=(140, 40)) as pilot:
        screen = await settled(pilot)
        assert screen.order.column == "status"
        assert pilot.app.theme == "modtui-contrast"


async def test_the_demo_is_no_recent_target_and_looks_as_at_first(app: Make) -> None:
    class Silent:
        def line(self) -> str:
            return ""

        def act(self) -> bool:
            return False

        def saw(self, event: str) -> None: ...

    layout = Layout(order="name", tree=True, theme="modtui-light")
    made = app(guide=Silent(), memory=Memory(layout))
    async with made.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        assert (screen.order.column, screen.as_tree) == ("freshness", False)
        assert pilot.app.theme == "modtui-light"
        await pilot.press("o")
    assert made.memory == Memory(layout)


async def test_the_picker_shows_recent_targets_first(app: Make, machine: FakeMachine) -> None:
    old = machine.list[2]
    made = app(connect=None, memory=Memory().seen(old.argv[1:], old.cwd))
    async with made.run_test(size=(120, 30)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, PickerScreen)
        await until(pilot, lambda: screen.processes is not None)
        assert [one.pid for one in screen.rows.rows] == [old.pid, 48213, 812]


async def test_packages_of_the_config_are_folded_away(app: Make) -> None:
    config = Config(Path("config.toml"), fold=("shop",))
    async with app(config=config).run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        shown = [row.name for row in screen.modules.listing.rows]
        assert not [name for name in shown if name.split(".")[0] == "shop"]
        await pilot.press("f")
        assert "shop.views" in [row.name for row in screen.modules.listing.rows]


async def test_look_only_in_the_config_holds(
    app: Make, session: FakeSession, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("look_only = true\n")
    async with app(config=load(path)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert session.only_looks
        await pilot.press("r")
        await pilot.pause()
        assert len(pilot.app.screen_stack) == 1
