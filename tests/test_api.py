"""The Python API: modtui.reload(), listen() and browse(), and the IPython magics."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import modtui
from modtui.agent.errors import Refused, UnknownModule

EDITED = "LIMIT = 2\n\ndef limit():\n    return LIMIT * 10\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A module of this process, and where its file is."""
    (tmp_path / "thermostat.py").write_text("LIMIT = 1\n\ndef limit():\n    return LIMIT\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("thermostat")
    sys.modules.pop("thermostat", None)


def edit(module, text: str) -> None:
    Path(module.__file__).write_text(text)


def test_reload_takes_names_and_modules_and_returns_a_report(module) -> None:
    edit(module, EDITED)
    report = modtui.reload("thermostat")
    assert report.ok
    assert module.limit() == 20
    assert report.modules[0]["names"]["changed"] == ["LIMIT", "limit"]
    assert "Reloaded thermostat" in str(report)
    edit(module, EDITED.replace("2", "3"))
    assert modtui.reload(module).modules[0]["name"] == "thermostat"
    assert module.limit() == 30


def test_a_patch_keeps_the_function_that_others_hold(module) -> None:
    held = module.limit
    edit(module, EDITED)
    modtui.reload(module, patch=True)
    assert held is module.limit
    assert held() == 20


def test_a_failure_raises_with_the_report_and_changes_nothing(module) -> None:
    before = dict(vars(module))
    edit(module, "LIMIT = 5\n1 / 0\n")
    with pytest.raises(modtui.ReloadFailed, match="thermostat: ZeroDivisionError") as caught:
        modtui.reload(module)
    assert caught.value.report.data["rolled_back"]
    assert dict(vars(module)) == before


def test_what_is_not_loaded_or_dangerous_is_refused(module) -> None:
    with pytest.raises(UnknownModule):
        modtui.reload("no.such.module")
    with pytest.raises(UnknownModule):
        modtui.reload(type(sys)("made_up"))
    with pytest.raises(Refused):
        modtui.reload("sys")


def test_importing_modtui_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import modtui; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "['__future__', 'modtui']"


@pytest.mark.parametrize("verb", ["list", "check", "diff", "ps"])
def test_commands_that_print_never_import_textual(verb: str) -> None:
    code = (
        "import sys; from modtui import commands, cli; "
        "cli.main(sys.argv[1:]); print('textual' in sys.modules, file=sys.stderr)"
    )
    arguments = [verb] if verb == "ps" else [verb, "999999999"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.stderr.endswith("False\n")


def test_browse_needs_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdin__", None)
    with pytest.raises(modtui.NoTerminal, match="modtui attach PID"):
        modtui.browse()


def test_listen_gives_a_socket_that_serves_and_is_the_same_again() -> None:
    code = (
        "import modtui, subprocess, sys; path = modtui.listen(); "
        "assert modtui.listen() == path; "
        "done = subprocess.run([sys.executable, '-m', 'modtui', 'show', path, '--agent'],"
        " capture_output=True, text=True); print(done.stdout, done.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "listen" in done.stdout, done.stderr
    assert "import capture: on" in done.stdout


def test_the_magics_reload_and_say_what_is_wrong_in_words(module, capsys) -> None:
    registered = {}

    class Shell:
        def register_magic_function(self, function, kind, name):
            registered[name] = function

    modtui.load_ipython_extension(Shell())
    edit(module, EDITED)
    registered["modtui_reload"]("thermostat --patch")
    assert "Patched thermostat" in capsys.readouterr().out
    registered["modtui_reload"]("")
    assert "usage" in capsys.readouterr().out
    registered["modtui_reload"]("no.such.module")
    assert "no.such.module" in capsys.readouterr().out
