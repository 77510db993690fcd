"""Calls that block have threads that nobody who leaves waits for."""

from __future__ import annotations

import threading

import pytest

from modtui.tui import threads


def test_results_and_errors_come_back() -> None:
    calls = threads.Threads()
    assert calls.submit(divmod, 7, 2).result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        calls.submit(divmod, 7, 0).result()


def test_leaving_does_not_wait_for_a_call_that_never_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "GRACE", 0.01)
    calls, let_go = threads.Threads(), threading.Event()
    future = calls.submit(let_go.wait)
    try:
        calls.shutdown()
        assert calls.under_way
    finally:
        let_go.set()
    while calls.under_way:
        let_go.wait()
    assert not future.done()  # nobody is told any more


def test_leaving_waits_for_what_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRACE", 60.0)
    calls, stop, ended = threads.Threads(), threading.Event(), threading.Event()

    def work() -> None:
        stop.wait()
        ended.set()

    calls.submit(work)
    stop.set()
    calls.shutdown()
    assert ended.is_set()
    assert not calls.under_way
