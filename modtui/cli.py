"""The command line: arguments to a verb, exceptions to words and exit codes."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, get_args

from modtui import __version__, exits, manual
from modtui.agent import errors as agent_errors
from modtui.exits import ExitCode
from modtui.reach.errors import ReachError


class _Parser(argparse.ArgumentParser):
    program_follows = False  # all behind the first word that is not an option is a program's
    intermixed = False  # options may stand between the words

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")

    # argparse's REMAINDER would take the `-m` of `modtui run -m MODULE` for an unknown option, and
    # the MODULE of `modtui check PID --prove MODULE` for one word too many.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        if self.intermixed:
            self.intermixed = False  # it calls this in turn, on some versions of Python
            try:
                return self.parse_known_intermixed_args(args, namespace)
            finally:
                self.intermixed = True
        if args is None or not self.program_follows:
            return super().parse_known_args(args, namespace)
        start = self._program_start(args)
        found, unknown = super().parse_known_args(args[:start], namespace)
        found.program = list(args[start:])
        return found, unknown

    def _program_start(self, args: Sequence[str]) -> int:
        """The index of the first word that is neither an option of ours nor an option's value."""
        index = 0
        while index < len(args):
            option, equals, _ = args[index].partition("=")
            action = self._option_string_actions.get(option)
            if action is None:
                break
            index += 1 if action.nargs == 0 or equals else 2
        return index


def _target(text: str) -> int | str:
    """A pid, or the path of a socket."""
    if text.isascii() and text.isdigit():
        return int(text)
    if os.sep not in text and not os.path.exists(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a pid nor the path of a socket (`modtui ps` lists processes)"
        )
    return text


