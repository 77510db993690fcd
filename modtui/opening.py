"""The verbs that open the app. Nothing is loaded for them that only printing needs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from modtui.exits import ExitCode

if TYPE_CHECKING:
    from modtui.reach.session import Session
    from modtui.tui.ahead import Attempt


def narrate(text: str) -> None:
    """Tell a person at a terminal what goes on; scripts are not told."""
    if sys.stderr.isatty():
        from modtui.source.safe import safe_text

        print(f"modtui: {safe_text(text)}", file=sys.stderr)


def connect(options: argparse.Namespace, *, any_version: bool = False) -> Session:
    """A session with the target that was named. Raises ReachError."""
    from modtui import reach

    session = reach.connect(
        options.target, via=options.via, progress=narrate, any_version=any_version
    )
    if options.look_only:
        session.only_look()
    return session


def _no_terminal(verb: str) -> bool:
    """Say so where there is nothing to draw on; True if so."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return False
    instead = {
        "run": "`modtui run --headless` runs the program without the app",
        "attach": "`modtui list`, `check`, `diff` and `reload` work without one",
    }.get(verb, "`modtui ps` and `modtui list PID` work without one")
    print(f"modtui: the app needs a terminal; {instead}", file=sys.stderr)
    return True


def app(options: argparse.Namespace) -> int:
    if _no_terminal("app"):
        return ExitCode.USAGE
    from modtui.tui.app import run_app

    return run_app(None, look_only=options.look_only)


def attach(options: argparse.Namespace) -> int:
    if _no_terminal("attach"):
        return ExitCode.USAGE
    from modtui.tui.app import run_app

    def session(attempt: Attempt) -> Session:
        from modtui import reach

        return reach.connect(
            options.target, via=options.via, progress=attempt.tell, stop=attempt.stop
        )

    return run_app(session, look_only=options.look_only, apart=True)


def _program(options: argparse.Namespace) -> list[str]:
    arguments: list[str] = options.program
    return arguments[1:] if arguments[:1] == ["--"] else arguments


def run(options: argparse.Namespace) -> int:
    from modtui.reach import running

    program = _program(options)
    if not program:
        print("modtui run: name a SCRIPT, or -m MODULE\nTry: modtui run --help", file=sys.stderr)
        return ExitCode.USAGE
    if options.headless:
        return running.in_our_place(program, python=options.python)
    if _no_terminal("run"):
        return ExitCode.USAGE
    from modtui.tui.app import run_app

    started = running.run(program, python=options.python, terminal="pty")
    run_app(lambda attempt: started.session, look_only=options.look_only, running=started)
    started.hand_over()
    return started.end_alike()


def demo(options: argparse.Namespace) -> int:
    if _no_terminal("demo"):
        return ExitCode.USAGE
    from modtui.demo import run_demo

    return run_demo(look_only=options.look_only)


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "app": app,
    "attach": attach,
    "run": run,
    "demo": demo,
}
