"""The app on recorded data, with the clock stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from tests.tui.fake import NOW, FakeMachine, FakeSession
from tests.tui.quiet import quiet


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key and each wait of a test ends when the app has nothing left to do."""

    async def wait(pilot: Pilot[Any], timeout: float | None = None) -> bool:
        await quiet(pilot.app)
        return True

    async def press(pilot: Pilot[Any], *keys: str) -> None:
        for key in keys:
            await pilot.app._press_keys([key])
            await quiet(pilot.app)

    async def at_once(*_: float) -> None:
        return

    monkeypatch.setattr(Pilot, "_wait_for_screen", wait)
    monkeypatch.setattr(Pilot, "press", press)
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_once)
    monkeypatch.setattr("textual.app.wait_for_idle", at_once)
    # A cursor rests for as long as it takes to see that it does; nothing is shown before or after.
    monkeypatch.setattr("modtui.tui.widgets.detail.REST_SECONDS", 0.01)
    monkeypatch.setattr("modtui.tui.widgets.detail.TYPING_SECONDS", 0.01)
    monkeypatch.setattr("modtui.tui.widgets.detail.PLAN_SECONDS", 0.02)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr("modtui.tui.feed.POLL_SECONDS", 0.2)
    monkeypatch.setattr("modtui.tui.screens.browser_live.TOAST_SECONDS", 60.0)
    monkeypatch.setattr("textual.widgets.Input._toggle_cursor", lambda self: None)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def machine(session: FakeSession) -> FakeMachine:
    return FakeMachine(session)


@pytest.fixture
def app(session: FakeSession, machine: FakeMachine) -> Callable[..., ModtuiApp]:
    """Makes the app on the recorded session."""

    def make(**options: Any) -> ModtuiApp:
        options.setdefault("config", Config(Path("config.toml")))
        connect = options.pop("connect", lambda attempt: session)
        made = ModtuiApp(connect, machine=machine, **options)
        made.animation_level = "none"
        return made

    return make
