"""An agent that lies: what a real one would say, with some of it replaced, to every command."""

from __future__ import annotations

import _socket
import asyncio
import contextlib
import copy
import io
import json
import os
import random
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from modtui import cli
from modtui.agent import channel, connections, shapes, sockets
from modtui.agent.calls import Calls
from modtui.reach import connecting

VERBS = (
    ["list"],
    ["list", "--json"],
    ["check"],
    ["check", "--json"],
    ["show", "json.decoder"],
    ["show", "--agent"],
    ["diff"],
    ["diff", "json.decoder", "json"],
    ["reload", "json.scanner", "--dry-run"],
    ["reload", "json.scanner", "--patch", "--json"],
    ["undo"],
    ["detach"],
)
SHOWN = ("json", "json.decoder", "json.scanner", "sys", "zlib", "nowhere")  # of all modules
STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 7, 2**63, 10**4000, 1e308, -0.5, float("nan"), float("inf")),
    *("", "\0", "a\nb", "\x1b]0;x\x07", "\ud800", "../../../../etc/passwd", "/dev/zero", "/proc/1"),
    *("x" * 100_000, "fresh", "stale", "danger", "source", "json", [], {}, [[]], {"": None}, ["x"]),
)
KEYS = [*"dcniphstfomrjjulk", "enter", "escape", "f5", "right", "space"]
MOST_ANSWER = 60.0  # seconds that nothing may take


@contextlib.contextmanager
def liar(chance: random.Random) -> Iterator[str]:
    """Such an agent; gives the path of its socket. What is kept meanwhile, is kept beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        serving = threading.Thread(target=_serve, args=(listener, chance), daemon=True)
        serving.start()
        places = {"XDG_CACHE_HOME": folder, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        try:
            with (
                mock.patch.dict(os.environ, places),
                mock.patch.object(connecting, "able", return_value=None),
                contextlib.chdir(folder),  # where a journal is written to
            ):
                yield path
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join(20)
            listener.close()


def lies(seed: int) -> None:
    """One command against such an agent: it ends with words and an exit code of ours."""
    chance = random.Random(seed)
    verb = chance.choice(VERBS)
    out, errors = io.StringIO(), io.StringIO()
    with liar(chance) as path, redirect_stdout(out), redirect_stderr(errors):
        code = cli.main([verb[0], path, *verb[1:]])
    assert code in range(6), (verb, code)
    assert code < 2 or "modtui" in errors.getvalue(), (verb, code, errors.getvalue())
    assert "\x1b]0" not in errors.getvalue(), "an escape sequence got through"


def lies_to_the_app(seed: int) -> None:
    """The app on such an agent, with every tab and a reload asked for: it says so, and lives."""
    chance = random.Random(seed)
    with liar(chance) as path:
        asyncio.run(_use_the_app(path, chance))


async def _use_the_app(path: str, chance: random.Random) -> None:
    from modtui.reach import connect
    from modtui.tui.application import ModtuiApp
    from modtui.tui.config import Config

    app = ModtuiApp(lambda attempt: connect(path), config=Config(Path("config.toml")))
    app.animation_level = "none"
    async with app.run_test(size=(120, 40)) as pilot:
        for key in chance.sample(KEYS, 10):
            await pilot.pause()
            await pilot.press(key)
            await asyncio.sleep(0.02)
    for session in app.sessions:
        session.close()


def _serve(listener: socket.socket, chance: random.Random) -> None:
    while True:
        try:
            visitor, _ = listener.accept()
        except OSError:
            return
        with visitor, contextlib.suppress(OSError):
            _between(visitor, chance)


def _between(visitor: socket.socket, chance: random.Random) -> None:
    """Pass requests to a real agent of this process, and its answers back, changed."""
    ours, theirs = socket.socketpair()
    server: Any = SimpleNamespace(
        calm=lambda: None,
        gone=lambda connection: connection.socket.close(),
        leave=lambda connection: visitor.shutdown(socket.SHUT_WR),
        complete=lambda: None,
        own={**channel._OWN, "channel.pump": lambda token: True},
        ids=set(),
    )
    connection = connections.Connection(
        server, sockets.Socket(_socket.socket(fileno=theirs.detach()))
    )
    connection.calls = _Some()
    threading.Thread(target=connection.serve, daemon=True).start()
    honest = chance.randrange(6)  # answers, before it begins to lie
    with ours:
        ours.settimeout(MOST_ANSWER)
        while request := _frame(visitor):
            ours.sendall(request)
            answer = _frame(ours)
            if not answer:
                return
            if honest <= 0 and answer[4:]:
                said = json.loads(answer[4:])
                for _ in range(chance.choice((0, 1, 1, 2, 20))):
                    said = _changed(said, chance)
                body = json.dumps(said).encode()
                answer = struct.pack(">I", len(body)) + body
            honest -= 1
            visitor.sendall(answer)


def _frame(source: socket.socket) -> bytes:
    head = _exactly(source, 4)
    return head + _exactly(source, struct.unpack(">I", head)[0]) if head else b""


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = source.recv(count - len(data))
        if not part:
            return b""
        data += part
    return data


def _changed(value: Any, chance: random.Random) -> Any:
    """The value with one thing in it replaced."""
    inside: list[tuple[Any, Any]] = []
    if type(value) in (dict, list):
        inside = list(value.items() if type(value) is dict else enumerate(value))
    if not inside or chance.random() < 0.05:
        return copy.deepcopy(chance.choice(STRANGE))
    key, part = chance.choice(inside)
    if chance.random() < 0.04:
        del value[key]
    elif key != "id":
        value[key] = _changed(part, chance)
    return value


class _Some(Calls):
    """The real calls, about a handful of modules, that change nothing."""

    def list_modules(self, offset: int = 0, limit: int = 0) -> shapes.Page:
        page = super().list_modules(0, 0)
        page["modules"] = [record for record in page["modules"] if record["name"] in SHOWN]
        return page

    def reload(self, *_: Any, **__: Any) -> shapes.Report:
        return copy.deepcopy(REPORT)

    def undo(self) -> shapes.UndoReport:
        return {"undone": 1, "modules": ["json.scanner"], "notes": ["a note"]}


_ONE: shapes.ModuleReport = {
    "name": "json.scanner",
    "ok": True,
    "replaced": False,
    "error": {"type": "ValueError", "message": "no", "traceback": "Traceback"},
    "names": {"added": ["a"], "changed": ["b"], "unchanged": [], "kept_from_before": ["c"]},
    "left_behind": {
        "from_imports": [{"module": "json", "name": "x", "of": "json.scanner"}],
        "instances": [{"class": "C", "count": 2}],
        "subclasses": [{"class": "D", "of": "C"}],
        "functions": [{"function": "f", "held_by": ["json"]}],
    },
    "patched": {"functions": 3},
    "could_not_patch": [{"what": "C", "why": "slots"}],
    "output": "printed",
    "warnings": ["w"],
    "seconds": 0.1,
}
REPORT: shapes.Report = {
    "ok": True,
    "rolled_back": False,
    "mode": "patch",
    "thread": "main",
    "modules": [_ONE],
    "side_effects": ["a thread"],
    "refused": [{"name": "sys", "code": "interpreter", "text": "no"}],
}
