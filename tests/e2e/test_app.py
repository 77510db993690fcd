"""The main job in the real app, in a real terminal, against a separate process."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.server import NEW, OLD, running_server, until
from tests.e2e.terminal import TMUX, terminal
from tests.pythons import PYTHONS
from tests.targets import PRELUDE, target, unharmed

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not on this machine")
MODTUI = (sys.executable, "-m", "modtui")


@pytest.mark.parametrize(("columns", "rows"), [(160, 45), (80, 24)])
def test_attach_see_it_turn_stale_diff_reload_undo(tmp_path, columns: int, rows: int) -> None:
    with (
        running_server(tmp_path) as server,
        terminal([*MODTUI, "attach", str(server.pid)], columns, rows) as screen,
    ):
        screen.shows("till.pricing", str(server.pid), "● live")
        assert server.ask() == OLD
        server.edit()
        screen.shows("~ till.pricing")  # no key was pressed
        screen.press("Home", "d")
        screen.shows("VAT = 19", "VAT = 21")
        assert server.ask() == OLD
        screen.press("r")
        screen.shows("Reload till.pricing?")
        screen.press("y")
        until(lambda: server.ask() == NEW, what="the server answers with the new code")
        screen.shows("Reloaded till.pricing")
        screen.press("u")  # (an escape just before it would be read as alt+u)
        screen.shows("Undo")
        screen.press("y")
        until(lambda: server.ask() == OLD, what="the server answers with the old code again")
        screen.press("q")
        screen.shows("ended with 0")
        assert server.ask() == OLD


def test_from_modtui_to_a_reloaded_module_in_six_keys(tmp_path) -> None:
    """As somebody would who has read nothing: the program is in the list, its stale module is on
    top, and what to press is on the screen. The second time the program is on top, too."""
    state = str(tmp_path / "state")
    with running_server(tmp_path) as server:
        server.edit()
        with terminal(MODTUI, 120, 40, state) as screen:
            screen.shows("pick a process", "can be reached")
            screen.press("/")
            screen.type(str(server.pid))  # on a machine full of other tests' processes
            screen.shows("1 of ")
            screen.press("Enter")
            screen.shows("enter attach")
            screen.press("Enter")
            pressed = 2
            screen.shows("~ till.pricing", "r reload…")
            screen.press("r")
            screen.shows("Reload till.pricing?", "y Reload")
            screen.press("y")
            screen.shows("Reloaded till.pricing")
            assert pressed + 2 <= 6
            assert server.ask() == NEW
            screen.shows("Report", "esc close")
            screen.press("q", "q")  # the report, then the app
            screen.shows("ended with 0")
        with terminal(MODTUI, 120, 40, state) as screen:
            screen.shows("pick a process")
            screen.shows(f"↺ {server.pid}")
            screen.press("q")
            screen.shows("ended with 0")


HOLDS_THE_GIL = """
import ctypes, time
libc = ctypes.PyDLL(None)
def work():
    libc.usleep(60000000)
    time.sleep(3600)
run(work)
"""


@pytest.mark.parametrize("by", ["pid", "picker"])
def test_leaving_while_the_target_is_waited_for_withdraws(by: str) -> None:
    python = next(one for one in PYTHONS if not one.root)
    with target(python, PRELUDE + HOLDS_THE_GIL) as process:
        words = ["attach", str(process.pid)] if by == "pid" else []
        with terminal([*MODTUI, *words], 120, 40) as screen:
            if by == "picker":
                screen.shows("pick a process", "can be reached")
                screen.press("/")
                screen.type(str(process.pid))
                screen.shows("1 of ")
                screen.press("Enter")
                screen.shows("enter attach")
                screen.press("Enter")
            screen.shows("attaching", "holds the GIL", "giving up in")
            screen.press("q")
            screen.shows("ended with 0")
        report = process.finish()
        report["differs"].pop("descriptors", None)  # the payload that nobody came to close
        unharmed(report)


def test_the_target_ends_while_it_is_browsed(tmp_path) -> None:
    with (
        running_server(tmp_path) as server,
        terminal([*MODTUI, "attach", str(server.pid)]) as screen,
    ):
        screen.shows("till.pricing")
        server.process.kill()
        screen.shows("R", "gone")
        screen.press("q")
        assert "Traceback" not in screen.shows("ended with 0")


def test_attach_to_nothing_says_so_and_how_to_go_on() -> None:
    with terminal([*MODTUI, "attach", "999999999"], 80, 24) as screen:
        screen.shows("999999999")
        screen.press("q")
        assert "Traceback" not in screen.shows("ended with")


def test_the_demo_ends_with_its_terminal() -> None:
    with terminal([*MODTUI, "demo"], 120, 40) as screen:
        pid = int(re.search(r"untouched \(pid (\d+)\)", screen.shows("Press g"))[1])
        folder = Path(os.readlink(f"/proc/{pid}/cwd")).parent
    until(lambda: not os.path.exists(f"/proc/{pid}"), what="the shop has ended")
    until(lambda: not folder.exists(), what="its folder is gone")


def test_the_demo_from_start_to_undo_in_a_few_keys() -> None:
    with terminal([*MODTUI, "demo"], 120, 40) as screen:
        screen.shows("shop.pricing", "Press g", "● live")
        screen.press("g")
        screen.shows("packaging", "Press r", "3 live instances")
        screen.press("r")
        screen.shows("Reload shop.pricing?", "shop.views")  # who keeps the old function
        screen.press("y")
        screen.shows("5 old objects still in use")
        screen.press("p")
        screen.shows("Patch shop.pricing?")
        screen.press("y")
        screen.shows("Patched shop.pricing", "a cake costs 5.32")
        screen.press("u")  # (an escape just before it would be read as alt+u)
        screen.shows("Undo")
        screen.press("y")
        screen.shows("Undone: a cake costs 4.82")
        screen.press("q")
        screen.shows("ended with 0")
