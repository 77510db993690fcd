"""Disks that are full, files that move under one's eyes, clocks that go backwards."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modtui.agent.errors import AgentError
from modtui.reach import connect
from modtui.reach.session import Session
from tests.e2e.server import EDITED, NEW, OLD, PRICING, Server, running_server
from tests.pythons import Python
from tests.soak.tally import Tally
from tests.targets import program, target

ROOT = Path(__file__).parents[2]
VERDICTS = {"fresh", "stale", "unknown", "missing"}


@contextmanager
def tiny_disk(folder: Path, size: str = "64k") -> Iterator[Path]:
    """A file system that is full (needs root)."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)
    try:
        with open(folder / "filling", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass  # that is what it is for
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def full_cache(python: Python, folder: Path, tally: Tally) -> None:
    """The inspector has nowhere to keep anything: every verb works all the same."""
    with tiny_disk(folder / "full") as full, running_server(folder, python.command) as server:
        server.edit()
        for verb, code in (
            (["list"], 0),
            (["check"], 1),
            (["diff", "till.pricing"], 1),
            (["reload", "till.pricing"], 0),
            (["detach"], 0),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "modtui", verb[0], str(server.pid), *verb[1:], "--json"],
                env={**os.environ, "XDG_CACHE_HOME": str(full), "XDG_STATE_HOME": str(full)},
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            tally.counts["verbs on a full disk"] += 1
            # No text could be kept, so what a diff can show depends on what the target still has.
            good = done.returncode in ((code,) if verb[0] != "diff" else (0, 1))
            tally.require(good, f"{verb}: exit {done.returncode}: {done.stderr[-400:]}")
            tally.require("Traceback" not in done.stderr, f"{verb}: {done.stderr[-400:]}")
        tally.require(server.ask() == NEW, "it was not reloaded")


FULL = (
    'mount -t tmpfs -o size=4k,nr_inodes=2 none /tmp; mount -t tmpfs -o size=4k,nr_inodes=2 none '
    '/dev/shm; mount -t tmpfs -o size=4k,nr_inodes=2 none /var/tmp; '
    'for d in /tmp /dev/shm /var/tmp; do echo > $d/x; echo > $d/y; done; exec "$@"'
)  # fmt: skip


def full_socket_places(python: Python, tally: Tally) -> None:
    """No place in the target's file system can take a socket: it has one without a path."""
    command = ["unshare", "--mount", "sh", "-c", FULL, "-", *python.command]
    with target(command, program("sleep"), stderr=subprocess.DEVNULL) as process:
        with connect(process.pid) as session:
            tally.require(session.hello["sockets"][0].startswith("@"), str(session.hello))
            session.calls.list_modules()
            session.detach()
        report = process.finish()
        tally.require(not report["differs"], str(report["differs"]))
    tally.counts["targets on full disks"] += 1


def restless_files(python: Python, folder: Path, seconds: float, tally: Tally) -> None:
    """The module's file vanishes, comes back, is renamed over, touched into the past and future,
    and its directory becomes a link, while everything is asked all the time."""
    with running_server(folder, python.command) as server, connect(server.pid) as session:
        stop = threading.Event()
        moving = threading.Thread(target=_move, args=(server, stop, tally))
        moving.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                _ask_everything(session, tally)
        finally:
            stop.set()
            moving.join()
        _settle(server)
        found = session.calls.freshness(["till.pricing"])["till.pricing"]
        tally.require(found["verdict"] == "stale", f"in the end it is {found}")
        tally.require(server.ask() == OLD, "looking has changed it")
        tally.require(session.reload(["till.pricing"])["ok"], "it cannot be reloaded")
        tally.require(server.ask() == NEW, "it was not reloaded")
        session.detach()


def _ask_everything(session: Session, tally: Tally) -> None:
    found = session.calls.freshness(["till.pricing"])["till.pricing"]
    tally.require(found["verdict"] in VERDICTS, f"{found}")
    tally.counts[found["verdict"]] += 1
    for ask in (session.calls.source, session.calls.baseline, session.calls.show):
        try:
            ask("till.pricing")
        except AgentError as error:
            tally.require(type(error) is AgentError and "(" not in str(error), repr(error))
            tally.counts["not readable just now"] += 1
    session.calls.plan(["till.pricing"], patch=True)


def _settle(server: Server) -> None:
    server.edit(EDITED)


def _move(server: Server, stop: threading.Event, tally: Tally) -> None:
    file, package = server.pricing, server.pricing.parent
    aside = package.with_name("aside")

    def vanish() -> None:
        file.unlink(missing_ok=True)

    def save_in_place() -> None:
        file.write_text(EDITED)

    def save_by_rename() -> None:
        server.edit(PRICING)

    def to_the_past() -> None:
        os.utime(file, (1, 1))

    def to_the_future() -> None:
        os.utime(file, (2**33, 2**33))

    def become_a_directory() -> None:
        file.unlink(missing_ok=True)
        file.mkdir()
        file.rmdir()

    def replace_by_a_link() -> None:
        package.rename(aside)
        package.symlink_to(aside)
        package.unlink()
        aside.rename(package)

    def become_a_pipe() -> None:
        file.unlink(missing_ok=True)
        os.mkfifo(file)
        time.sleep(0.005)
        file.unlink()

    def become_huge() -> None:
        with open(file, "wb") as sparse:
            sparse.truncate(1 << 31)
        time.sleep(0.005)
        file.unlink()

    acts: tuple[Callable[[], None], ...] = (
        vanish, save_in_place, to_the_past, to_the_future, become_a_directory, save_by_rename,
        replace_by_a_link, become_a_pipe, become_huge, save_by_rename,
    )  # fmt: skip
    number = 0
    while not stop.is_set():
        try:
            acts[number % len(acts)]()
        except FileNotFoundError:
            pass  # the act before was the vanishing
        tally.counts["moves"] += 1
        number += 1
        time.sleep(0.002)
    if aside.exists() and package.is_symlink():
        package.unlink()
    if aside.exists():
        aside.rename(package)
    if file.is_dir():
        file.rmdir()
