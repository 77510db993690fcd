"""Which interpreters may be run by us: a target's own, if nobody gains rights by it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modtui.agent import shapes


def own(target: shapes.Target, root: str) -> str | None:
    """The target's own interpreter, if we may run it as ourselves; None if not.

    In another root (a container) even root's files may be somebody else's: there it has to be the
    very file that we have, too.
    """
    theirs = target["executable"]
    if not may_run(theirs) or (root and not same_file(root + theirs, theirs)):
        return None
    return theirs


def command(executable: str, script: Path, *options: str) -> list[str]:
    """How a helper is run: apart from its environment, its bytecode kept in the user's cache.

    Without that, an interpreter of another version would compile our modules anew each time.
    """
    import platformdirs

    cache = Path(platformdirs.user_cache_dir("modtui", appauthor=False)) / "bytecode"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = cache.lstat()
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        keep = ours and not status.st_mode & 0o022
    except OSError:
        keep = False
    place = ["-X", f"pycache_prefix={cache}"] if keep else ["-B"]
    return [executable, "-I", "-S", *place, "-W", "ignore", *options, str(script)]


def may_run(path: str) -> bool:
    """Whether nobody gains rights when we run this file: it and its folders are ours or root's."""
    if not os.path.isabs(path) or not os.access(path, os.X_OK):
        return False
    trusted = {0, os.geteuid()}
    place = os.path.realpath(path)
    while True:
        state = os.stat(place)
        if state.st_uid not in trusted or (state.st_mode & 0o002 and not state.st_mode & 0o1000):
            return False
        if place == "/":
            return True
        place = os.path.dirname(place)


def same_file(one: str, other: str) -> bool:
    """Whether both paths lead to one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
