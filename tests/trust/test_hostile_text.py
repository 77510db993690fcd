"""Hostile text on every screen, in every command and export: safe, recognisable, no crash."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from modtui import cli, opening
from modtui.reach.errors import ConnectionLost
from modtui.source.safe import safe_text
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from tests.trust import hostile
from tests.tui.driving import browser, settled, until
from tests.tui.fake import FakeMachine, FakeSession, told

EXAMPLES = int(os.environ.get("MODTUI_EXAMPLES", "3"))
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MODTUI_EXAMPLES" not in os.environ,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.target),  # to shrink would take minutes
    suppress_health_check=list(HealthCheck),
)


def spoiled_session(words: list[str]) -> FakeSession:
    """The recorded session, all of its text replaced."""
    session = FakeSession()
    spoilt = hostile.spoiled(told(), words)
    session.calls.told = spoilt
    session.calls.records = spoilt["page"]["modules"]
    session.target = spoilt["target"]
    return session


def drawn(app: ModtuiApp) -> str:
    """What the screen shows; fails if the terminal would get anything but text."""
    lines = []
    for strip in app.screen._compositor.render_strips():
        for text, style, control in strip:
            assert not control
            assert not hostile.harmful(text), (hostile.harmful(text), text)
            assert style is None or style.link is None, style.link
        lines.append(strip.text)
    return "\n".join(lines)


def name_of(session: FakeSession, name: str) -> str:
    """What a recorded module is called now."""
    known = [record["name"] for record in told()["page"]["modules"]]
    found: str = session.calls.records[known.index(name)]["name"]
    return found


async def _every_screen(session: FakeSession, words: list[str]) -> None:
    session.edit()
    app = ModtuiApp(
        lambda attempt: session, machine=FakeMachine(session), config=Config(Path("config.toml"))
    )
    app.animation_level = "none"
    async with app.run_test(size=(150, 44)) as pilot:
        screen = await settled(pilot)
        wanted = name_of(session, "shop.pricing")
        screen.modules.go_to(wanted)
        shown = drawn(app)
        if len(wanted) < 24:
            assert safe_text(wanted)[:20] in shown
        for key in (*"dcnip", "h", "d", "s", "z", "s", "t", "right", "t", "f", "o", "m", "m"):
            await pilot.press(key)
            await settled(pilot)
            drawn(app)
        await pilot.press("slash", *"shop", "enter")
        await pilot.pause()
        drawn(app)
        await pilot.press("escape", "escape", "escape", "question_mark")
        await pilot.pause()
        drawn(app)
        await pilot.press("escape")
        await _reloads(pilot, session)
        for word in words[:6]:
            screen.say(word)
        await pilot.pause()
        drawn(app)
        session.calls.error = ConnectionLost("".join(words))
        await until(pilot, lambda: screen.lost is not None)
        drawn(app)


async def _reloads(pilot: Pilot[int], session: FakeSession) -> None:
    from modtui.tui.screens.journal import JournalScreen
    from modtui.tui.screens.preview import PreviewScreen
    from modtui.tui.screens.report import ReportScreen

    screen = browser(pilot)
    for answer in ("reload", "patch", "broken"):
        screen.modules.go_to(name_of(session, "shop.pricing"))
        session.answer = answer
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, PreviewScreen))
        preview: Any = pilot.app.screen
        await until(pilot, lambda preview=preview: preview.plan is not None)
        drawn(pilot.app)  # type: ignore[arg-type]
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))
        drawn(pilot.app)  # type: ignore[arg-type]
        await pilot.press("pagedown", "escape")
        await pilot.pause()
        session.edit()
    await pilot.press("l")
    await until(pilot, lambda: isinstance(pilot.app.screen, JournalScreen))
    drawn(pilot.app)  # type: ignore[arg-type]
    await pilot.press("m", "J")
    await pilot.pause()
    await pilot.press("escape")
    await pilot.pause()


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modtui.tui.feed.POLL_SECONDS", 0.05)


@pytest.mark.usefixtures("_still")
@settings(quick, max_examples=-(-EXAMPLES // 3))
@given(hostile.batches)
def test_every_screen(words: list[str]) -> None:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            asyncio.run(_every_screen(spoiled_session(words), words))
        finally:
            os.chdir(here)
        exports = sorted(Path(folder).iterdir())
        assert {path.suffix for path in exports} == {".md", ".json"}
        for path in exports:
            text = path.read_text("utf-8")
            if path.suffix == ".json":
                json.loads(text)
                assert text.isascii() or not hostile.harmful(text.replace("\n", ""))
            else:
                assert not hostile.harmful(text.replace("\n", "")), path


@pytest.mark.usefixtures("_still")
def test_every_screen_with_all_that_is_known_to_be_bad() -> None:
    test_every_screen.hypothesis.inner_test(list(hostile.BAD))  # type: ignore[attr-defined]


async def _picker(words: list[str]) -> None:
    session = spoiled_session(words)
    machine = FakeMachine(session)
    real = vars(machine.list[0])
    machine.list = [
        SimpleNamespace(
            **{
                **real,
                "pid": 1000 + number,
                "argv": (word, "x" + word),
                "executable": "/bin/" + word,
                "cwd": word,
                "user": word,
                "python": "3.11" + word,
                "way": None if number % 2 else "ptrace",
                "reason": "because " + word if number % 2 else None,
                "remedy": word if number % 2 else None,
            }
        )
        for number, word in enumerate(words)
    ]
    app = ModtuiApp(None, machine=machine, config=Config(Path("config.toml"), problems=(*words,)))
    app.animation_level = "none"
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in ("down", "down", "slash", "x", "escape", "down", "end"):
            await pilot.press(key)
            await pilot.pause()
            drawn(app)


@quick
@given(hostile.batches)
def test_picking_a_process(words: list[str]) -> None:
    asyncio.run(_picker(words))


class Terminal(io.TextIOWrapper):
    """A standard stream that says it is a terminal, and keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="strict", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        data: bytes = self.buffer.getvalue()  # type: ignore[attr-defined]
        return data.decode("utf-8")


