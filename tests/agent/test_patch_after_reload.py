"""A plain reload, and then a patch of what it left behind: the same as a patch at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.agent.calls import Calls
from tests.agent.project import Project

OLD = """\
def price(item):
    return item
"""
NEW = """\
def price(item):
    return item + packaging(item)


def packaging(item):
    return 5
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    made = Project(tmp_path)
    yield made
    made.forget()


def test_a_function_that_the_reload_has_added(project: Project) -> None:
    """The patch begins by taking the reload back, whose function may still be somewhere."""
    priced, user = project.load(priced=OLD, user="from priced import price\n")
    project.write("priced", NEW)
    calls = Calls()
    assert calls.reload(["priced"])["ok"]
    kept = priced.packaging
    assert user.price(1) == 1
    assert calls.reload(["priced"], patch=True)["ok"]
    assert user.price is priced.price
    assert user.price(1) == 6
    assert priced.packaging(1) == kept(1)
    calls.undo()
    assert user.price(1) == 1
