"""The things that are fuzzed: each takes damaged data, and must do nothing but what it says."""

from __future__ import annotations

import _socket
import json
import os
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from modtui.agent import connections, pycs, sockets, zips
from modtui.agent.errors import TYPES, AgentError
from modtui.reach.errors import ReachError
from modtui.reach.remote_calls import RemoteCalls
from modtui.reach.session import over_wire
from modtui.reach.wire import Wire
from modtui.source import git, recover, unmarshal, wheel
from tests.fuzz import making
from tests.fuzz.lies import lies, lies_to_the_app
from tests.fuzz.touchy import census


def requests(data: bytes) -> None:
    """Bytes to an agent: each answer is a frame, and the connection ends when the bytes end."""
    ours, theirs = socket.socketpair()
    server: Any = SimpleNamespace(
        calm=lambda: None,
        gone=lambda connection: connection.socket.close(),
        leave=lambda connection: None,
        complete=lambda: None,
        ids=set(),
    )
    raw = _socket.socket(fileno=theirs.detach())
    connection = connections.Connection(server, sockets.Socket(raw))
    serving = threading.Thread(target=connection.serve, daemon=True)
    serving.start()
    with ours:
        ours.settimeout(20)
        sending = threading.Thread(target=_send, args=(ours, data), daemon=True)
        sending.start()
        answered = _all(ours)
        sending.join(20)
    serving.join(20)
    assert not serving.is_alive(), "it still serves"
    while answered:
        (size,) = struct.unpack(">I", answered[:4])
        answer = json.loads(answered[4 : 4 + size])
        assert ("result" in answer) != ("error" in answer)
        assert answer.get("error", {"type": "BadCall"})["type"] in TYPES
        answered = answered[4 + size :]


def _send(to: socket.socket, data: bytes) -> None:
    try:
        to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it had enough


def _all(source: socket.socket) -> bytes:
    parts = []
    try:
        while part := source.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass  # it closed with some of ours unread
    return b"".join(parts)


def answers(data: bytes) -> None:
    """Bytes to an inspector: a session, or one of its own errors with words."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        agent = threading.Thread(target=_answer, args=(listener, data), daemon=True)
        agent.start()
        try:
            wire = Wire(path, timeout=5)
            try:
                calls = RemoteCalls(wire)
                for ask in (calls.hello, calls.list_modules, calls.journal):
                    try:
                        ask()
                    except AgentError:
                        continue
            finally:
                wire.close()
            over_wire(Wire(path, timeout=5), "listening").close()
        except ReachError:
            pass  # these have words, and no other comes out
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            agent.join(10)
            listener.close()


def _answer(listener: socket.socket, data: bytes) -> None:
    while True:
        try:
            visitor, _ = listener.accept()
        except OSError:
            return
        with visitor:
            try:
                visitor.recv(1 << 16)
                visitor.sendall(data)
            except OSError:
                continue


def archives(data: bytes) -> None:
    """A damaged archive: the member's bytes, or OSError."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.zip"
        Path(path).write_bytes(data)
        for member in ("pkg/__init__.py", "pkg/stored.py", "none"):
            try:
                assert type(zips.read(path, member)) is bytes
            except OSError:
                continue


def pyc_headers(data: bytes) -> None:
    """A damaged pyc: what its header says, if it is one at all."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.pyc"
        Path(path).write_bytes(data)
        pycs.header(path)
        recover.from_pyc(path, 2**40)


def marshalled(data: bytes) -> None:
    """Damaged constants of a target: some values by name, or ValueError."""
    try:
        found = unmarshal.constants(data)
    except ValueError:
        return
    assert all(type(name) is str for name in found)


def records(data: bytes) -> None:
    """A damaged RECORD of an installed package: what it says of a file, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "lib", "site-packages")
        (site / "pkg-1.dist-info").mkdir(parents=True)
        (site / "pkg-1.dist-info" / "RECORD").write_bytes(data)
        found = wheel.find(str(site / "pkg" / "a.py"))
        if found is not None:
            found.is_text(b"")


