"""The source view: lines, cursor, search."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modtui.tui.widgets.source_view import SourceView
from tests.tui.code_app import OLD, CodeApp, screen_text


async def test_shows_lines_with_numbers() -> None:
    view = SourceView()
    async with CodeApp(view).run_test(size=(80, 20)) as pilot:
        view.show(OLD, "/srv/app/cart.py", note="the file is newer than what runs")
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "/srv/app/cart.py" in text
        assert "line 1 of 45" in text
        assert "! the file is newer than what runs" in text
        assert "   5  RATE = 1" in text


async def test_cursor_and_current_line() -> None:
    view = SourceView()
    async with CodeApp(view).run_test(size=(80, 12)) as pilot:
        view.show(OLD, "cart.py", line=20)
        await pilot.pause()
        assert view.current_line == 20
        assert "def total" in screen_text(pilot.app)
        await pilot.press("down", "down", "up")
        assert view.current_line == 21
        await pilot.press("end")
        assert view.current_line == 45
        await pilot.press("pageup", "home")
        assert view.current_line == 1
        view.go_to(1000)
        assert view.current_line == 45
        view.show(OLD + "more\n", "cart.py")
        assert view.current_line == 45
        view.show("x\n", "other.py")
        assert view.current_line == 1


async def test_search() -> None:
    view = SourceView()
    async with CodeApp(view).run_test(size=(80, 12)) as pilot:
        view.show(OLD, "cart.py")
        await pilot.press("slash", *"items")
        await pilot.pause()
        assert "/items" in screen_text(pilot.app)
        assert f"{OLD.count('items')} found" in screen_text(pilot.app)
        first = view.current_line
        await pilot.press("backspace", "s", "enter", "n")
        assert view.current_line > first
        await pilot.press("N")
        assert view.current_line == first
        await pilot.press("N")
        last = view.current_line
        await pilot.press("n")
        assert view.current_line == first < last
        await pilot.press("escape")
        assert view.matches == 0


async def test_small_letters_find_capitals() -> None:
    view = SourceView()
    async with CodeApp(view).run_test() as pilot:
        view.show("Abc\nabc\nABC\n", "x")
        await pilot.pause()
        assert view.search("abc") == 3
        assert view.search("Abc") == 1
        assert view.search("zzz") == 0
        assert "not found" in screen_text(pilot.app)


async def test_letters_are_typed_not_run_while_searching() -> None:
    view = SourceView()
    async with CodeApp(view).run_test() as pilot:
        view.show("a q\n" * 50, "x")
        await pilot.press("slash", "G", "j", "n")
        assert view._typed == "Gjn"
        await pilot.press("escape")
        assert view._typed is None


async def test_odd_texts() -> None:
    view = SourceView()
    async with CodeApp(view).run_test(size=(60, 10)) as pilot:
        for data in (b"", b"\n", b"\xff\xfe", b"x = 1\0\n", b"a\r\nb\rc", b"\x1b[2J\n", None):
            view.show(data, "odd.py")
            await pilot.press("end", "home", "right", "pagedown")
            await pilot.pause()
            assert "\x1b" not in screen_text(pilot.app)
        view.show(b"", "odd.py")
        await pilot.pause()
        assert "empty" in screen_text(pilot.app)
        view.show(b"\xff", "odd.py")
        await pilot.pause()
        assert "not UTF-8" in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(100, 30), (40, 20)], ids=["100x30", "40x20"])
def test_looks(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    view = SourceView()
    app = CodeApp(view)

    async def show(pilot: object) -> None:
        view.show(OLD, "/srv/app/shop/cart.py", line=21)
        view.search("self")

    assert snap_compare(app, terminal_size=size, run_before=show)
