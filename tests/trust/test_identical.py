"""Attach, look in every way, leave: the target's whole state is what it was. And while attached,
the difference is exactly what the agent says of itself."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from typing import Any

import pytest

from modtui import cli
from modtui.reach import connect
from tests.pythons import Python
from tests.targets import Target, eventually, switches_of, target, threads_of
from tests.trust import state

KINDS = {"bare": state.BARE, "furnished": state.FURNISHED}
# The C library keeps these once a process has ever had a thread, whosever it was: the handler of
# its own signal 33 (by which threads change user ids together), and libgcc (to end a thread).
OF_ANY_THREAD = 1 << 32
# And extension modules may be linked to libraries of the system.
OF_THE_SYSTEM = re.compile(r".*/lib[a-z_]+\.so(\.\d+)+$")

# All that looks, as a person or a script would: none of these may leave a trace.
LOOKING: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("check", "--prove"),
    ("show", "posixpath"),
    ("show", "--agent"),
    ("diff",),
    ("reload", "posixpath", "--patch", "--dry-run"),
)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    # What other tests have kept of these modules must not decide what is asked of the target.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def changed(before: dict[str, Any], after: dict[str, Any], libraries: list[str]) -> list[str]:
    """What differs, but for what the C library does on its own when a thread begins or ends, and
    for the files of extension modules that the agent has said will stay mapped."""
    return state.differences(_comparable(before, before, []), _comparable(after, before, libraries))


def _comparable(told: dict[str, Any], before: dict[str, Any], libraries: list[str]) -> Any:
    kernel = told["kernel"]
    known = before["kernel"]["files"]
    caught = int(kernel["status"]["SigCgt"][0], 16) & ~OF_ANY_THREAD
    files = [
        file
        for file in kernel["files"]
        if file in known or not (file.endswith(tuple(libraries)) or OF_THE_SYSTEM.match(file))
    ]
    status = {**kernel["status"], "SigCgt": caught}
    return {**told, "kernel": {**kernel, "status": status, "files": files}}


def look(process: Target, verb: str, *more: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run one command and give its document; when it has ended the agent has left."""
    code = cli.main([verb, str(process.pid), *more, "--json"])
    out, err = capsys.readouterr()
    assert code in (0, 1), err
    return json.loads(out)


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_leaves_nothing(
    python: Python, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with target(python, KINDS[kind]) as process:
        before = state.ask(process)
        assert state.differences(before, state.ask(process)) == [], "it is still by itself"
        threads = threads_of(process.pid)
        with connect(process.pid) as session:
            session.calls.show("sys")
            session.calls.plan(["posixpath"], patch=True)
            libraries = session.calls.hello()["libraries"]
            session.detach()
        after = state.ask(process)
        assert changed(before, after, libraries) == [], "after attach and detach"
        for verb, *more in LOOKING:
            if kind == "furnished" and verb in ("show", "diff"):
                continue  # its hundreds of modules are looked at by the others
            if kind == "furnished" and "--prove" in more:
                more = []  # done outside of the target
            look(process, verb, *more, capsys=capsys)
            # It leaves by itself, when the command has closed its connection.
            assert eventually(lambda: threads_of(process.pid) == threads)
        after = state.ask(process)
        assert changed(before, after, libraries) == [], "after every command"


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_agent_says_of_itself_is_the_difference(python: Python, kind: str) -> None:
    with target(python, KINDS[kind]) as process:
        before = state.ask(process)
        with connect(process.pid) as session:
            session.calls.show("sys")  # most of the agent comes when it is needed
            during = state.ask(process)
            hello = session.calls.hello()
            modules = during["modules"]["entries"].keys() - before["modules"]["entries"].keys()
            assert modules == set(hello["added"])
            tasks = during["kernel"]["tasks"].keys() - before["kernel"]["tasks"].keys()
            assert len(tasks) == hello["threads"] == 2, "one that listens, and one for us"
            came = during["kernel"]["descriptors"].items() - before["kernel"]["descriptors"].items()
            assert len(came) == 2, "one that listens, and one for us"
            assert all(link.startswith("socket:") for _, (link, _) in came)
            (path,) = hello["sockets"]
            assert os.path.exists(session.root + path)
            files = set(during["kernel"]["files"]) - set(before["kernel"]["files"])
            mapped = {f for f in files if "/lib-dynload/" in f}
            assert {f.removeprefix(session.root) for f in mapped} == set(hello["libraries"])
            # Nothing else: only what goes with these is different at all.
            expected = ("/modules/", "/kernel/", "/rest/count", "/rest/frames")
            others = [d for d in state.differences(before, during) if not d.startswith(expected)]
            assert others == []
            for key in ("limits", "personality", "cwd", "timers", "oom", "slack", "executable"):
                assert before["kernel"][key] == during["kernel"][key], key
            for name, entry in before["modules"]["entries"].items():
                now = during["modules"]["entries"][name]
                assert state.differences(entry, now) == [], name
            session.detach()


def test_show_agent_prints_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with target([sys.executable], state.BARE) as process:
        told = look(process, "show", "--agent", capsys=capsys)["agent"]
        assert cli.main(["show", str(process.pid), "--agent"]) == 0
        printed = capsys.readouterr().out
        for name in (*told["added"], *told["libraries"]):
            assert name in printed
        assert "threads: 2" in printed
        assert "socket: /" in printed


AUDITED = """
import sys
heard = []
def hook(event, arguments):
    if listening:
        heard.append((event, [repr(a) for a in arguments[:3]]
                      if event in ("open", "os.remove", "os.rmdir") else []))
listening = False
sys.addaudithook(hook)
print("ready", flush=True)
import posix
listening = True
posix.read(0, 1)
listening = False
print(repr(heard), flush=True)
posix.read(0, 1)
"""
# What a look at a process does in it, by the names of Python's own audit events. Anything that is
# not here (os.system, subprocess.Popen, ctypes.dlopen, socket.connect...) is not done.
HARMLESS = {
    "compile", "exec", "marshal.loads", "marshal.load", "marshal.dumps", "code.__new__",
    "object.__getattr__", "open", "builtins.id", "os.listdir", "os.scandir", "sys._getframe",
    "sys._current_frames", "gc.get_objects", "gc.get_referrers", "gc.get_referents",
    "import", "socket.__new__", "socket.bind", "os.mkdir", "os.chmod", "os.remove", "os.rmdir",
    "_thread.start_new_thread", "cpython.PyInterpreterState_New", "cpython.run_command",
    "function.__new__", "sys._getframemodulename", "os.putenv", "time.sleep",
    "cpython.remote_debugger_script", "_thread.start_joinable_thread", "os.stat",
}  # fmt: skip


def test_what_hooks_of_the_target_can_hear(
    python: Python, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file is opened to be read, and nothing but our own socket is made or removed."""
    with target(python, AUDITED) as process:
        for verb, *more in LOOKING[:-1]:
            look(process, verb, *more, capsys=capsys)
        assert process.process.stdin is not None
        process.process.stdin.write(b"?")
        heard = eval(process.line())  # our own target's repr
    assert heard, "hooks hear of us"
    assert {event for event, _ in heard} <= HARMLESS
    for event, arguments in heard:
        if event == "open" and not arguments[0].isdigit():
            assert arguments[1] in ("'r'", "'rb'", "None"), arguments
            flags = int(arguments[2])
            assert not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC), arguments
        if event in ("os.remove", "os.rmdir"):
            assert "modtui-" in arguments[0], arguments


def test_idle_is_asleep(python: Python) -> None:
    """No thread of the target wakes up while nobody asks, however the agent came."""
    with target(python, state.FURNISHED) as process, connect(process.pid) as session:
        session.calls.list_modules(0, 10)
        assert eventually(lambda: switches(process.pid, 0.3) == 0), "it comes to rest"
        assert switches(process.pid, 2.0) == 0


def switches(pid: int, seconds: float) -> int:
    """How often its threads were switched, of their own will or not, in that time."""
    before = switches_of(pid)
    time.sleep(seconds)
    return switches_of(pid) - before