@cache
def _repository() -> dict[str, bytes]:
    """A small repository's files."""
    with tempfile.TemporaryDirectory() as folder:
        who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": "/dev/null"}
        who |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
        Path(folder, "a.py").write_text("x = 1\n")
        for command in (["init", "-q"], ["add", "a.py"], ["commit", "-q", "-m", "one"]):
            subprocess.run(["git", *command], cwd=folder, check=True, env={**os.environ, **who})
        every = Path(folder, ".git").rglob("*")
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in every
            if path.is_file() and "hooks" not in path.parts
        }


def repositories(changes: tuple[str, bytes]) -> None:
    """A repository of which one file is something else: its versions, or GitError."""
    which, data = changes
    with tempfile.TemporaryDirectory() as folder:
        touched = Path(folder, "touched")
        for name, content in _repository().items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        Path(folder, ".git", which).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, ".git", which).write_bytes(data.replace(b"TOUCHED", os.fsencode(touched)))
        Path(folder, "a.py").write_text("x = 2\n")
        try:
            found = git.find(f"{folder}/a.py", "", git.Deadline(5))
            if found is not None:
                repository, path_in_it = found
                for version in repository.versions(path_in_it):
                    repository.contents([version.blob])
        except git.GitError:
            pass  # it is no repository, or a damaged one
        assert not touched.exists(), "the repository has run something of its own"


EVIL = b"""[core]
\tfsmonitor = touch TOUCHED
\thooksPath = /tmp
\tpager = touch TOUCHED
\tsshCommand = touch TOUCHED
\teditor = touch TOUCHED
\talternateRefsCommand = touch TOUCHED
\tattributesFile = /dev/null
[diff]
\texternal = touch TOUCHED
\ttextconv = touch TOUCHED
[filter "x"]
\tclean = touch TOUCHED
\tsmudge = touch TOUCHED
[diff "x"]
\ttextconv = touch TOUCHED
\tcommand = touch TOUCHED
[gpg]
\tprogram = touch TOUCHED
[log]
\tshowSignature = true
[remote "origin"]
\turl = ext::touch TOUCHED
\tpromisor = true
[extensions]
\tpartialClone = origin
[include]
\tpath = /dev/stdin
[mailmap]
	file = /dev/zero
[alias]
\tlog = !touch TOUCHED
\tcat-file = !touch TOUCHED
"""
_FILES = ("HEAD", "index", "config", "packed-refs", "objects/info/alternates", "commondir",
          "logs/HEAD", "info/attributes", "refs/heads/master", "shallow")  # fmt: skip

Target = Callable[[Any], None]
TARGETS: dict[str, tuple[Target, st.SearchStrategy[Any], int]] = {
    # what is fuzzed: (the function, what it gets, how many in the short form)
    "requests": (
        requests,
        st.lists(making.mutants(making.corpus("requests")), max_size=3).map(b"".join),
        150,
    ),
    "answers": (answers, making.mutants(making.corpus("answers")), 100),
    "nonsense": (answers, making.nonsense.map(making.frame), 100),
    "lies": (lies, st.integers(0, 2**32), 60),
    "lies to the app": (lies_to_the_app, st.integers(0, 2**32), 4),
    "archives": (archives, making.mutants(making.corpus("zips")), 300),
    "pyc headers": (pyc_headers, making.mutants([pycs.magic() + bytes(12) + b"c"]), 150),
    "marshalled": (marshalled, making.mutants(making.CONSTANTS), 200),
    "records": (records, making.mutants(making.corpus("records")), 150),
    "repositories": (
        repositories,
        st.tuples(
            st.sampled_from(_FILES),
            making.mutants([EVIL, b"* filter=x diff=x\n", *making.corpus("pointers")]),
        ),
        12,
    ),
    "census": (census.look, census.worlds, 60),
}
