"""Diffs are right, minimal, and what people would call the change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.source import diff as diff_module
from modtui.source.changes import between
from modtui.source.diff import Diff, intraline

LINES = st.lists(st.sampled_from(["a", "b", "    c", "", "}", "def f():"]), max_size=25)


def lcs(old: list[str], new: list[str]) -> int:
    before = [0] * (len(new) + 1)
    for line in old:
        row = [0]
        for index, other in enumerate(new):
            row.append(before[index] + 1 if line == other else max(before[index + 1], row[index]))
        before = row
    return before[-1]


@given(LINES, LINES)
def test_blocks_turn_the_old_into_the_new(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    i = j = 0
    for block in Diff(old, new).blocks:
        assert (block.old_start, block.new_start) == (i, j)
        if block.equal:
            assert old[i : block.old_end] == new[j : block.new_end]
            made += old[i : block.old_end]
        else:
            made += new[j : block.new_end]
        i, j = block.old_end, block.new_end
    assert (i, j) == (len(old), len(new))
    assert made == new


@given(LINES, LINES)
def test_no_line_changes_that_need_not(old: list[str], new: list[str]) -> None:
    diff = Diff(old, new)
    common = lcs(old, new)
    assert diff.removed == len(old) - common
    assert diff.added == len(new) - common


@given(LINES, LINES)
def test_rows_hold_every_line_once_and_in_order(old: list[str], new: list[str]) -> None:
    rows = Diff(old, new).rows
    assert [row.old for row in rows if row.old is not None] == list(range(len(old)))
    assert [row.new for row in rows if row.new is not None] == list(range(len(new)))
    for row in rows:
        assert not row.equal or (row.old is not None and row.new is not None)


@given(LINES, LINES, st.integers(0, 4))
def test_hunks_hold_every_change_with_its_context(
    old: list[str], new: list[str], context: int
) -> None:
    diff = Diff(old, new)
    hunks = diff.hunks(context)
    changed = [block for block in diff.blocks if not block.equal]
    assert [b for hunk in hunks for b in hunk.blocks if not b.equal] == changed
    for hunk in hunks:
        first, last = hunk.blocks[0], hunk.blocks[-1]
        for edge in (first, last):
            assert not edge.equal or 0 < edge.size <= context


TEXT = st.builds(
    lambda lines, end: ("\n".join(lines) + (end if lines else "")).encode(),
    LINES,
    st.sampled_from(["\n", ""]),
)


@given(TEXT, TEXT)
def test_git_and_patch_apply_the_unified_text(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes
) -> None:
    if not old or not new:
        return  # an empty side is a new or deleted file to patch
    check_applies(tmp_path_factory.mktemp("patch"), old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a\r\nb\r\nc\r\n", b"a\r\nx\r\nc\r\n"),
        (b"a\r\nb\nc\r\n", b"a\nb\nc\r\n"),
        ("é = 1\nb\n".encode(), "é = 2\nb\n".encode()),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n" * 30, b"a\nb\n" * 12 + b"x\n" + b"a\nb\n" * 18),
    ],
)
def test_patches_of_odd_texts_apply(tmp_path: Path, old: bytes, new: bytes) -> None:
    check_applies(tmp_path, old, new)


def check_applies(folder: Path, old: bytes, new: bytes) -> None:
    file = folder / "a file.py"
    change = between("m", old, new, file="/a file.py")
    text = change.unified()
    assert text is not None
    if old == new:
        assert text == ""
        return
    commands = [["git", "apply", "--unsafe-paths", "-p1"], ["patch", "-p1", "--binary", "-s"]]
    for command in commands if shutil.which("patch") else commands[:1]:
        file.write_bytes(old)
        done = subprocess.run(
            command, input=text.encode(), cwd=folder, capture_output=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr, text)
        assert file.read_bytes() == new, command


def test_an_added_function_is_told_from_its_first_line() -> None:
    old = ["def a():", "    return 1", "", "def c():", "    return 1", ""]
    new = ["def a():", "    return 1", "", "def b():", "    return 1", "", *old[3:]]
    added = [block for block in Diff(old, new).blocks if not block.equal]
    assert [new[b.new_start : b.new_end] for b in added] == [["def b():", "    return 1", ""]]


def test_similar_lines_stand_beside_each_other() -> None:
    old = ["total = price * count"]
    new = ["rate = 2", "tax = 3", "total = price * count * rate"]
    rows = Diff(old, new).rows
    assert [(row.old, row.new, row.alike) for row in rows] == [
        (None, 0, False),
        (None, 1, False),
        (0, 2, True),
    ]


def test_marks_within_a_line_are_whole_words() -> None:
    old, new = intraline("    result = pay(owner)", "    result = pay(owner.card)")
    assert old == []
    assert new == [(22, 27)]
    old, new = intraline("x = alpha", "x = alphabet")
    assert (old, new) == ([(4, 9)], [(4, 12)])


def test_indentation_is_marked_only_if_nothing_else_differs() -> None:
    assert intraline("  x = 1", "    x = 2") == ([(6, 7)], [(8, 9)])
    assert intraline("  x", "    x")[1] != []


def test_texts_too_large_for_one_matrix_are_cut_at_unique_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = [f"line {i}" if i % 3 else "" for i in range(9_000)]
    new = [line + "!" if i % 1000 == 500 else line for i, line in enumerate(old)]
    monkeypatch.setattr(diff_module, "CUT_LIMIT", diff_module.MATRIX_LIMIT)
    whole = Diff(old, new).blocks
    monkeypatch.setattr(diff_module, "CUT_LIMIT", 10_000_000)
    assert Diff(old, new).blocks == whole
