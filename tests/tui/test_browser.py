"""Every key path of the browser, on a recorded session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from modtui.tui.screens.help import HelpScreen
from modtui.tui.screens.preview import PreviewScreen
from modtui.tui.widgets.pages import Pages
from modtui.tui.widgets.texts import ModuleDiff
from tests.tui.code_app import screen_text
from tests.tui.driving import settled, shown, type_ahead, until
from tests.tui.fake import FakeSession

Make = Callable[..., ModtuiApp]
WIDE = (120, 40)


async def test_rows_come_and_the_first_is_looked_at(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        assert shown(screen)[:2] == ["shop.pricing", "shop.plugins"]
        assert screen.detail.module == "shop.pricing"
        assert screen.query_one(ModuleDiff).hunks == 2


async def test_a_long_search_says_what_it_does(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        detail, words = screen.detail, screen.query_one("#diff-words", Pages)
        before = words.text
        detail.post_message(detail.Busy(detail.module or "", "change", "version 7 compared"))
        await pilot.pause()
        assert words.text == before  # the answer is there already
        detail.diff_pane.show(None, screen.model)
        detail.post_message(detail.Busy("elsewhere", "change", "version 7 compared"))
        await pilot.pause()
        assert words.text.strip() == "comparing…"
        detail.post_message(detail.Busy(detail.module or "", "change", "version 7 compared"))
        await until(pilot, lambda: words.text.strip() == "comparing… version 7 compared")


async def test_the_filter_narrows_and_escape_takes_it_back(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        before = shown(screen)
        await pilot.press("slash", *"pric")
        assert shown(screen) == ["shop.pricing"]
        await pilot.press("enter")
        assert screen.modules.has_focus
        assert shown(screen) == ["shop.pricing"]
        await pilot.press("escape")
        assert shown(screen) == before


async def test_keys_typed_ahead_go_where_they_are_meant_to(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await type_ahead(pilot, "slash", *"qrudo1")
        assert pilot.app.screen is screen
        assert screen.filter.value == "qrudo1"
        await type_ahead(pilot, "escape", "slash", *"pricing", "enter", "o", "r")
        assert screen.filter.value == "pricing"
        assert screen.order.column != "changed"
        await until(pilot, lambda: isinstance(pilot.app.screen, PreviewScreen))
        assert session.reloads == []


async def test_what_is_looked_at_comes_and_goes_with_the_row(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        before = screen.detail.module
        await pilot.press("2")
        assert screen.detail.module is None
        await pilot.press("1")
        assert screen.detail.module == before


async def test_letters_typed_into_the_filter_are_letters(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("slash", *"qrudo1")
        assert screen.filter.value == "qrudo1"
        assert not screen.statuses
        await pilot.press("escape")
        assert screen.filter.value == ""


async def test_the_cursor_stays_on_its_module(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.views")
        await pilot.press("o", "O")
        assert screen.modules.cursor == "shop.views"
        await pilot.press("f", "f", "t")
        assert screen.modules.cursor == "shop.views"
        await pilot.press("slash", *"view", "enter", "escape")
        assert screen.modules.cursor == "shop.views"


async def test_number_keys_are_the_legend(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("6")
        assert {screen.model.rows[name].status for name in shown(screen)} == {"extension"}
        await pilot.press("7")
        assert len({screen.model.rows[name].status for name in shown(screen)}) == 2
        await pilot.press("1")
        assert not screen.statuses
        await pilot.press("2")
        assert shown(screen) == []


async def test_marks_and_ranges(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("home", "space", "space")
        assert len(screen.modules.marked) == 2
        await pilot.press("escape")
        assert not screen.modules.marked
        await pilot.press("home", "V", "down", "down", "V")
        assert len(screen.modules.marked) == 3
        await pilot.press("escape", "home", "shift+down")
        assert screen.modules.marked == frozenset(shown(screen)[:2])
        await pilot.press("escape", "escape", "a")
        assert screen.modules.marked == frozenset(shown(screen))


async def test_the_tree_opens_and_closes(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("__main__")
        await pilot.press("t")
        assert "shop.views" not in shown(screen)
        screen.modules.go_to("shop")
        await pilot.press("right")
        assert "shop.views" in shown(screen)
        await pilot.press("down", "left")
        assert screen.modules.cursor == "shop"
        await pilot.press("left")
        assert "shop.views" not in shown(screen)


async def test_the_tree_opens_where_something_is_stale(app: Make, session: FakeSession) -> None:
    made = app(config=Config(Path("config.toml"), tree=True, given=frozenset({"tree"})))
    async with made.run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        assert "shop.pricing" not in shown(screen)
        session.edit()
        screen.feed.judge(["shop.pricing"], frozenset(["/srv/shop/shop/pricing.py"]))
        await until(pilot, lambda: screen.modules.cursor == "shop.pricing")
        await pilot.press("left", "left")
        assert screen.modules.cursor == "shop"
        assert "shop.pricing" not in shown(screen), "closed by hand it stays closed"
        await pilot.press("right")
        assert "shop.pricing" in shown(screen)


@pytest.mark.parametrize(
    ("key", "tab"),
    [("d", "diff"), ("c", "source"), ("n", "names"), ("i", "imports"), ("p", "spec"),
     ("h", "history")],
)  # fmt: skip
@pytest.mark.parametrize("size", [WIDE, (80, 24)])
async def test_every_tab(app: Make, key: str, tab: str, size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.pricing")
        await pilot.press(key)
        assert screen.detail.tab == tab
        if size[0] < 100:
            assert not screen.query_one("#left").display
            await pilot.press("escape")
            assert screen.modules.has_focus
            assert screen.query_one("#left").display


@pytest.mark.parametrize("key", ["d", "c"])
async def test_the_pane_keeps_the_focus_when_its_answer_comes(app: Make, key: str) -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        for _ in range(3):
            await type_ahead(pilot, key)
            assert screen.focused is not None
            assert screen.focused.id in ("diff-view", "source-view")
            await type_ahead(pilot, "escape", "down")
            assert screen.modules.has_focus


async def test_imports_are_walked_like_links(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.pricing")
        await pilot.press("i", "enter")
        assert screen.query_one("#imports", Pages).has_focus
        await pilot.press("down", "enter")
        assert screen.detail.module == "shop.views"
        await pilot.press("backspace")
        assert screen.detail.module == "shop.pricing"
        await pilot.press("alt+right")
        assert screen.detail.module == "shop.views"


async def test_a_name_leads_to_its_line(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.pricing")
        await pilot.press("n", "enter")
        await pilot.press("enter")
        assert screen.detail.tab in ("source", "names")


async def test_a_save_turns_it_stale_without_a_key(app: Make, session: FakeSession) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        assert screen.model.counts()["stale"] == 0
        session.edit()
        screen.feed.judge(["shop.pricing"], frozenset(["/srv/shop/shop/pricing.py"]))
        await until(pilot, lambda: screen.model.counts()["stale"] == 1)
        assert shown(screen)[0] == "shop.pricing"
        assert screen.detail.module == "shop.pricing"
        await until(pilot, lambda: screen.query_one(ModuleDiff).hunks == 2)


async def test_a_save_in_several_writes_is_told_once(app: Make, session: FakeSession) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        session.edit()
        for _ in range(3):
            screen.feed.judge(["shop.pricing"], frozenset(["/srv/shop/shop/pricing.py"]))
            await until(pilot, lambda: screen.model.counts()["stale"] == 1)
        said = [event.kind for event in screen.model.events if event.name == "shop.pricing"]
        assert said == ["stale"]


async def test_imports_of_the_target_appear(app: Make, session: FakeSession) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        record = dict(session.calls.records[0], name="shop.fresh_one", place="project")
        session.calls.pending = {"added": [record], "removed": ["shop.views"]}
        await until(pilot, lambda: "shop.fresh_one" in shown(screen))
        assert "shop.views" not in shown(screen)
        assert screen.model.events[-2].kind == "imported"


async def test_help_palette_and_leaving(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "ctrl+p")
        assert pilot.app.screen is not screen
        await pilot.press("escape", "ctrl+c")
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
        assert pilot.app.return_code == 0


async def test_copy_takes_names_and_the_diff(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard == "shop.pricing"
        await pilot.press("enter", "y")
        assert "+def packaging(item):" in pilot.app.clipboard
        assert screen.detail.has_focus_within


async def test_keys_of_the_config_are_taken(app: Make) -> None:
    config = Config(Path("config.toml"), keys={"tree": "f7"}, theme="modtui-light")
    async with app(config=config).run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("f7")
        assert screen.as_tree
        assert pilot.app.theme == "modtui-light"


@pytest.mark.parametrize("tree", [False, True])
async def test_the_cursor_is_always_on_the_screen(app: Make, tree: bool) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        rows = screen.modules
        await pilot.press("f", *("t",) * tree)
        for key in ("G", "home", "pagedown", "pagedown", "up", "end", "pageup", "2", "1", "end"):
            await pilot.press(key)
            top = rows.scroll_offset.y
            assert top <= rows.position < top + rows.size.height or not rows.listing.rows
        assert rows.scroll_offset.y == len(rows.listing.rows) - rows.size.height > 0
        assert (rows.row.name if rows.row else "") in screen_text(pilot.app)
        await pilot.press("slash", *"shop.p")
        assert rows.scroll_offset.y == 0


async def test_clicks(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.click("#modules", offset=(10, 2))
        assert screen.modules.position == 2
        await pilot.click("#heads", offset=(6, 0))
        assert screen.order.column == "name"
        await pilot.click("#tabs", offset=(12, 0))
        assert screen.detail.tab == "source"


async def test_resizing_keeps_everything(app: Make) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.views")
        for size in ((80, 24), (40, 10), (200, 60), (12, 4), WIDE):
            await pilot.resize_terminal(*size)
        assert screen.modules.cursor == "shop.views"


async def test_the_footer_offers_folds_only_where_there_are_any(
    app: Make, session: FakeSession
) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("enter")
        assert "z all lines" in screen_text(pilot.app)
        screen.modules.go_to("shop.views")
        await pilot.press("d")
        assert "No difference" in screen_text(pilot.app)
        assert "z all lines" not in screen_text(pilot.app)
