"""%modtui and %modtui_reload for IPython and notebooks."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import Any

import modtui
from modtui.agent.errors import AgentError
from modtui.reports import ReloadFailed


class _Usage(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise _Usage(f"{message}\n{self.format_usage()}")


def _reload_parser() -> _Parser:
    parser = _Parser(prog="%modtui_reload", add_help=False)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--patch", action="store_true")
    parser.add_argument("--dependents", action="store_true")
    parser.add_argument("--yes", action="store_true")
    return parser


def browse_magic(line: str = "") -> None:
    """%modtui: open the app on this process, or say how to open it from a terminal."""
    try:
        modtui.browse()
    except modtui.NoTerminal:
        path = modtui.listen()
        print(f"This kernel has no terminal. In one, run:  modtui attach {os.getpid()}")
        print(f"(or, as another user or from another root: modtui attach {path})")


def reload_magic(line: str) -> None:
    """%modtui_reload [--patch] [--dependents] [--yes] MODULE...: reload and print the report."""
    try:
        options = _reload_parser().parse_args(shlex.split(line))
        report = modtui.reload(
            *options.modules, patch=options.patch, dependents=options.dependents, yes=options.yes
        )
    except ReloadFailed as failed:
        report = failed.report
    except (_Usage, ValueError, AgentError) as problem:
        print(problem)
        return
    print(report)


def register(ipython: Any) -> None:
    """Register both magics with an InteractiveShell."""
    ipython.register_magic_function(browse_magic, "line", "modtui")
    ipython.register_magic_function(reload_magic, "line", "modtui_reload")
