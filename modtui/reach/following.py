"""A job that takes long, followed in words: what it waits for, and then that it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from modtui.agent.errors import AgentError
from modtui.reach.errors import ReachError

if TYPE_CHECKING:
    from modtui.reach.delivery import Progress

PAUSE = 0.4  # seconds between two looks
RUNS = "it runs"
RUNS_ON = "it has begun, and goes to its end"


class Following:
    """As a context manager: tells `progress` how the job is, until it is left.

    To be given to what waits for the job, too: its words count only before the job has begun.
    """

    def __init__(
        self, begun: Callable[[], bool], progress: Progress, cancel: threading.Event
    ) -> None:
        """`begun` asks the agent, and may raise; `cancel` is set by who would like to have it."""
        self._begun = begun
        self._progress = progress
        self._cancel = cancel
        self._runs = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="modtui-follow", daemon=True)

    def __call__(self, text: str) -> None:
        """What is waited for."""
        if not self._runs:
            self._progress(text)

    def __enter__(self) -> Following:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(PAUSE):
            try:
                begun = self._runs or self._begun()
            except (ReachError, AgentError):
                return  # it is told where the job is waited for
            if begun and not self._runs:
                self._runs = True
                self._progress(RUNS)
            if begun and self._cancel.is_set():
                self._progress(RUNS_ON)
                return
