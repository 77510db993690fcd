"""What every screen and dialog looks like, at two sizes, dark and light, from the recording."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from modtui.agent.errors import FileChanged
from modtui.reach.errors import ConnectionLost, NoPermission
from modtui.source.watch import WatchState
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config
from modtui.tui.feed import Feed
from modtui.tui.memory import Memory
from modtui.tui.screens.preview import PreviewScreen
from modtui.tui.screens.report import ReportScreen
from modtui.tui.widgets.notice import Banner
from tests.tui.driving import browser, settled, until
from tests.tui.fake import FakeMachine, FakeSession

Make = Callable[..., ModtuiApp]
Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])


@pytest.fixture(autouse=True)
def _no_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    def watch_nothing(feed: Feed, *_: object) -> None:
        feed.post_message(Feed.Watching(WatchState(True, 11, "watching 11 directories")))

    monkeypatch.setattr(Feed, "watch_files", watch_nothing)


def keys(*pressed: str, at: str | None = None) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Attach, go to a module, press keys, wait for the answers."""

    async def drive(pilot: Pilot[int]) -> None:
        screen = await settled(pilot)
        if at is not None:
            screen.modules.go_to(at)
        for key in pressed:
            await pilot.press(key)

    return drive


LOOKS: dict[str, tuple[str, ...]] = {
    "diff": (),
    "diff-in-front": ("enter",),
    "diff-side-by-side": ("enter", "m"),
    "source": ("c", "enter"),
    "names": ("n", "enter"),
    "imports": ("i", "enter"),
    "spec": ("p", "enter"),
    "history": ("h", "enter"),
    "filter": ("slash", *"shpr"),
    "nothing-matches": ("slash", *"zzzz"),
    "bad-expression": ("slash", "tilde", "left_parenthesis"),
    "libraries": ("f",),
    "extensions": ("6",),
    "tree": ("f", "t", "right"),
    "marks": ("space", "space"),
    "sorted": ("o", "O"),
    "help": ("question_mark",),
    "journal": ("l",),
    "palette": ("ctrl+p",),
}


