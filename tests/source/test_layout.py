"""What a diff view shows, from the blocks and the open folds."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from modtui.source.diff import Block, Diff
from modtui.source.layout import Layout

ALIKE = ["count = 1", "count = 2", "return left + right", "return left - right"]
LINES = st.lists(st.sampled_from(["a", "b", "c", *ALIKE]), max_size=40)


@given(LINES, LINES, st.booleans(), st.booleans())
@example(["count = 1", "a"], ["b", "count = 2"], True, True)
@example(["a", "b", "count = 1"], ["count = 2", "c"], True, True)
def test_with_all_folds_open_every_line_is_shown_once(
    old: list[str], new: list[str], split: bool, all_open: bool
) -> None:
    diff = Diff(old, new)
    folds = len(Layout(diff).folds)
    layout = Layout(diff, split=split, open_folds=range(folds) if all_open else ())
    shown_old = [x.old for x in layout.lines if x.kind in ("same", "removed", "both")]
    shown_new = [x.new for x in layout.lines if x.kind in ("same", "added", "both")]
    found_old = [index for index in shown_old if index is not None]
    found_new = [index for index in shown_new if index is not None]
    assert found_old == sorted(set(found_old))
    assert found_new == sorted(set(found_new))
    if all_open:
        assert found_old == list(range(len(old)))
        assert found_new == list(range(len(new)))
    hidden = sum(f.block.size for n, f in enumerate(layout.folds) if not layout.is_open(n))
    assert len(found_new) + hidden == len(new)


def test_folds_keep_three_lines_of_context() -> None:
    old = [str(i) for i in range(40)]
    new = [*old[:20], "new", *old[20:]]
    layout = Layout(Diff(old, new))
    assert [x.kind for x in layout.lines] == ["fold", *["same"] * 3, "added", *["same"] * 3, "fold"]
    assert layout.folds[0].following == Block(False, 20, 20, 20, 21)
    assert layout.folds[1].following is None
    assert layout.fold_hiding(5) == 0
    assert layout.fold_hiding(20) is None


def test_places_of_lines_and_changes() -> None:
    old = ["a", "b", "c"]
    new = ["a", "x", "c"]
    layout = Layout(Diff(old, new))
    assert [(x.kind, x.old, x.new) for x in layout.lines] == [
        ("same", 0, 0),
        ("removed", 1, None),
        ("added", None, 1),
        ("same", 2, 2),
    ]
    assert layout.starts == [1]
    assert layout.line_of_new(1) == 2
    assert layout.line_of_old(1) == 1
    assert [layout.change_at(row) for row in range(4)] == [-1, 0, 0, 0]
