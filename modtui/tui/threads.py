"""Threads for calls that may block, which nobody who leaves has to wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

GRACE = 2.0  # seconds for what is under way to be withdrawn when the app is left

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Threads(ThreadPoolExecutor):
    """A daemon thread for each call.

    A pool's threads are waited for at the end, however long the target keeps them: a reload that
    sleeps for half a minute, or a call into an interpreter that does not answer.
    """

    def __init__(self) -> None:
        super().__init__(1)
        self._running: set[threading.Thread] = set()
        self._left = False

    @property
    def under_way(self) -> bool:
        """Whether a call has not come back."""
        return bool(self._running)

    def submit(
        self,
        call: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Future[Result]:
        """Call it in a thread of its own."""
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()  # it cannot be cancelled any more

        def run() -> None:
            try:
                result = call(*args, **kwargs)
            except BaseException as error:
                if not self._left:  # else nobody is there to be told
                    future.set_exception(error)
            else:
                if not self._left:
                    future.set_result(result)
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, name="modtui-call", daemon=True)
        self._running.add(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what is under way, but not for long."""
        end = time.monotonic() + GRACE
        for thread in tuple(self._running) if wait else ():
            thread.join(max(end - time.monotonic(), 0))
        self._left = True
