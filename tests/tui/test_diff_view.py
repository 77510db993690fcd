"""The diff view: what it shows, says and does at the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from modtui.source.changes import Change, between
from modtui.tui.widgets.diff_view import DiffView
from tests.tui.code_app import NEW, OLD, CodeApp, cart, screen_text


async def settled(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def changed_lines(text: str, sign: str) -> list[str]:
    return [line.split(sign, 1)[1].strip() for line in text.split("\n") if f" {sign} " in line]


async def test_unified() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(90, 50)) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        assert not view.is_split
        assert "cart.py" in text
        assert "+4 −7  1 of 4 changes" in text
        assert "✓ Since it was loaded, proved · captured when it was imported" in text
        assert changed_lines(text, "+") == [
            "LIMIT = 25",
            "rate = self.rate or 1",
            "return rate * sum(i.price for i in self)",
            "result = gateway.pay(cart.owner.card, cart.total())",
        ]
        assert "class Cart › def total" in text
        assert view.current_line == 5


async def test_side_by_side_by_width_and_by_key() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(130, 40)) as pilot:
        await settled(pilot)
        assert view.is_split
        (line,) = [x for x in screen_text(pilot.app).split("\n") if "LIMIT" in x]
        assert "LIMIT = 20" in line
        assert "LIMIT = 25" in line
        assert "╱╱╱" in screen_text(pilot.app)
        await pilot.press("s")
        assert not view.is_split
        await pilot.press("s")
        assert view.is_split
        await pilot.resize_terminal(80, 40)
        await settled(pilot)
        assert view.is_split  # as the user chose


async def test_the_cursor_stays_on_its_line_in_every_mode() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("right_square_bracket", "right_square_bracket", "down")
        line = view.current_line
        for key in ("s", "z", "s", "z"):
            await pilot.press(key)
            assert view.current_line == line


async def test_next_and_previous_change() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(90, 14)) as pilot:
        await settled(pilot)
        places = [view.current_line]
        for key in ("n", "n", "n", "n", "N", "left_square_bracket"):
            await pilot.press(key)
            await pilot.pause()
            assert f"{view.hunk} of 4 changes" in screen_text(pilot.app)
            places.append(view.current_line)
        assert view.hunk == 2
        assert places[3] == places[4]
        assert places[5] == places[2]


async def test_folds_open_and_close() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(90, 60)) as pilot:
        await settled(pilot)
        assert 'currency = "EUR"' not in screen_text(pilot.app)
        await pilot.press("n", "up", "up", "up", "up", "enter")
        await pilot.pause()
        assert 'currency = "EUR"' in screen_text(pilot.app)
        assert "▾" in screen_text(pilot.app)
        await pilot.press("enter")
        await pilot.pause()
        assert 'currency = "EUR"' not in screen_text(pilot.app)
        await pilot.press("z")
        await pilot.pause()
        assert "untouched" in screen_text(pilot.app)
        await pilot.press("z")
        await pilot.pause()
        rows = screen_text(pilot.app).split("\n")
        fold = next(index for index, row in enumerate(rows) if "class Cart › def total" in row)
        await pilot.click(offset=(30, fold))
        await pilot.pause()
        assert 'currency = "EUR"' in screen_text(pilot.app)


async def test_definitions_as_data() -> None:
    view = DiffView(cart())
    heard: list[DiffView.Compared] = []

    class Listening(CodeApp):
        def on_diff_view_compared(self, event: DiffView.Compared) -> None:
            heard.append(event)

    async with Listening(view).run_test(size=(90, 20)) as pilot:
        await settled(pilot)
        names = [(each.qualname, each.change) for each in view.definitions()]
        assert names == [
            ("LIMIT", "changed"),
            ("Cart.total", "changed"),
            ("Cart.legacy", "removed"),
            ("checkout", "changed"),
        ]
        assert heard[0].definitions == view.definitions()
        view.go_to_definition(view.definitions()[3])
        await pilot.pause()
        assert view.current_line == NEW.split("\n").index("def checkout(cart, gateway):") + 1
        view.go_to_definition(view.definitions()[2])
        await pilot.pause()
        assert "def legacy(self):" in screen_text(pilot.app)
        view.go_to(10)
        await pilot.pause()
        assert view.current_line == 10


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, ["Nothing selected"]),
        (cart(OLD), ["No difference", "What runs is what is on disk"]),
        (
            cart(old=None, proof="none", detail="nobody kept a copy"),
            ["The source as loaded is not known", "What was loaded is not known", "nobody kept"],
        ),
        (
            Change("m", "/m.py", between("m", b"x = 1\n", None).baseline, None, "no such file"),
            ["The file cannot be read", "no such file", "still known"],
        ),
        (between("m", b"x\n", b"x\r\n"), ["No line differs", "only line endings (LF before"]),
        (cart(proof="likely", detail="some copy"), ["≈ Against what was probably loaded"]),
        (cart(proof="none", detail="HEAD"), ["? Against a guess, not checked · HEAD"]),
        (cart(NEW + "def (\n"), ["✗ The file is not valid Python, line 43: invalid syntax"]),
        (between("m", b"x = 1\n", b"x = '\xff'\n"), ["not UTF-8", "x = '\\xff'"]),
        (between("m", b"x=1\n", b"x = 1\n"), ["Only comments or layout changed"]),
        (between("m", b"x = 1\n", b"\x1b[31m = \xe2\x80\xae1\n"), ["␛[31m = \\u202e1"]),
    ],
)
async def test_what_is_said(change: Change | None, says: list[str]) -> None:
    view = DiffView()
    async with CodeApp(view).run_test(size=(100, 40)) as pilot:
        view.show(change)
        await settled(pilot)
        text = screen_text(pilot.app)
        for words in says:
            assert words in text
        proved = change is not None and change.baseline.proved
        assert ("Since it was loaded" in text) == proved
        await pilot.press("n", "N", "enter", "z", "s", "down", "end", "pageup", "right", "home")


async def test_a_new_text_of_the_same_module_keeps_the_place() -> None:
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(90, 12)) as pilot:
        await settled(pilot)
        await pilot.press("n", "n", "n")
        line = view.current_line
        view.show(cart(NEW.replace("currency", "money")))
        await settled(pilot)
        assert view.current_line == line
        assert "of 5 changes" in screen_text(pilot.app)


@pytest.mark.parametrize("width", [20, 40, 57, 80, 120, 200])
@pytest.mark.parametrize("mode", ["unified", "split"])
async def test_every_width_fits(width: int, mode: Any) -> None:
    long = NEW.replace("currency", "漢字" * 60) + "wide = '" + "ñ漢\t" * 80 + "'\n"
    view = DiffView(cart(long))
    view.mode = mode
    async with CodeApp(view).run_test(size=(width, 30)) as pilot:
        await settled(pilot)
        await pilot.press("z", "right", "right", "end", "right", "left")
        await pilot.pause()
        width_now = view.scrollable_content_region.width
        for y in range(view.size.height):
            assert view.render_line(y).cell_length == width_now


async def test_long_lines_scroll_sideways_and_say_so() -> None:
    view = DiffView(between("m", b"x = 1\n", b"x = '" + b"a" * 300 + b"the end'\n"))
    async with CodeApp(view).run_test(size=(60, 10)) as pilot:
        await settled(pilot)
        assert "›" in screen_text(pilot.app)
        for _ in range(60):
            await pilot.press("right")
        assert "the end" in screen_text(pilot.app)


async def test_colour_is_never_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    view = DiffView(cart())
    async with CodeApp(view).run_test(size=(90, 50)) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        assert len(changed_lines(text, "−")) == 7
        strip = next(
            strip
            for strip in map(view.render_line, range(view.size.height))
            if "LIMIT = 25" in strip.text
        )
        (marked,) = [s for s in strip if s.text == "25"]
        assert marked.style is not None
        assert marked.style.underline


async def test_ten_thousand_lines() -> None:
    old = "".join(f"def f{i}(x):\n    return x + {i}\n\n\n" for i in range(2_500))
    view = DiffView(between("big", old.encode(), old.replace("x + 17", "x - 17").encode()))
    async with CodeApp(view).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("z", "end")
        await pilot.pause()
        assert "x + 2499" in screen_text(pilot.app)
        strips = [view.render_line(y) for y in range(view.size.height)]
        coloured = {segment.style.color for strip in strips for segment in strip if segment.style}
        assert len(coloured) > 4


SnapCompare = Callable[..., bool]


async def quiet(pilot: Pilot[None]) -> None:
    await settled(pilot)


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ((130, 36), "textual-dark"),
        ((80, 24), "textual-dark"),
        ((130, 36), "textual-light"),
        ((80, 24), "ansi-dark"),
    ],
    ids=lambda value: value if isinstance(value, str) else "x".join(map(str, value)),
)
def test_looks(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    app = CodeApp(DiffView(cart()), theme)
    assert snap_compare(app, terminal_size=size, run_before=quiet)


def test_looks_of_a_guess_with_a_syntax_error(snap_compare: SnapCompare) -> None:
    change = cart(NEW + "def (\n", proof="none", detail="HEAD when the process started")
    assert snap_compare(CodeApp(DiffView(change)), terminal_size=(80, 24), run_before=quiet)


def test_looks_where_nothing_is_known(snap_compare: SnapCompare) -> None:
    change = cart(old=None, proof="none", detail="the target itself kept no copy of it")
    assert snap_compare(CodeApp(DiffView(change)), terminal_size=(80, 24), run_before=quiet)
