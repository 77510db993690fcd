"""python -m tests.soak: long runs against real processes, with what they count.

Prints a line for each part and Python; exit code 1 if anything is not as it must be. The parts:

cycles   attach and leave, --cycles times for each Python, against busy programs that check their
         own work: deaths, threads, descriptors and memory are counted
inspectors  killed -9 at random moments of attaching, listing, reloading and undoing
interrupts  ctrl-C at random moments of every command
greenlets  the same against servers patched by gevent and eventlet, with our own Python
targets  killed at random moments of every command, and of a session's calls
two      inspectors that reload and undo the same module at the same time
disk     full disks; files and directories that move while they are read (as root)
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.pythons import PYTHONS, Python
from tests.soak import cycles, disk, killing
from tests.soak.tally import Clock, Tally

PARTS = ("cycles", "inspectors", "interrupts", "greenlets", "targets", "two", "disk")
Part = Callable[[Python, Path, argparse.Namespace, Tally], None]


def _disk(python: Python, folder: Path, options: argparse.Namespace, tally: Tally) -> None:
    disk.restless_files(python, _made(folder / "restless"), options.seconds, tally)
    if os.geteuid() == 0:
        disk.full_cache(python, _made(folder / "full"), tally)
        disk.full_socket_places(python, tally)


def _targets(python: Python, folder: Path, options: argparse.Namespace, tally: Tally) -> None:
    count, seed = options.kills // 4, options.seed
    killing.killed_targets(python, _made(folder / "commands"), count, seed, tally)
    killing.ending_sessions(python, _made(folder / "sessions"), count, seed, tally)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def part(name: str) -> Part:
    """The function that runs a part against one Python."""
    return {
        "cycles": lambda python, _, o, tally: cycles.every_state(python, o.cycles, tally),
        "inspectors": lambda python, folder, o, tally: killing.killed_inspectors(
            python, _made(folder / "inspectors"), o.kills, o.seed, tally
        ),
        "interrupts": lambda python, folder, o, tally: killing.interrupted(
            python, _made(folder / "interrupts"), o.kills, o.seed, tally
        ),
        "greenlets": lambda _, folder, o, tally: killing.greenlets(
            _made(folder / "greenlets"), o.kills, o.seed, tally
        ),
        "targets": _targets,
        "two": lambda python, folder, o, tally: killing.two_at_once(
            python, _made(folder / "two"), o.kills, tally
        ),
        "disk": _disk,
    }[name]


def run(options: argparse.Namespace, to: object = sys.stdout) -> list[Tally]:
    """Every part that is asked for, against every Python that is."""
    tallies = []
    for python in PYTHONS:
        if options.python and python.label not in options.python:
            continue
        for name in options.part or PARTS:
            if python.root and name != "cycles":
                continue  # it does not see the files that these parts edit
            if name == "greenlets" and any(tally.what.startswith(name) for tally in tallies):
                continue  # that is not about the Python
            tally = Tally(f"{name} {python}")
            with tempfile.TemporaryDirectory() as folder, Clock(tally, to):  # type: ignore[arg-type]
                part(name)(python, Path(folder), options, tally)
            tallies.append(tally)
    return tallies


def parser() -> argparse.ArgumentParser:
    """The command line."""
    shape = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser("tests.soak", description=__doc__, formatter_class=shape)
    made.add_argument("--cycles", type=int, default=1000, help="attaches for each Python")
    made.add_argument("--kills", type=int, default=40, help="of each kind, for each Python")
    made.add_argument("--seconds", type=float, default=5.0, help="of restless files")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--python", action="append", metavar="X", help="only this one, as 3.12")
    made.add_argument("--part", action="append", choices=PARTS, help="only this one")
    return made


def main() -> int:
    """Run, print, say by the exit code."""
    tallies = run(parser().parse_args())
    good = not any(tally.problems for tally in tallies)
    attached = sum(tally.counts["attached"] for tally in tallies)
    deaths = sum(tally.counts["deaths"] for tally in tallies)
    print(f"{attached} attaches, {deaths} deaths; " + ("all as it must be" if good else "FAILED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
