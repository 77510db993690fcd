"""How each editor is told the line."""

from __future__ import annotations

import pytest

from modtui.tui.editing import command


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vim", ["vim", "+7", "/a b.py"]),
        ("nano -l", ["nano", "-l", "+7", "/a b.py"]),
        ("code", ["code", "--wait", "--goto", "/a b.py:7"]),
        ("code --wait", ["code", "--wait", "--goto", "/a b.py:7"]),
        ("/usr/bin/hx", ["/usr/bin/hx", "/a b.py:7"]),
        ("pycharm", ["pycharm", "--line", "7", "/a b.py"]),
    ],
)
def test_the_line_is_told(editor: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    assert command("/a b.py", 7) == words


def test_visual_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "emacs")
    monkeypatch.setenv("EDITOR", "vi")
    assert command("/x", 1) == ["emacs", "+1", "/x"]
