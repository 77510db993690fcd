"""The config file: what it sets, and that what is wrong in it is told with its line."""

from __future__ import annotations

from pathlib import Path

from modtui.tui.config import load


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    config = load(tmp_path / "none.toml")
    assert config.problems == ()
    assert config.theme == "modtui-dark"


def test_settings_are_read(tmp_path: Path) -> None:
    config = load(write(tmp_path, 'theme = "nord"\nfolded = false\n[keys]\nreload = "r,f6"\n'))
    assert (config.theme, config.folded, dict(config.keys)) == ("nord", False, {"reload": "r,f6"})
    assert config.problems == ()


def test_mistakes_name_the_line_and_spare_the_rest(tmp_path: Path) -> None:
    text = (
        'theme = "nord"\nfolded = "yes"\ncolour = 3\norder = "size"\n'
        '[keys]\nrelaod = "r"\nundo = 3\n'
    )
    config = load(write(tmp_path, text))
    assert config.theme == "nord"
    assert config.folded is True
    said = "\n".join(config.problems)
    for line, word in ((2, "folded"), (3, "colour"), (4, "order"), (6, "relaod"), (7, "undo")):
        assert f"line {line}: " in said
        assert word in said


def test_keys_that_are_none_or_taken_are_told(tmp_path: Path) -> None:
    text = '[keys]\nfold = "r"\nundo = "ctrl-x"\nmark = "insert,M"\nreload = "+"\n'
    config = load(write(tmp_path, text))
    said = "\n".join(config.problems)
    assert "line 3: there is no key 'ctrl-x'" in said
    assert "line 5: + is the key of wider already" in said
    assert len(config.problems) == 2, "r is free, as reload has another"
    assert set(config.keys) == {"fold", "mark", "reload"}
    assert "line 2: r is the key of reload" in load(write(tmp_path, text[:18])).problems[0]


def test_what_is_not_toml_is_told(tmp_path: Path) -> None:
    assert "line 1" in load(write(tmp_path, "theme = \n")).problems[0]


def test_a_theme_that_is_not_there_is_told_with_its_line_and_one_that_is(tmp_path: Path) -> None:
    config = load(write(tmp_path, '\ntheme = "modtui-lite"\n'))
    said = config.no_theme(["dracula", "modtui-light", "nord"])
    assert "line 2: there is no theme 'modtui-lite'" in said
    assert "modtui-light" in said
