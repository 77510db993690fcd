"""A touched file beside the module that was made from it: what a verdict is reached on."""

from __future__ import annotations

from . import deciding, disk, pycs
from .system import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

    from .entries import Entry

    Key = Tuple[disk.Stamp, Optional[disk.Stamp]]


class Case(deciding.Facts):
    """One touched file and the entry that was made from it."""

    __slots__ = ("entry", "file", "pyc_path", "pyc_stamp")

    def __init__(
        self,
        entry: Entry,
        file: str,
        stamp: disk.Stamp,
        after_ns: Optional[int],
        started_ns: Optional[int],
    ) -> None:
        super().__init__(stamp, after_ns, started_ns)
        self.entry, self.file = entry, file
        self.pyc_path = None if entry.status == "zip" else pycs.path_for(entry)
        self.pyc_stamp = _stamp_of(self.pyc_path)

    @property
    def key(self) -> Key:
        """A verdict holds as long as this does, and the module is not executed again."""
        return self.stamp, self.pyc_stamp


def _stamp_of(path: Optional[str]) -> Optional[disk.Stamp]:
    if path is None:
        return None
    try:
        return disk.stamp(os.stat(path))
    except (OSError, ValueError):
        return None
