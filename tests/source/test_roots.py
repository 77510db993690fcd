"""Few watches cover all directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.source import roots
from modtui.source.roots import Root, choose, outermost, resolve


def test_nested_directories_become_one_root(tmp_path: Path) -> None:
    for name in ("app/a/b", "app/c", "application"):
        (tmp_path / name).mkdir(parents=True)
    wanted = [str(tmp_path / name) for name in ("app", "app/a", "app/a/b", "app/c", "application")]
    assert choose(wanted) == (
        [Root(str(tmp_path / "app"), True), Root(str(tmp_path / "application"), True)],
        [],
    )


def test_a_huge_tree_is_not_watched_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "MAX_TREE", 20)
    for number in range(30):
        (tmp_path / "data" / str(number)).mkdir(parents=True)
    (tmp_path / "pkg/sub").mkdir(parents=True)
    chosen, left = choose([str(tmp_path), str(tmp_path / "pkg"), str(tmp_path / "pkg/sub")])
    assert chosen == [Root(str(tmp_path), False), Root(str(tmp_path / "pkg"), True)]
    assert left == []


def test_the_root_of_the_disk_is_never_watched_below() -> None:
    assert choose(["/"]) == ([Root("/", False)], [])


def test_many_neighbours_are_one_root(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / str(number)).mkdir()
    chosen, left = choose([str(tmp_path / str(number)) for number in range(40)])
    assert chosen == [Root(str(tmp_path), True)]
    assert left == []


def test_outermost() -> None:
    assert outermost(["/a/b", "/a", "/ab", "/a/b/c"]) == ["/a", "/ab"]


def test_resolving_below_another_root(tmp_path: Path) -> None:
    # As in a container: an absolute link stays below its root.
    (tmp_path / "srv/v2").mkdir(parents=True)
    (tmp_path / "app").symlink_to("/srv/current")
    (tmp_path / "srv/current").symlink_to("v2")
    assert resolve("/app/pkg", str(tmp_path)) == ("/srv/v2/pkg", ["/app", "/srv/current"])
    (tmp_path / "loop").symlink_to("loop")
    assert resolve("/loop/x", str(tmp_path))[0].endswith("/x")
    assert resolve("/a/../b/./c") == ("/b/c", [])
