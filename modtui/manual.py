"""What `modtui VERB --help` says beside its options: what the verb does, and examples."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """The manual of one verb."""

    summary: str  # a line, as in the list of verbs
    about: str  # paragraphs
    examples: tuple[tuple[str, str], ...]  # command, what it is for


PAGES = {
    "attach": Page(
        "browse a running process in the app",
        """\
Gets into a running process and shows every module of its sys.modules. Nothing
has to be installed in the process or prepared for it. Looking changes nothing
there; reloads happen only when you ask for them. When you quit, the agent
leaves the process, unless there is a reload that you may want to undo.""",
        (
            ("modtui attach 4242", "a process by its pid; `modtui ps` lists them"),
            ("modtui attach --look-only 4242", "without any means of changing it"),
            ("modtui attach /tmp/modtui-1000/4242.sock", "an agent that listens already"),
        ),
    ),
    "run": Page(
        "start a program as python itself would, with the agent in it, and browse it",
        """\
The program runs in a terminal of its own, shown in the app with an input
line; when the app is closed it goes on in this terminal. sys.argv, sys.path
and __main__ are what python would make them, and the exit code is the
program's. The agent is there from the first import, so that the source of
every module is kept as it was loaded.""",
        (
            ("modtui run app.py --port 8000", "a script with its arguments"),
            ("modtui run -m flask run", "a module"),
            ("modtui run --headless -m http.server", "no app; then: modtui attach PID"),
        ),
    ),
    "demo": Page(
        "try it: a small live program to browse",
        """\
Starts a small web shop in a directory of its own, attaches to it as to any
process, and guides you through a stale module, its diff, a warning, a reload,
what it left behind, a patch and an undo. Everything is removed when you quit.""",
        (("modtui demo", "nothing to prepare"),),
    ),
    "ps": Page(
        "list the Python processes and whether each can be reached",
        """\
One line for each Python process: pid, version, user, uptime, the way in (a
listening agent, ptrace, remote_exec) or the reason why there is none and what
would help, and its command line. Nothing is attached to.""",
        (("modtui ps", "the list"), ("modtui ps --json", "for scripts")),
    ),
    "list": Page(
        "list the modules of a process",
        """\
Every entry of sys.modules with its status and its freshness. The filters add
up: a module is listed if it passes all of them.""",
        (
            ("modtui list 4242 --stale", "what is no longer what is on disk"),
            ("modtui list 4242 --match 'shop.*'", "one package"),
            ("modtui list 4242 --status extension --status zip", "by how it came to be"),
        ),
    ),
    "check": Page(
        "is what runs what is on disk? exit 1 if anything is stale",
        """\
A verdict for each module, proved or likely, with its reason. Cheap evidence
comes first (the file's times, the cached bytecode); what that cannot settle
is compared with the loaded code. With --prove the loaded code of every module
is compared, by a helper process that runs the target's own interpreter, in
slices that do not hold the target up.""",
        (
            ("modtui check 4242", "everything, quickly"),
            ("modtui check 4242 shop.pricing --prove", "one module, by its code"),
            ("modtui check $(pgrep -f worker) || echo restart", "in a deploy script"),
        ),
    ),
    "show": Page(
        "show all about one module, or about the agent itself",
        """\
Spec, loader, origin, cached bytecode, the evidence for its freshness, hazards
of a reload, its names with their types, what it imports and who imports it.
With --agent: what modtui adds to the process (modules, a thread, a socket).""",
        (
            ("modtui show 4242 shop.pricing", "a module"),
            ("modtui show 4242 --agent", "what is ours in there"),
        ),
    ),
    "diff": Page(
        "show what changed on disk since load; exit 1 if anything did",
        """\
A unified diff from the source that the loaded code was compiled from to the
file on disk. Standard error says which copy of the old source it is and
whether it was checked against the loaded code; lines that could not be
checked are named. What goes into a pipe is exactly the text, for `patch` or a
pager.""",
        (
            ("modtui diff 4242", "every stale module"),
            ("modtui diff 4242 shop.pricing | less", "one module"),
        ),
    ),
    "reload": Page(
        "plan, warn, reload as one transaction, report",
        """\
Does to the named modules what importlib.reload does, in the order of their
dependencies. If anything raises, every module is as it was before. The plan
says beforehand what a reload would leave behind, the report says afterwards
what it has. With --patch, old functions, classes and instances take the new
code and keep their identity. Exactly the text that `modtui diff` shows is
executed.""",
        (
            ("modtui reload 4242 shop.pricing --dry-run", "only what would happen"),
            ("modtui reload 4242 shop.pricing --patch", "and leave nothing behind"),
            ("modtui reload 4242 shop.models shop.views", "several, rightly ordered"),
            ("modtui undo 4242", "take it back"),
        ),
    ),
    "undo": Page(
        "take the last reload of a process back",
        """\
Modules, classes and functions are as before the last reload or patch that has
not been taken back yet. Refused, with the reason, where the state has moved
on since.""",
        (("modtui undo 4242", "once more takes back the one before"),),
    ),
    "detach": Page(
        "stop the agent; nothing of modtui stays running in the target",
        """\
The agent's thread ends, its socket and its modules are removed. What was
reloaded stays reloaded, and can no longer be undone.""",
        (("modtui detach 4242", "leave at once"),),
    ),
}


def epilog(verb: str) -> str:
    """The examples of a verb, as they stand under its options."""
    lines = [f"  {command}\n      {purpose}" for command, purpose in PAGES[verb].examples]
    return "\n".join(["examples:", *lines, "", ""])
