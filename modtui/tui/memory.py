"""What the app remembers from one time to the next: the layout, the theme, the last targets.

It is no setting: what stands in the config file goes before it, and a file that cannot be read is
as good as none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

MOST_RECENT = 20
LEAST_SHARE, MOST_SHARE = 25, 75


class Layout(NamedTuple):
    """How a person has arranged the screen."""

    theme: str = ""  # "" means that of the config
    order: str = "freshness"
    inverse: bool = False
    tree: bool = False
    folded: bool = True
    diff: str = "auto"  # auto, unified, split
    share: int = 46  # per cent of the width for the list


Recent = tuple[tuple[str, ...], str]  # command line and folder


class Memory(NamedTuple):
    """A layout and the targets that were looked at, the last first."""

    layout: Layout = Layout()
    recent: tuple[Recent, ...] = ()

    def seen(self, argv: Sequence[str], cwd: str) -> Memory:
        """With that target as the last one."""
        now = (tuple(argv), cwd)
        others = tuple(one for one in self.recent if one != now)
        return self._replace(recent=(now, *others)[:MOST_RECENT])

    def rank(self, argv: Sequence[str], cwd: str | None) -> int | None:
        """How long ago a process of this command line was looked at: 0 is the last, None never.

        A target tells its sys.argv, without the interpreter and its options: the end counts.
        """
        for index, (known, folder) in enumerate(self.recent):
            if known and tuple(argv[-len(known) :]) == known and cwd in (folder, None):
                return index
        return None


def place() -> Path:
    """Where it is kept."""
    from platformdirs import user_state_path

    return user_state_path("modtui", appauthor=False) / "state.json"


def load(path: Path | None = None) -> Memory:
    """Read it; whatever is wrong with the file, there is a Memory."""
    try:
        found = json.loads((path or place()).read_text(encoding="utf-8"))
        return Memory(_layout(found["layout"]), _recent(found["recent"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory()


def save(memory: Memory, path: Path | None = None) -> None:
    """Write it, all or nothing. Raises OSError if the disk refuses."""
    path = path or place()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(_as_json(memory), indent=1), encoding="utf-8")
    draft.replace(path)


def _as_json(memory: Memory) -> dict[str, Any]:
    return {"layout": memory.layout._asdict(), "recent": memory.recent}


def _layout(found: dict[str, Any]) -> Layout:
    usual: dict[str, Any] = Layout()._asdict()
    good = {
        name: found[name] for name, value in usual.items() if type(found.get(name)) is type(value)
    }
    layout = Layout(**good)
    return layout._replace(share=max(LEAST_SHARE, min(layout.share, MOST_SHARE)))


def _recent(found: list[Any]) -> tuple[Recent, ...]:
    return tuple((tuple(map(str, argv)), str(cwd)) for argv, cwd in found[:MOST_RECENT])
