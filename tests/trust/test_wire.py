"""The wire: inspectors at once are not mixed, floods are slowed, and nothing of it is evaluated."""

from __future__ import annotations

import ast
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from modtui.agent import connections
from modtui.agent.sockets import Pace
from modtui.reach import connect
from tests.pythons import PYTHONS
from tests.targets import eventually, links_of, program, target, threads_of, unharmed

AGENT = sorted((Path(__file__).parents[2] / "modtui" / "agent").glob("*.py"))
NATIVE = [python for python in PYTHONS if not python.root]


def test_inspectors_at_once_get_their_own_answers() -> None:
    """Each asks for another module, many times, with other inspectors coming and going."""
    names = ("sys", "builtins", "posixpath", "codecs", "io", "abc", "site", "os")
    wrong: list[Any] = []
    with target(NATIVE[-1], program("sleep")) as process, connect(process.pid) as first:

        def insist(name: str) -> None:
            with connect(process.pid) as session:
                for number in range(40):
                    shown = session.calls.show(name)["record"]["name"]
                    page = session.calls.list_modules(number % 5, 3)
                    if shown != name or len(page["modules"]) != 3:
                        wrong.append((name, shown))

        threads = [threading.Thread(target=insist, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert eventually(lambda: first.calls.hello()["threads"] == 2)
        first.detach()
        unharmed(process.finish())


def test_a_flood_leaves_the_target_its_interpreter() -> None:
    """Requests faster than the limit wait; the target's own loop goes on."""
    with target(NATIVE[-1], program("busy")) as process, connect(process.pid) as session:
        path = session.root + session.hello["sockets"][0]
        body = json.dumps({"id": 1, "call": "channel.thread", "arguments": {}}).encode()
        count = connections.MOST_REQUESTS + 50
        with socket.socket(socket.AF_UNIX) as flood:
            flood.settimeout(30)
            flood.connect(path)
            sending = threading.Thread(
                target=flood.sendall, args=((struct.pack(">I", len(body)) + body) * count,)
            )
            sending.start()
            answered = b""
            while answered.count(b'"result"') < count:
                answered += flood.recv(1 << 16)
            sending.join()
        session.detach()
        unharmed(process.finish())


def test_the_pace_is_kept_by_the_kernels_clock() -> None:
    pace = Pace(3)
    before = os.times().elapsed
    for _ in range(4):
        pace.step()
    assert os.times().elapsed > before


def test_thousands_of_connections_are_bounded() -> None:
    with target(NATIVE[0], program("sleep")) as process, connect(process.pid) as session:
        path = session.root + session.hello["sockets"][0]
        most, held = 0, []
        for number in range(2000):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(20)
            while client.connect_ex(path) == 11:  # EAGAIN: its queue is full
                pass
            held.append(client)
            if len(held) > 300:
                held.pop(0).close()
            if number % 250 == 0:
                most = max(most, threads_of(process.pid))
        # 32 are served; with who accepts, main, and those of the kernel's that are just ending.
        assert most < 64
        assert len(os.listdir(f"/proc/{process.pid}/fd")) < 128
        for client in held:
            client.close()
        assert eventually(lambda: threads_of(process.pid) <= 3, 30)
        session.detach()
        unharmed(process.finish())


def test_there_is_no_port() -> None:
    """The agent's sockets have a path or an abstract name; none is in a network's table."""
    with target(NATIVE[-1], program("sleep")) as process, connect(process.pid) as session:
        folder = Path(f"/proc/{process.pid}")
        ours = {link[8:-1] for link in links_of(process.pid) if link.startswith("socket:")}
        assert len(ours) == 2
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"):
            rows = (folder / "net" / table).read_text().split()
            assert not ours & set(rows), table
        unix = (folder / "net" / "unix").read_text()
        assert all(f" {inode} " in unix or f" {inode}\n" in unix for inode in ours)
        session.detach()


FORBIDDEN_MODULES = {
    "pickle",
    "_pickle",
    "shelve",
    "xmlrpc",
    "subprocess",
    "socketserver",
    "ctypes",
}


def test_nothing_of_the_wire_is_evaluated() -> None:
    """No `eval`, no pickle, nowhere; code is run by the arrival and by reloads only."""
    running: dict[str, set[str]] = {}
    for path in AGENT:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                names.append(getattr(node, "module", None) or "")
                used = FORBIDDEN_MODULES & {name.partition(".")[0] for name in names}
                assert used <= ({"ctypes"} if path.name == "jobs.py" else set()), (path, used)
            # However it is called or passed on: the bare name is enough to be found.
            if isinstance(node, ast.Name) and node.id in ("eval", "exec", "compile", "__import__"):
                running.setdefault(path.name, set()).add(node.id)
            if isinstance(node, ast.Attribute) and node.attr in (
                "system",
                "popen",
                "execv",
                "fork",
            ):
                assert not isinstance(node.value, ast.Name) or node.value.id not in ("os", "posix")
    assert not any("eval" in used for used in running.values()), running
    wire = {"channel.py", "connections.py", "framing.py", "calls.py", "jobs.py", "sockets.py"}
    assert not wire & running.keys(), running


def test_the_wire_calls_what_is_listed_and_nothing_else() -> None:
    """`getattr` by a name from the wire happens once, behind the list of calls."""
    from modtui.agent.calls import Calls

    public = {name for name in vars(Calls) if not name.startswith("_")}
    assert public == connections.CALLS
    assert connections.CHANGING - {"channel.pump"} <= connections.CALLS
    text = next(path for path in AGENT if path.name == "connections.py").read_text()
    assert text.count("getattr(") == 1
    assert text.index("elif name in CALLS") < text.index("getattr(")


STRANGER = """
import os, sys
from modtui.reach import connect, ReachError
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    connect(sys.argv[1])
except ReachError as refusal:
    print(refusal.reason, "|", refusal.remedy)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_told_why() -> None:
    """Through a door that was left open, and with our own inspector: words, no answer."""
    with target(["/usr/bin/python3"], program("sleep")) as process, connect(process.pid) as session:
        path = session.hello["sockets"][0]
        folder = os.path.dirname(path)
        command = [sys.executable, "-c", STRANGER, path]
        cwd = Path(__file__).parents[2]
        closed = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
        assert "another user's" in closed.stdout or "no socket" in closed.stdout, closed
        os.chmod(folder, 0o755)
        os.chmod(path, 0o666)
        try:
            opened = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
        finally:
            os.chmod(folder, 0o700)
        assert "its own user and root only" in opened.stdout, opened
        assert session.calls.hello()["threads"] == 2
        session.detach()
