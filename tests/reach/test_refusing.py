"""Targets whose interpreter does not let the agent in: they go on, and we say why."""

from __future__ import annotations

import pytest

from modtui.reach import Unsupported, connect
from tests.pythons import Python
from tests.targets import PRELUDE, descriptors_of, eventually, maps_of, target, threads_of, unharmed

# What refuses is told by the second word of its first line: an audit event, or the allocator.
HOOKED = """
import json, time
def hook(event, arguments, armed=[]):
    if event == "modtui.arm":
        armed.append(True)
    elif armed and event == {event!r}:
        armed.append(True)
        raise {error}
sys.addaudithook(hook)
rounds = 0
def busy():
    global rounds
    while True:
        rounds += 1
def idle():
    while True:
        time.sleep(0.2)
sys.audit("modtui.arm")
run({work}, lambda: rounds or {work} is idle)
"""
EXHAUSTED = """
import _testcapi
def work():
    _testcapi.set_nomemory(0, 1)
    while True:
        pass
run(work)
"""


def refused(python: Python, source: str, words: str) -> None:
    """Ask thrice to be let in, and find the target as it was."""
    with target(python, PRELUDE + source) as process:
        before = (descriptors_of(process.pid), threads_of(process.pid), maps_of(process.pid))
        for _ in range(3):
            with pytest.raises(Unsupported, match=words):
                connect(process.pid, via="ptrace")
        after = (descriptors_of(process.pid), threads_of(process.pid), maps_of(process.pid))
        assert after[:2] == before[:2]
        assert after[2] <= before[2] + 2  # what its own allocator takes meanwhile
        unharmed(process.finish())


@pytest.mark.parametrize("work", ["busy", "idle"])
@pytest.mark.parametrize(
    ("event", "error"),
    [("compile", "RuntimeError('no')"), ("exec", "RuntimeError('no')"), ("compile", "SystemExit")],
)
def test_an_audit_hook_forbids_it(
    python: Python, event: str, error: str, work: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is raised in its main thread, nothing printed, and nothing of ours is left."""
    source = HOOKED.format(event=event, error=error, work=work)
    name = error.partition("(")[0]
    refused(python, source, rf"refused .*\({name}\), as an audit hook")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("event", ["_thread.start_new_thread", "marshal.loads", "socket.bind"])
def test_an_audit_hook_forbids_what_comes_later(python: Python, event: str) -> None:
    """Where this Python has that event at all."""
    source = HOOKED.format(event=event, error="RuntimeError('no')", work="idle")
    with target(python, PRELUDE + source) as process:
        before = (descriptors_of(process.pid), threads_of(process.pid))
        refusal = None
        try:
            connect(process.pid, via="ptrace").detach()
        except Unsupported as problem:
            refusal = problem.reason
        assert refusal is None or ("could not start" in refusal and "RuntimeError: no" in refusal)
        left = lambda: (descriptors_of(process.pid), threads_of(process.pid))
        assert eventually(lambda: left() == before, 30), left()
        unharmed(process.finish())


def test_there_is_no_memory_left(python: Python) -> None:
    """The allocator refuses just then: the target goes on, and the next attach succeeds."""
    with target(python, "import _testcapi; print('ready', flush=True); input()", ready=False) as it:
        if it.line() != "ready":
            pytest.skip("this Python comes without the module that lets allocations fail")
    with target(python, PRELUDE + EXHAUSTED) as process:
        with pytest.raises(Unsupported, match="has no memory left"):
            connect(process.pid, via="ptrace")
        with connect(process.pid) as session:
            assert session.calls.list_modules(0, 5)["modules"]
            session.detach()
        unharmed(process.finish())
