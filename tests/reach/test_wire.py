"""The inspector's end of the wire, against ends that are no agents: words, and never for ever."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from modtui.agent import shapes
from modtui.agent.calls import Calls
from modtui.reach import ConnectionLost, ReachError, connect
from modtui.reach.checking import check_of
from modtui.reach.wire import Wire
from tests.pythons import PYTHONS
from tests.targets import eventually, program, target


@contextmanager
def answering(folder: Path, answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A socket where somebody answers the first visitor like that; gives its path."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "s"))
    listener.listen()

    def serve() -> None:
        visitor, _ = listener.accept()
        with visitor:
            try:
                answer(visitor)
            except OSError:
                pass  # the inspector had enough

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield str(folder / "s")
    finally:
        thread.join(30)
        listener.close()


def frame(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return struct.pack(">I", len(body)) + body


def test_an_answer_that_drips(tmp_path: Path) -> None:
    """Bytes come all the time, and never enough of them."""

    def drip(visitor: socket.socket) -> None:
        visitor.sendall(struct.pack(">I", 1_000_000))
        pause = threading.Event()
        while True:
            visitor.sendall(b"[")
            pause.wait(0.05)

    with answering(tmp_path, drip) as path:
        wire = Wire(path, timeout=1.0)
        with pytest.raises(ConnectionLost, match="no answer in time"):
            wire.request("hello", {})


def test_who_never_reads(tmp_path: Path) -> None:
    stay = threading.Event()
    with answering(tmp_path, lambda visitor: stay.wait(30) and None) as path:
        wire = Wire(path, timeout=1.0)
        with pytest.raises(ConnectionLost, match="no answer in time"):
            wire.request("remember", {"texts": ["x" * 50_000_000]})
        stay.set()


HEIR = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1]); listener.listen()
print("ready", flush=True)
visitor, _ = listener.accept()
visitor.recv(1000)
child = os.fork()
if child:
    print(child, flush=True)
    os.kill(os.getpid(), 9)
os.read(0, 1)
"""


def test_a_child_holds_the_connection_of_a_target_that_was_killed(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    command = [sys.executable, "-c", HEIR, path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"ready\n"
    wire = Wire(path)
    wire.settle()
    with pytest.raises(ConnectionLost, match=f"process {process.pid} has ended"):
        wire.request("hello", {})
    os.kill(int(process.stdout.readline()), signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"id": 1, "result": {"target": {}}},
        {"id": 1, "result": [[]] * 1000},
        {"id": 1, "result": float("nan")},
        {"id": 1, "error": {"type": [], "message": {}}},
        {"id": 1},
        {"id": True, "result": 1},
        [],
    ],
    ids=str,
)
def test_what_is_not_an_agent(tmp_path: Path, answer: Any) -> None:
    tell = frame(answer)
    with (
        answering(tmp_path, lambda visitor: visitor.sendall(tell)) as path,
        pytest.raises(ReachError, match=r"."),
    ):
        connect(path)


def test_the_checks_know_what_agents_say() -> None:
    """Real answers pass, and each with one thing of another type does not."""
    calls = Calls()
    answers: list[tuple[Any, Any]] = [
        (shapes.Hello, calls.hello()),
        (shapes.Page, calls.list_modules(0, 3)),
        (shapes.Detail, calls.show("json")),
        (shapes.Text, calls.source("json")),
        (shapes.BaselineText, calls.baseline("json")),
        (shapes.LiveCode, calls.live_code("json")),
        (shapes.Plan, calls.plan(["json"])),
        (dict[str, shapes.Freshness], calls.freshness(["json", "sys"])),
    ]
    for shape, answer in answers:
        said = json.loads(json.dumps(answer))
        assert check_of(shape)(said), shape
        for key in said:
            assert not check_of(shape)({**said, key: {"x": 10**400}}), (shape, key)
            if "Freshness" not in str(shape):
                assert not check_of(shape)({k: v for k, v in said.items() if k != key})


def test_a_job_whose_inspector_has_gone_never_runs() -> None:
    """It was submitted, and nobody has brought it to the main thread yet."""
    with target(PYTHONS[0], program("sleep")) as process, connect(process.pid) as second:
        first = connect(process.pid)
        token = first.calls.submit("reload", {"names": ["os"]})
        assert second.calls.wait(token, 0)["state"] == "waiting"
        first.close()
        assert eventually(lambda: second.calls.wait(token, 0)["state"] == "withdrawn", 30)
        second.detach()