class Visited(FakeSession):
    """The recorded session as commands use it."""

    def __enter__(self) -> Visited:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


VERBS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("check",),
    ("show", "shop.pricing"),
    ("show", "--agent"),
    ("diff", "shop.pricing"),
    ("diff",),
    ("reload", "shop.pricing", "--dry-run"),
    ("reload", "shop.pricing"),
    ("reload", "shop.pricing", "--patch"),
    ("undo",),
    ("show", "no such module"),
)


def run(verb: tuple[str, ...], session: Any, words: list[str]) -> tuple[str, str]:
    """Run a command as on a terminal; what it wrote there."""
    out, err = Terminal(), Terminal()
    arguments = [name_of(session, part) if part == "shop.pricing" else part for part in verb[1:]]
    line = [verb[0], str(os.getppid()), "--", *[a for a in arguments if not a.startswith("--")]]
    line[1:1] = [a for a in arguments if a.startswith("--")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(opening, "connect", lambda options: session)
        cli.main(line)
    return out.text, err.text


@quick
@given(hostile.batches)
def test_every_command(words: list[str]) -> None:
    _commands(words, VERBS)


def _commands(words: list[str], verbs: tuple[tuple[str, ...], ...]) -> None:
    for verb in verbs:
        session = spoiled_session(words)
        session.__class__ = Visited
        session.edit()
        out, err = run(verb, session, words)
        assert not hostile.harmful_output(out), (verb, hostile.harmful_output(out))
        assert not hostile.harmful_output(err), (verb, hostile.harmful_output(err))
        assert out or err, verb


def test_every_command_with_all_that_is_known_to_be_bad() -> None:
    test_every_command.hypothesis.inner_test(list(hostile.BAD))  # type: ignore[attr-defined]


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.lists(hostile.texts, min_size=2, max_size=2, unique=True))
def test_what_is_different_looks_different(pair: list[str]) -> None:
    """A name that holds a control character never looks like one that holds its picture."""
    pictures = [text for text in pair if any("\u2400" <= char <= "\u2426" for char in text)]
    if not pictures and not any("\\" in text for text in pair):
        shown = [safe_text(text) for text in pair]
        assert shown[0] != shown[1] or _same_but_for_anchor(pair)


def _same_but_for_anchor(pair: list[str]) -> bool:
    return any(text.startswith("\u25cc") for text in pair)


async def _long_lines(session: FakeSession) -> None:
    session.edit()
    app = ModtuiApp(
        lambda attempt: session, machine=FakeMachine(session), config=Config(Path("config.toml"))
    )
    app.animation_level = "none"
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await settled(pilot)
        screen.modules.go_to(name_of(session, "shop.pricing"))
        for key in ("d", "right", "c", "n", "p"):
            await pilot.press(key)
            await settled(pilot)
            drawn(app)


def test_a_megabyte_in_one_line() -> None:
    words = [*(["x"] * 150), "y\x1b[31m漢" * 150_000]
    _commands(words, (VERBS[2], VERBS[4], VERBS[6]))
    asyncio.run(_long_lines(spoiled_session(words)))