@SIZES
@pytest.mark.parametrize("look", LOOKS)
def test_browser(
    look: str, size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.edit()
    assert snap_compare(app(), terminal_size=size, run_before=keys(*LOOKS[look]))


@SIZES
def test_calm(app: Make, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=keys("2"))


THEMES = ("modtui-light", "modtui-contrast", "modtui-colourblind", "ansi-dark", "textual-dark")


@pytest.mark.parametrize("theme", THEMES)
def test_themes(theme: str, app: Make, session: FakeSession, snap_compare: Compare) -> None:
    session.edit()
    made = app(config=Config(Path("config.toml"), theme=theme))
    assert snap_compare(made, terminal_size=(120, 40), run_before=keys("down", "space", "up"))


def test_without_colour(
    app: Make, session: FakeSession, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session.edit()
    assert snap_compare(app(), terminal_size=(120, 40), run_before=keys())


@pytest.mark.parametrize(
    "size", [(200, 60), (100, 30), (60, 20)], ids=["200x60", "100x30", "60x20"]
)
def test_sizes(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.edit()
    assert snap_compare(app(), terminal_size=size, run_before=keys())


@SIZES
@pytest.mark.parametrize("at", ["shop.pricing", "sys", "threading", "_socket", "__main__"])
def test_preview(
    at: str, size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.edit()

    async def drive(pilot: Pilot[int]) -> None:
        screen = await settled(pilot)
        await pilot.press("f")
        assert screen.modules.go_to(at)
        await pilot.press("r")
        await _planned(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=drive)


async def _planned(pilot: Pilot[int]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, PreviewScreen)
    await until(pilot, lambda: screen.plan is not None)


@SIZES
@pytest.mark.parametrize("answer", ["reload", "patch", "broken"])
def test_report(
    answer: str, size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.edit()
    session.answer = answer

    async def drive(pilot: Pilot[int]) -> None:
        await keys("r", at="shop.pricing")(pilot)
        await _planned(pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReportScreen))

    assert snap_compare(app(), terminal_size=size, run_before=drive)


@SIZES
def test_saved_meanwhile(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.answer = FileChanged("shop.pricing")

    async def drive(pilot: Pilot[int]) -> None:
        await keys("r", at="shop.pricing")(pilot)
        await _planned(pilot)
        await pilot.press("y")
        await until(pilot, lambda: session.calls.phase == "edited")

    assert snap_compare(app(), terminal_size=size, run_before=drive)


@SIZES
def test_undo_question(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.calls.phase = "reloaded"
    session.calls.journal_entries = session.calls.told["reloaded"]["journal"]

    async def drive(pilot: Pilot[int]) -> None:
        await keys("u")(pilot)
        await until(pilot, lambda: pilot.app.screen.query("#yes"))

    assert snap_compare(app(), terminal_size=size, run_before=drive)


@SIZES
def test_gone(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    async def drive(pilot: Pilot[int]) -> None:
        screen = await settled(pilot)
        session.calls.error = ConnectionLost("The process 48213 has ended.")
        await until(pilot, lambda: screen.lost)

    assert snap_compare(app(), terminal_size=size, run_before=drive)


@SIZES
def test_not_allowed(size: tuple[int, int], app: Make, snap_compare: Compare) -> None:
    def refuse(attempt: Any) -> Any:
        raise NoPermission("This process belongs to another user (www).", "sudo modtui attach 812")

    async def drive(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: browser(pilot).query_one(Banner).display)

    assert snap_compare(app(connect=refuse), terminal_size=size, run_before=drive)


@SIZES
def test_look_only(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    session.edit()
    assert snap_compare(app(look_only=True), terminal_size=size, run_before=keys())


@SIZES
@pytest.mark.parametrize("look", ["first", "unreachable", "none", "recent"])
def test_picker(
    look: str, size: tuple[int, int], app: Make, machine: FakeMachine, snap_compare: Compare
) -> None:
    if look == "none":
        machine.list = []

    async def drive(pilot: Pilot[int]) -> None:
        await pilot.pause()  # the processes are there
        if look == "unreachable":
            await pilot.press("end")

    old = machine.list[-1] if machine.list else None
    memory = Memory().seen(old.argv, old.cwd) if look == "recent" and old else None
    made = app(connect=None, memory=memory)
    assert snap_compare(made, terminal_size=size, run_before=drive)


@SIZES
def test_patch_after_a_reload(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    """What the reload has left behind is what the patch is for."""
    session.edit()

    async def drive(pilot: Pilot[int]) -> None:
        await settled(pilot)
        for pressed, shown in (("r", PreviewScreen), ("y", ReportScreen), ("p", PreviewScreen)):
            await pilot.press(pressed)
            await until(pilot, lambda kind=shown: isinstance(pilot.app.screen, kind))
            await until(pilot, lambda: getattr(pilot.app.screen, "plan", True) is not None)

    assert snap_compare(app(), terminal_size=size, run_before=drive)


@SIZES
def test_output(
    size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    printed = b"\x1b[32mserving\x1b[0m on port 8000\r\n10 %\r50 %\r100 %\r\n"
    printed += b"\x07[/red] a\x1b]0;t\x07b"
    running = SimpleNamespace(output=printed, exit_code=None, write=lambda data: None)

    async def drive(pilot: Pilot[int]) -> None:
        await keys("ctrl+t")(pilot)

    assert snap_compare(app(running=running), terminal_size=size, run_before=drive)


HOSTILE = [
    "list[int]", "[/]", "[bold red]x", "a\x1b[31mred\x1b[0m", "new\nline", "tab\there", "\x07bell",
    "中文.模块", "e\u0301\u202egnp.exe", "\ud800lone", "x" * 4096, " ", "", "..", "a..b",
    "🐍.snake",
    "$primary", "\\[escaped]", "{braces}", "\u200bzero", "]]", "@click=app.quit",
]  # fmt: skip


@SIZES
@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
def test_hostile_names(
    tree: bool, size: tuple[int, int], app: Make, session: FakeSession, snap_compare: Compare
) -> None:
    base = next(one for one in session.calls.records if one["name"] == "shop.views")
    session.calls.records = [
        {
            **base,
            "name": name,
            "file": f"/srv/shop/{name}.py",
            "freshness": {"verdict": "unknown", "proof": "none", "reason": f"[b]{name}"},
        }
        for name in HOSTILE
    ]

    async def drive(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: browser(pilot).model.complete)
        screen = browser(pilot)
        for _ in HOSTILE:
            await pilot.press("down", "space")
        for key in ("n", "i", "p", "h", "c", "d"):
            await pilot.press(key)
        await pilot.press("escape", "slash", "left_square_bracket")
        await pilot.press("backspace", "escape", *("t",) * tree)
        screen.modules.go_to("[/]")

    assert snap_compare(app(), terminal_size=size, run_before=drive)
