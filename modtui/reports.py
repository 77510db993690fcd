"""The reload engine for Python callers: names in, a report or an exception out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from modtui.agent.errors import UnknownModule

if TYPE_CHECKING:
    from modtui.agent.shapes import ModuleReport, Report


WIDTH = 100  # characters, of a report as a string


@dataclass(frozen=True)
class ReloadReport:
    """What a reload did; `data` is the same document that `modtui reload --json` prints."""

    data: Report

    @property
    def ok(self) -> bool:
        """Whether every module was reloaded."""
        return self.data["ok"]

    @property
    def modules(self) -> list[ModuleReport]:
        """One entry a module, in the order in which they were executed."""
        return self.data["modules"]

    def __str__(self) -> str:
        from modtui.printing import document_lines
        from modtui.tui.telling import report

        return "\n".join(document_lines(report.document(self.data), WIDTH)).rstrip()


class ReloadFailed(Exception):
    """A module raised while it was executed; everything is as it was before.

    `report` is the ReloadReport; `__cause__` is not set, since the module's exception may belong to
    another process: its type, message and traceback are in the report.
    """

    def __init__(self, report: ReloadReport) -> None:
        failed = next((m for m in report.modules if m["error"]), None)
        error = failed["error"] if failed else None
        if failed and error:
            message = f"{failed['name']}: {error['type']}: {error['message']}"
        else:
            message = "nothing was reloaded"
        super().__init__(f"{message} (rolled back: everything is as before)")
        self.report = report


def module_name(module: str | ModuleType) -> str:
    """The key in sys.modules: a name as it is, a module by identity. Raises UnknownModule."""
    if isinstance(module, str):
        return module
    for name, loaded in sys.modules.copy().items():
        if loaded is module:
            return name
    raise UnknownModule(f"{module!r} is not in sys.modules")


def reload(
    modules: Iterable[str | ModuleType], *, patch: bool, dependents: bool, yes: bool
) -> ReloadReport:
    """See `modtui.reload`."""
    from modtui.agent.calls import Calls

    names = [module_name(module) for module in modules]
    report = ReloadReport(
        Calls().reload(names, patch=patch, dependents=dependents, yes=yes, expect=None)
    )
    if not report.ok:
        raise ReloadFailed(report)
    return report
