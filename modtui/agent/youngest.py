"""Which objects were made during a stretch of time: the collector's youngest generation."""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional


class Youngest:
    """While it is entered nothing leaves the youngest generation, so that what is made is in it.

    Collecting is held back by its threshold: whether it is enabled is for the modules to say, and
    what they do to the threshold meanwhile stays.
    """

    def __init__(self) -> None:
        self._threshold: Any = gc.get_threshold()
        self._runs = 0

    def __enter__(self) -> Youngest:
        gc.collect(0)
        gc.set_threshold(0, *self._threshold[1:])
        self._runs = _runs()
        return self

    def __exit__(self, *_: object) -> None:
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(*self._threshold)

    def objects(self) -> Optional[List[Any]]:
        """What was made since it was entered; None if somebody has run the collector."""
        return gc.get_objects(generation=0) if _runs() == self._runs else None


def _runs() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
