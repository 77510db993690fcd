"""Before, during and after a reload: every key path, on a recorded session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input

from modtui.agent.errors import Busy, FileChanged
from modtui.tui.application import ModtuiApp
from modtui.tui.screens.journal import JournalScreen
from modtui.tui.screens.preview import PreviewScreen
from modtui.tui.screens.report import ReportScreen
from modtui.tui.widgets.pages import Pages
from tests.tui.driving import browser, settled, until
from tests.tui.fake import FakeSession

Make = Callable[..., ModtuiApp]
WIDE = (120, 40)


async def preview(pilot: Any, *keys: str) -> PreviewScreen:
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, PreviewScreen))
    screen: PreviewScreen = pilot.app.screen
    await until(pilot, lambda: screen.plan is not None)
    return screen


async def reported(pilot: Any) -> None:
    """Reload what the cursor is on, up to the report."""
    await preview(pilot, "r")
    await pilot.press("y")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))


async def test_reload_shows_the_plan_first_and_enter_goes_on(
    app: Make, session: FakeSession
) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, "r")
        assert "shop.views" in screen.query_one("#plan-text", Pages).text
        assert session.reloads == []
        assert screen.query_one("#go", Button).has_focus
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        assert len(session.reloads) == 1


@pytest.mark.parametrize("level", ["caution", "danger"])
async def test_where_a_reload_may_do_harm_enter_cancels(
    app: Make, session: FakeSession, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.edit()
    made = session.calls.plan
    monkeypatch.setattr(session.calls, "plan", lambda *a, **k: {**made(*a, **k), "level": level})
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, "r")
        assert screen.query_one("#cancel", Button).has_focus
        await pilot.press("enter")
        assert pilot.app.screen is browser(pilot)
        assert session.reloads == []


async def test_what_was_shown_is_what_runs(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, "r")
        digest = screen.plan["steps"][0]["digest"] if screen.plan else None
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        done = session.reloads[0]
        assert done["expect"] == {"shop.pricing": digest}
        assert (done["patch"], done["yes"], done["thread"]) == (False, False, "main")
        await pilot.press("escape")
        assert any(event.kind == "reloaded" for event in browser(pilot).model.events)


async def test_a_reload_that_waits_can_be_cancelled(app: Make, session: FakeSession) -> None:
    session.edit()
    session.busy = True
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        await preview(pilot, "r")
        await pilot.press("y")
        await until(pilot, lambda: session.reloads)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is browser(pilot))
        assert browser(pilot).model.journal == []


async def test_what_runs_on_the_agents_thread_goes_to_its_end(
    app: Make, session: FakeSession
) -> None:
    session.edit()
    session.busy = True
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, "r")
        await pilot.press("t", "y")
        await until(pilot, lambda: session.reloads)
        await pilot.press("escape")
        assert pilot.app.screen is screen
        session.busy = False
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))


async def test_what_a_reload_does_is_said_and_leaving_does_not_wait_for_it(
    app: Make, session: FakeSession
) -> None:
    session.edit()
    session.busy = True
    try:
        async with app().run_test(size=WIDE) as pilot:
            await settled(pilot)
            screen = await preview(pilot, "r")
            await pilot.press("t", "y")
            await until(pilot, lambda: session.reloads)
            session.reloads[0]["progress"]("it runs")
            box = screen.query_one("#preview")
            await until(pilot, lambda: "it runs" in str(box.border_subtitle))
            await pilot.press("escape")
            assert "^q" in str(box.border_subtitle)
            await pilot.press("ctrl+q")
            assert pilot.app.return_code == 0
    finally:
        session.busy = False


async def test_a_dialog_is_not_hidden_by_what_was_said_before(
    app: Make, session: FakeSession
) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.say("Written")
        await pilot.pause()
        assert len(pilot.app._notifications) == 1
        await preview(pilot, "r")
        assert len(pilot.app._notifications) == 0


async def test_a_file_saved_meanwhile_asks_again(app: Make, session: FakeSession) -> None:
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to("shop.pricing")
        plan = await preview(pilot, "r")
        session.answer = FileChanged("shop.pricing was saved")
        await pilot.press("y")
        pages = plan.query_one("#plan-text", Pages)
        await until(pilot, lambda: "saved while this was open" in pages.text)
        assert "+def packaging(item):" in pages.text
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        assert session.reloads[0]["expect"] != session.reloads[1]["expect"]


async def test_the_choices_reach_the_reload(app: Make, session: FakeSession) -> None:
    session.edit()
    session.answer = "reload"
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        await preview(pilot, "r")
        await pilot.press("p", "x", "t")
        await until(pilot, lambda: pilot.app.screen.plan["patch"])  # type: ignore[attr-defined]
        await until(pilot, lambda: pilot.app.screen.plan["dependents"])  # type: ignore[attr-defined]
        await pilot.press("y")
        await until(pilot, lambda: session.reloads)
        done = session.reloads[0]
        assert (done["patch"], done["dependents"], done["thread"]) == (True, True, "agent")


async def test_danger_needs_the_name_typed(app: Make, session: FakeSession) -> None:
    session.answer = "reload"
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("f")
        screen.modules.go_to("sys")
        plan = await preview(pilot, "r")
        await pilot.press("y")
        assert plan.query_one("#typed", Input).has_focus
        await pilot.press(*"syx", "enter")
        assert session.reloads == []
        await pilot.press("backspace", "s", "enter")
        await until(pilot, lambda: session.reloads)
        assert session.reloads[0]["yes"] is True


async def test_a_failure_shows_the_modules_own_traceback(app: Make, session: FakeSession) -> None:
    session.edit()
    session.answer = "broken"
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        await reported(pilot)
        text = pilot.app.screen.query_one("#story", Pages).text
        assert "KeyError" in text
        assert "RATES = {}['vat']" in text
        assert "Nothing changed" in text


async def test_from_a_failure_into_the_editor_at_its_line(
    app: Make, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "modtui.tui.editing.edit", lambda app, path, line: opened.append((path, line))
    )
    session.edit()
    session.answer = "broken"
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        await reported(pilot)
        error = session.calls.told["broken"]["modules"][0]["error"]
        await pilot.press("e")
        ((path, line),) = opened
        assert f'File "{path}", line {line}, in <module>' in error["traceback"]


async def test_an_agent_that_is_busy_is_told_in_words(app: Make, session: FakeSession) -> None:
    session.edit()
    session.answer = Busy("another reload is under way")
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        plan = await preview(pilot, "r")
        await pilot.press("y")
        pages = plan.query_one("#plan-text", Pages)
        await until(pilot, lambda: "another reload is under way" in pages.text)
        await pilot.press("escape")
        assert pilot.app.screen is browser(pilot)


async def test_undo_asks_first(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await reported(pilot)
        await pilot.press("u")
        await until(pilot, lambda: pilot.app.screen.query("#yes"))
        await pilot.press("right", "enter")
        await until(pilot, lambda: any(e.kind == "undone" for e in screen.model.events))
        assert screen.model.counts()["stale"] == 1


async def test_the_journal_and_its_export(
    app: Make, session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session.edit()
    async with app().run_test(size=WIDE) as pilot:
        await settled(pilot)
        await reported(pilot)
        await pilot.press("escape", "l")
        await until(pilot, lambda: isinstance(pilot.app.screen, JournalScreen))
        await pilot.press("m", "J")
        files = sorted(path.suffix for path in tmp_path.iterdir())
        assert files == [".json", ".md"]
        assert any("shop.pricing" in path.read_text() for path in tmp_path.iterdir())


async def test_look_only_changes_nothing(app: Make, session: FakeSession) -> None:
    session.edit()
    async with app(look_only=True).run_test(size=WIDE) as pilot:
        screen = await settled(pilot)
        await pilot.press("r", "u")
        assert pilot.app.screen is screen
        screen.preview(["shop.pricing"])
        assert pilot.app.screen is screen
        assert session.reloads == []
