"""htop for sys.modules: see what a live process has loaded, prove what is stale, reload, undo.

Importing this package imports nothing else; each function below loads what it needs when called.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from modtui.reports import ReloadFailed, ReloadReport

__version__ = "0.1.0"
__all__ = [
    "NoTerminal",
    "ReloadFailed",
    "ReloadReport",
    "__version__",
    "browse",
    "listen",
    "reload",
]


class NoTerminal(RuntimeError):
    """The app was asked for in a process that has no terminal to draw on."""


def browse(look_only: bool = False) -> None:
    """Open the app on this very process; return when it is closed.

    Call it from the main thread of a program that has a terminal. With `look_only` nothing can be
    reloaded from the app. Raises NoTerminal when there is nothing to draw on.
    """
    import sys

    streams = (sys.__stdin__, sys.__stdout__)
    if not all(stream and stream.isatty() for stream in streams):
        raise NoTerminal(
            "modtui.browse() needs a terminal; in a process without one call modtui.listen() "
            "and run `modtui attach PID` elsewhere"
        )
    from modtui.reach import in_process
    from modtui.tui.app import run_app

    run_app(lambda attempt: in_process(), look_only=look_only, guest=True)


def listen() -> str:
    """Start the agent in this process, so that `modtui attach` needs no special rights.

    Source imported from now on is captured, which makes later diffs exact. Returns the path of the
    agent's socket; calling it again returns the same path. Raises OSError if no socket can be made.
    """
    from modtui.agent import channel

    return channel.listen(arrival="listen", version=__version__)


def reload(
    *modules: str | ModuleType, patch: bool = False, dependents: bool = False, yes: bool = False
) -> ReloadReport:
    """Reload modules of this process as one transaction, on the calling thread.

    Each module is the module itself or its name in sys.modules. The semantics are those of
    `importlib.reload`, but if any module raises, all of them are as before. With `patch`, old
    functions, classes and instances take the new code; with `dependents`, the modules that import
    these are reloaded too. `yes` accepts dangers that are otherwise refused.

    Raises ReloadFailed (with `.report`) after a rollback, and the errors of `modtui.agent.errors`
    (UnknownModule, Refused, Busy) before anything was changed.
    """
    from modtui.reports import reload as reload_here

    return reload_here(modules, patch=patch, dependents=dependents, yes=yes)


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext modtui`: the magics %modtui and %modtui_reload."""
    from modtui import magics

    magics.register(ipython)


def __getattr__(name: str) -> Any:
    if name in ("ReloadFailed", "ReloadReport"):
        from modtui import reports

        return getattr(reports, name)
    raise AttributeError("module 'modtui' has no attribute " + repr(name))
