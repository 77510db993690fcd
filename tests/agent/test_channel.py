"""The agent's socket, in real processes of every Python: who gets in, and what gets through."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modtui.agent import rendezvous, sockets
from modtui.reach import ConnectionLost, NoPermission, connect
from tests.pythons import PYTHONS, Python
from tests.targets import (
    Target,
    eventually,
    house,
    program,
    switches_of,
    target,
    threads_of,
    unharmed,
)

ANY = PYTHONS[-1] if not PYTHONS[-1].root else PYTHONS[0]


@pytest.fixture
def attached(python: Python) -> Iterator[tuple[Target, str]]:
    """A target with an agent, and the path of its socket."""
    with target(python, program("sleep")) as process:
        session = connect(process.pid)
        yield process, session.root + session.hello["sockets"][0]
        assert session.calls.hello()["target"]["pid"] == session.target["pid"]
        session.detach()
        unharmed(process.finish())


def _open(path: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    for _ in range(1000):
        try:
            client.connect(path)
            break
        except BlockingIOError:  # its queue of visitors is full
            time.sleep(0.01)
    return client


def _send(client: socket.socket, body: bytes) -> None:
    client.sendall(struct.pack(">I", len(body)) + body)


def _receive(client: socket.socket) -> Any:
    head = client.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    return json.loads(client.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))


def _ask(client: socket.socket, call: object, /, **arguments: object) -> Any:
    _send(client, json.dumps({"id": 7, "call": call, "arguments": arguments}).encode())
    return _receive(client)


def test_only_its_user_can_see_it(attached: tuple[Target, str]) -> None:
    _, path = attached
    folder = os.stat(os.path.dirname(path))
    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert folder.st_uid == os.geteuid()


def test_what_may_be_called(attached: tuple[Target, str]) -> None:
    _, path = attached
    with _open(path) as client:
        assert _ask(client, "hello")["result"]["schema"] == 1
        for call in ("__init__", "_census", "__class__", "nothing", 3, None, ["hello"]):
            assert _ask(client, call)["error"]["type"] == "BadCall"
        assert _ask(client, "show")["error"]["message"] == "show needs the argument 'name'"
        assert "takes no argument" in _ask(client, "hello", self=1)["error"]["message"]
        assert "takes no argument" in _ask(client, "show", name="os", x=1)["error"]["message"]
        assert _ask(client, "show", name="no such")["error"]["type"] == "UnknownModule"
        assert _ask(client, "list_modules", offset="x")["error"]["type"] == "AgentError"
        assert _ask(client, "run_here", token="x")["error"]["type"] == "UnknownJob"
        answer = _ask(client, "submit", call="hello", arguments={})
        assert answer["error"]["type"] == "BadCall"
        assert _ask(client, "hello")["id"] == 7


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b'\0\0\0\x05{"a":', b"\0\0\0\x02[]", b"\0\0\0\0", b"\xff" * 64],
    ids=["http", "half", "array", "empty", "huge"],
)
def test_garbage_ends_its_own_connection_only(attached: tuple[Target, str], garbage: bytes) -> None:
    _, path = attached
    with _open(path) as client:
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        answer = _receive(client)
        assert answer is None or answer["error"]["type"] == "BadCall"
        try:
            assert client.recv(1) == b""
        except ConnectionResetError:
            pass  # it was closed with some of the garbage unread


def test_half_messages_and_silence_block_nobody(attached: tuple[Target, str]) -> None:
    _, path = attached
    silent = [_open(path) for _ in range(5)]
    silent[0].sendall(b"\0\0")
    silent[1].sendall(b"\0\0\0\x30{")
    with _open(path) as client:
        assert _ask(client, "hello")["result"]
    for each in silent:
        each.close()


def test_slow_readers_block_nobody(attached: tuple[Target, str]) -> None:
    _, path = attached
    with _open(path) as slow:
        for _ in range(30):  # more than the socket's buffers hold
            _send(slow, json.dumps({"id": 1, "call": "list_modules", "arguments": {}}).encode())
        with _open(path) as client:
            assert _ask(client, "hello")["result"]


def test_more_inspectors_than_it_serves_are_told(attached: tuple[Target, str]) -> None:
    _, path = attached
    clients = [_open(path) for _ in range(31)]
    assert all(_ask(client, "hello")["result"] for client in clients)
    with _open(path) as one_more:
        assert "too many inspectors" in _receive(one_more)["error"]["message"]
        assert one_more.recv(1) == b""
    for client in clients:
        client.close()


def test_thousands_of_connections(attached: tuple[Target, str]) -> None:
    process, path = attached
    for _ in range(500):
        _open(path).close()
    assert eventually(lambda: _is_served(path))
    assert eventually(lambda: threads_of(process.pid) <= 3)


def _is_served(path: str) -> bool:
    with _open(path) as client:
        try:
            answer = _ask(client, "hello")
        except OSError:
            return False
        return answer is not None and "result" in answer


def test_idle_it_never_wakes_up(python: Python) -> None:
    with target(python, program("sleep")) as process, connect(process.pid):
        time.sleep(0.8)  # after the arrival's own short wait
        before = switches_of(process.pid)
        time.sleep(1.0)
        assert switches_of(process.pid) == before


CLIENT = """
import os, socket, sys
uid = int(sys.argv[2])
os.setgroups([]); os.setgid(uid); os.setuid(uid)
client = socket.socket(socket.AF_UNIX)
try:
    client.connect(sys.argv[1])
    print(client.recv(1000))
