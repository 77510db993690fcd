"""The command line's manual is true: its examples are commands that the parser takes."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import NoReturn

import pytest

from modtui import commands, manual, opening
from modtui.cli import build_parser, main
from modtui.exits import ExitCode

EXAMPLES = [command for page in manual.PAGES.values() for command, _ in page.examples]


@pytest.fixture(autouse=True)
def _socket_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.exists", lambda path: True)


@pytest.mark.parametrize("command", EXAMPLES)
def test_examples_are_commands(command: str) -> None:
    words = shlex.split(re.sub(r"\$\(.*?\)", "4242", re.split(r"[|]", command)[0]))
    assert words[0] == "modtui"
    assert isinstance(build_parser().parse_args(words[1:]), argparse.Namespace)


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["app.py", "--port", "80"], ["app.py", "--port", "80"]),
        (["--headless", "-m", "flask", "run", "--help"], ["-m", "flask", "run", "--help"]),
        (["--python", "/usr/bin/python3", "-c", "pass"], ["-c", "pass"]),
        (["--python=/usr/bin/python3", "-"], ["-"]),
        (["--", "-m", "flask"], ["--", "-m", "flask"]),
        (["app.py", "--headless", "--", "x"], ["app.py", "--headless", "--", "x"]),
        ([], []),
    ],
)
def test_what_follows_run_is_the_programs(words: list[str], program: list[str]) -> None:
    options = build_parser().parse_args(["run", *words])
    assert options.program == program
    assert options.headless == ("--headless" in words[:1])


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["check", "1", "--prove", "a", "b"], ["a", "b"]),
        (["check", "1", "a", "--json", "b"], ["a", "b"]),
        (["check", "--json", "1"], []),
        (["diff", "1", "--json", "a"], ["a"]),
        (["reload", "1", "a", "--patch", "b"], ["a", "b"]),
        (["--look-only", "reload", "1", "--dry-run", "a"], ["a"]),
    ],
)
def test_options_may_stand_between_modules(words: list[str], modules: list[str]) -> None:
    options = build_parser().parse_args(words)
    assert (options.target, options.modules) == (1, modules)
    assert options.look_only == ("--look-only" in words)


def test_one_module_after_an_option() -> None:
    assert build_parser().parse_args(["show", "1", "--json", "a"]).module == "a"


@pytest.mark.parametrize("verb", ["reload", "undo"])
def test_look_only_in_the_config_holds_for_commands(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("look_only = true\ncolour = 1\n")
    monkeypatch.setattr("modtui.tui.config.place", lambda: path)
    assert main([verb, "1", *(["a"] if verb == "reload" else [])]) == ExitCode.REFUSED
    told = capsys.readouterr().err
    assert "look_only in config.toml" in told
    assert "line 2: unknown setting 'colour'" in told


def test_every_verb_has_a_page() -> None:
    assert set(manual.PAGES) == (set(commands.VERBS) | set(opening.VERBS)) - {"app"}


@pytest.mark.parametrize("verb", manual.PAGES)
def test_help_fits_a_terminal(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == ExitCode.DONE
    text = capsys.readouterr().out
    for part in ("usage: modtui " + verb, manual.PAGES[verb].about, "examples:", "exit codes:"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 80


def test_wrong_words_say_where_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["reload", "4242"])
    assert ended.value.code == ExitCode.USAGE
    assert "modtui reload --help" in capsys.readouterr().err


def test_an_interrupt_that_a_library_stumbles_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As argparse does where ctrl-C comes before it has set what it then puts back."""

    class Stumbling(argparse.ArgumentParser):
        def parse_args(self, *_: object) -> NoReturn:  # type: ignore[override]
            try:
                raise KeyboardInterrupt
            finally:
                _ = self.not_set_yet  # type: ignore[attr-defined]

    monkeypatch.setattr("modtui.cli.build_parser", lambda verb: Stumbling())
    assert main(["ps"]) == ExitCode.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err
