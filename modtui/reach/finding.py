"""Finding the agent of a process: the places where its socket may be, seen through its root."""

from __future__ import annotations

import os
import socket

from modtui.agent import rendezvous
from modtui.reach.errors import NobodyListens, NoPermission
from modtui.reach.proc import Proc
from modtui.reach.wire import Wire


def paths(process: Proc) -> list[str]:
    """The sockets that an agent of that process may be listening at, as we can open them."""
    root = process.root()
    uid, outer_uid = process.inner_uid, process.uid
    found = []
    for base in rendezvous.bases():
        folder = root + rendezvous.directory(base, uid)
        if not os.path.isdir(folder) or rendezvous.why_unsafe(folder, outer_uid) is not None:
            continue
        for name in rendezvous.names(process.inner_pid):
            if rendezvous.is_socket(f"{folder}/{name}"):
                found.append(f"{folder}/{name}")
    name = rendezvous.abstract(uid, process.inner_pid)
    if not found and _is_abstract_socket(process, name):
        found.append(name)
    return found


def _is_abstract_socket(process: Proc, name: str) -> bool:
    try:
        same = os.readlink(f"{process.folder}/ns/net") == os.readlink("/proc/self/ns/net")
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
            return same and any(line.rstrip("\n").endswith(f" {name}") for line in file)
    except OSError:
        return False


def connect(process: Proc) -> Wire | None:
    """A connection to the agent of that process, if there is one. Raises NoPermission."""
    for path in paths(process):
        try:
            wire = Wire(path)
        except NobodyListens:
            continue
        if wire.peer()[0] in (process.pid, 0):
            return wire
        wire.close()  # a process of another pid namespace, or the heir of a dead parent's socket
    return None


def sweep() -> None:
    """Remove the sockets that killed processes have left in our own user's directories."""
    for base in rendezvous.bases():
        folder = rendezvous.directory(base, os.geteuid())
        if rendezvous.why_unsafe(folder, os.geteuid()) is not None:
            continue
        for name in os.listdir(folder):
            pid = name.removesuffix(".sock").partition("-")[0]
            path = f"{folder}/{name}"
            # Where pid namespaces share the directory, an agent may be in one that we do not see.
            if pid.isdecimal() and not os.path.isdir(f"/proc/{pid}") and _is_dead(path):
                rendezvous.remove(path)


def _is_dead(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def listens(process: Proc) -> bool:
    """Is there an agent, as far as can be told without asking it?"""
    try:
        return bool(paths(process))
    except NoPermission:
        return False
