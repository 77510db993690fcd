"""The app on recorded data, with the clock stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from tests.tui.fake import NOW, FakeMachine, FakeSession


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr("modtui.tui.feed.POLL_SECONDS", 0.05)
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
        connect = options.pop("connect", lambda: session)
        made = ModtuiApp(connect, machine=machine, **options)
        made.animation_level = "none"
        return made

    return make