class _Verbs:
    """Adds verbs to the parser, each with the same look."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._verbs = parser.add_subparsers(
            title="verbs", metavar="VERB", dest="verb", parser_class=_Parser
        )

    def add(self, name: str, *, target: bool = True, json: bool = True) -> _Parser:
        page = manual.PAGES[name]
        parser: _Parser = self._verbs.add_parser(
            name,
            help=page.summary,
            description=page.about,
            epilog=manual.epilog(name) + exits.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if target:
            parser.add_argument(
                "target", type=_target, metavar="TARGET", help="a pid, or the path of a socket"
            )
            parser.add_argument(
                "--via",
                choices=("listening", "ptrace", "remote_exec"),
                help="how to get into the process, instead of the best way that works",
            )
            _add_look_only(parser)
            parser.intermixed = True
        if json:
            parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        return parser


def build_parser(verb: str | None = None) -> argparse.ArgumentParser:
    """The whole command line; given a verb, with that verb alone, which takes less time."""
    parser = _Parser(
        prog="modtui",
        description="htop for sys.modules: what a live Python process has loaded, what of it is\n"
        "stale, what a reload would break; reload, repair, undo. Without a verb: pick a process.",
        epilog=exits.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"modtui {__version__}")
    parser.add_argument("--look-only", action="store_true", help="make reloading impossible")
    parser.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "fish", "tcsh", "powershell"),
        metavar="SHELL",
        help="print a completion script for bash, zsh, fish, tcsh or powershell "
        "(needs modtui[completion])",
    )
    verbs = _Verbs(parser)
    for name, add in _VERBS.items():
        if verb in (None, name):
            add(verbs)
    return parser


def _add_look_only(parser: argparse.ArgumentParser) -> None:
    # Suppressed, so that `modtui --look-only attach PID` keeps what was said before the verb.
    parser.add_argument(
        "--look-only",
        action="store_true",
        default=argparse.SUPPRESS,
        help="make reloading impossible",
    )


def _add_run(verbs: _Verbs) -> None:
    run = verbs.add("run", target=False, json=False)
    run.program_follows = True
    run.add_argument("--headless", action="store_true", help="no app: just run, with an agent")
    _add_look_only(run)
    run.add_argument(
        "--python",
        metavar="PATH",
        help="the interpreter (default: that of the active virtual environment, else modtui's)",
    )
    run.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar="[--] SCRIPT | -m MODULE | -c CODE  [ARGS...]",
        help="what you would write after `python`",
    )


def _add_list(verbs: _Verbs) -> None:
    from modtui.agent.shapes import Status  # deferred: nobody else wants them, and they are many

    statuses = get_args(Status)
    listing = verbs.add("list")
    listing.add_argument(
        "--status", action="append", choices=statuses, metavar="S", help=", ".join(statuses)
    )
    listing.add_argument("--stale", action="store_true", help="only what is not what is on disk")
    listing.add_argument("--match", metavar="GLOB", help="only names that match, e.g. 'shop.*'")


def _add_check(verbs: _Verbs) -> None:
    check = verbs.add("check")
    check.add_argument("modules", nargs="*", metavar="MODULE", help="default: all")
    check.add_argument(
        "--prove", action="store_true", help="compare the loaded code of every module, in a helper"
    )


def _add_show(verbs: _Verbs) -> None:
    show = verbs.add("show")
    show.add_argument("module", nargs="?", metavar="MODULE", help="its name in sys.modules")
    show.add_argument("--agent", action="store_true", help="what the agent adds to the target")


def _add_diff(verbs: _Verbs) -> None:
    diff = verbs.add("diff")
    diff.add_argument("modules", nargs="*", metavar="MODULE", help="default: every stale module")


def _add_reload(verbs: _Verbs) -> None:
    reload = verbs.add("reload")
    reload.add_argument("modules", nargs="+", metavar="MODULE", help="its name in sys.modules")
    reload.add_argument(
        "--patch", action="store_true", help="bring old functions, classes, instances up to date"
    )
    reload.add_argument(
        "--dependents", action="store_true", help="reload the modules that import these, too"
    )
    reload.add_argument("--dry-run", action="store_true", help="only show the plan")
    reload.add_argument("--yes", action="store_true", help="accept dangers")
    thread = reload.add_mutually_exclusive_group()
    thread.add_argument(
        "--main-thread",
        dest="thread",
        action="store_const",
        const="main",
        help="run on the target's main thread at a safe point (default)",
    )
    thread.add_argument(
        "--agent-thread",
        dest="thread",
        action="store_const",
        const="agent",
        help="run on the agent's own thread",
    )
    reload.set_defaults(thread="main")


# In the order of the help.
_VERBS: dict[str, Callable[[_Verbs], object]] = {
    "attach": lambda verbs: verbs.add("attach", json=False),
    "run": _add_run,
    "demo": lambda verbs: _add_look_only(verbs.add("demo", target=False, json=False)),
    "ps": lambda verbs: verbs.add("ps", target=False),
    "list": _add_list,
    "check": _add_check,
    "show": _add_show,
    "diff": _add_diff,
    "reload": _add_reload,
    "undo": lambda verbs: verbs.add("undo"),
    "detach": lambda verbs: verbs.add("detach"),
}


def _complain(*lines: str) -> None:
    from modtui.source.safe import safe_text

    print(
        "modtui: " + "\n        ".join(safe_text(line) for line in lines if line), file=sys.stderr
    )


def _unknown_module(problem: Exception, options: argparse.Namespace) -> ExitCode:
    _complain(str(problem), f"`modtui list {options.target}` lists what is loaded")
    return ExitCode.USAGE


def _refused(problem: Exception, options: argparse.Namespace) -> ExitCode:
    _complain(str(problem), "nothing was changed; --yes accepts the danger")
    return ExitCode.REFUSED


def _looks_only(problem: Exception, options: argparse.Namespace) -> ExitCode:
    _complain(str(problem), "leave out --look-only, and look_only in config.toml, to change it")
    return ExitCode.REFUSED


def _failed(problem: Exception, options: argparse.Namespace) -> ExitCode:
    _complain(str(problem), "nothing was changed")
    return ExitCode.FAILED


def _unreachable(problem: ReachError, options: argparse.Namespace) -> ExitCode:
    _complain(problem.reason, problem.remedy)
    return ExitCode.UNREACHABLE


# The first that fits says it: from the special to the general.
EDGE: tuple[tuple[type[Exception], Callable[[Any, argparse.Namespace], ExitCode]], ...] = (
    (ReachError, _unreachable),
    (agent_errors.UnknownModule, _unknown_module),
    (agent_errors.LooksOnly, _looks_only),
    (agent_errors.Refused, _refused),
    (agent_errors.AgentError, _failed),
)


def _usable_streams() -> None:
    """What was closed by our caller becomes nothing; what has no letters for a sign, shows its
    number (a C locale)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - as long as we run
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _abandon_stdout() -> None:
    """Nobody reads it, or it is full: what is left in it must not be tried again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _heed_config(options: argparse.Namespace) -> None:
    """The app heeds all of the config file; what prints has one setting in it."""
    from modtui.tui import config

    found = config.load()
    options.look_only = options.look_only or found.look_only
    for problem in found.problems:
        _complain(problem)


def _verb(options: argparse.Namespace) -> int:
    from modtui import opening

    if options.print_completion is None and (options.verb or "app") in opening.VERBS:
        return opening.VERBS[options.verb or "app"](options)
    from modtui import commands

    if options.print_completion:
        return commands.print_completion(build_parser(), options.print_completion)
    if options.verb in ("reload", "undo"):
        _heed_config(options)
    return commands.VERBS[options.verb](options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. `arguments` default to the process's own."""
    try:
        return _main(arguments)
    except (Exception, KeyboardInterrupt) as error:
        if not _is_interrupt(error):
            raise
        print(file=sys.stderr)
        return ExitCode.INTERRUPTED


def _is_interrupt(error: BaseException | None) -> bool:
    """Was it ctrl-C, or an error of clearing up after one? It may come at any instruction of a
    library, whose `finally` then finds things half done."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _main(arguments: Sequence[str] | None) -> int:
    _usable_streams()
    words = sys.argv[1:] if arguments is None else arguments
    verb = words[0] if words and words[0] in _VERBS else None
    options = build_parser(verb).parse_args(words)
    try:
        code = _verb(options)
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon_stdout()  # the reader went away (`modtui list PID | head`)
        return ExitCode.DONE
    except OSError as problem:
        _abandon_stdout()
        _complain(f"{problem.filename or 'standard output'}: {problem.strerror or problem}")
        return ExitCode.USAGE
    except tuple(kind for kind, _ in EDGE) as problem:
        say = next(say for kind, say in EDGE if isinstance(problem, kind))
        return say(problem, options)
    return code