except OSError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_other_users_do_not_get_in() -> None:
    system = [python for python in PYTHONS if python.label == "system"]
    if not system:
        pytest.skip("no interpreter that any user can start")
    owner: dict[str, Any] = {"user": 61235, "group": 61235, "extra_groups": []}
    with (
        target(system[0], program("sleep"), **owner) as process,
        connect(process.pid) as session,
    ):
        path = session.hello["sockets"][0]
        command = [sys.executable, "-c", CLIENT, path, "65534"]
        assert b"PermissionError" in subprocess.run(command, stdout=subprocess.PIPE).stdout
        # Even if the directory let them: the agent asks the kernel who it is.
        os.chmod(os.path.dirname(path), 0o755)
        os.chmod(path, 0o666)
        done = subprocess.run(command, stdout=subprocess.PIPE)
        assert b"its own user and root only" in done.stdout
        os.chmod(os.path.dirname(path), 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a directory of somebody else's")
def test_an_unsafe_directory_is_not_used(tmp_path: Path) -> None:
    unsafe = Path("/tmp/modtui-61234")
    options = {"user": 61234, "group": 61234, "extra_groups": []}
    system = [python for python in PYTHONS if python.label == "system"]
    if not system:
        pytest.skip("no interpreter that any user can start")
    for make in (
        lambda: unsafe.symlink_to(tmp_path),
        lambda: unsafe.mkdir(mode=0o700),  # root's
    ):
        make()
        try:
            with target(system[0], program("sleep"), **options) as process:
                session = connect(process.pid)
                assert not session.hello["sockets"][0].startswith("/tmp/")
                session.detach()
        finally:
            unsafe.unlink() if unsafe.is_symlink() else unsafe.rmdir()


def test_the_directory_goes_while_the_socket_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last agent in the directory takes it away, in the very moment another one comes."""
    made = []

    def make_directory(uid: int) -> str:
        folder = tempfile.mkdtemp()
        if len(made) < 3:
            os.rmdir(folder)
        made.append(folder)
        return folder

    monkeypatch.setattr(rendezvous, "make_directory", make_directory)
    listener, path = sockets.listening_socket()
    assert os.path.dirname(path) == made[3]
    listener.close()
    rendezvous.remove(path)


LISTENING = """
import os, sys
sys.path.insert(0, %r)
import modtui
path = modtui.listen()
assert modtui.listen() == path
print(path, flush=True)
if os.fork() == 0:
    import time
    print(modtui.listen() != path, flush=True)
    time.sleep(3600)
input()
"""


def test_listen(python: Python) -> None:
    with house(python) as (home, _, _), target(python, LISTENING % home, ready=False) as process:
        inner = process.line()
        path = python.root + inner
        assert process.line() == "True"
        child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        with connect(path) as session:
            assert session.way == "listening"
            assert session.hello["arrival"] == "listen"
            assert session.host_pid == process.pid
        with connect(process.pid) as session:  # it stays when its inspector has gone
            assert session.hello["sockets"] == [inner]
        with connect(child, via="listening") as other:
            assert other.target["pid"] == child
            other.detach()
            with pytest.raises(ConnectionLost):
                other.calls.hello()
        os.kill(child, 9)
        with connect(path) as session:
            session.detach()
        assert not os.path.exists(path)
        assert threads_of(process.pid) == 1


def test_a_refusal_has_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with target(ANY, program("sleep")) as process, connect(process.pid) as session:
        many = [_open(session.hello["sockets"][0]) for _ in range(31)]
        with pytest.raises(NoPermission, match="too many inspectors"):
            connect(process.pid, via="listening")
        for each in many:
            each.close()
