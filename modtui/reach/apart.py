"""Tracing apart from our main thread, which alone is interrupted by ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(
    work: Callable[[], Result],
    stop: threading.Event,
    drop: Callable[[Result], object] = lambda result: None,
) -> Result:
    """Do the work in a thread of its own, so that an interruption of ours finds it between steps.

    If we are interrupted while we wait, `stop` is set, which the work heeds by withdrawing what it
    asked for; when it has, what it still returned is dropped and the interruption raised. The
    kernel lets go of whatever a thread has traced when the thread ends.
    """
    outcome: list[Result] = []
    problem: list[BaseException] = []
    through = threading.Event()

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            problem.append(error)
        finally:
            through.set()

    thread = threading.Thread(target=run, name="modtui-reach", daemon=True)
    interrupted: BaseException | None = None
    try:
        thread.start()
    except BaseException as error:
        interrupted = error
        stop.set()
    while thread.ident and not through.is_set():
        try:
            # Not join(): interrupted in that, Python 3.11 takes the thread for one that has ended.
            through.wait()
        except BaseException as error:
            interrupted = error
            stop.set()
    if interrupted is not None:
        for result in outcome:
            drop(result)
        raise interrupted
    if problem:
        raise problem[0]
    return outcome[0]
