"""The engine as the runner of scenarios wants it: a callable that takes the names to reload.

python run.py -e "PY=PYTHON:tests.agent.scenario_engine:reload"
"""

from __future__ import annotations

from modtui.agent import reloading


class Failed(Exception):
    """The patch failed and everything was put back."""


def reload(names):  # type: ignore[no-untyped-def]
    """Patch the modules of these names. Raises what a user would be told."""
    report = reloading.reload(list(names), patch=True, yes=True)
    for module in report["modules"]:
        for one in module["could_not_patch"]:
            print("could not patch:", module["name"], one)
    if not report["ok"]:
        failed = [module for module in report["modules"] if module["error"]]
        raise Failed("\n".join(module["error"]["traceback"] for module in failed))
    return report
