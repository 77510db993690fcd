"""A session that a child of ours opens and hands over."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from modtui.agent.errors import LooksOnly
from modtui.reach import NoSuchProcess, Session, Unreachable, connect
from modtui.reach.handing import POSSIBLE, Handing
from tests.pythons import PYTHONS, Python
from tests.targets import PRELUDE, eventually, program, target, threads_of, unharmed

pytestmark = [
    pytest.mark.skipif(not POSSIBLE, reason="sessions are handed over on Linux only"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # pytest has threads
]
ANY = next(python for python in PYTHONS if not python.root)
Tell = Callable[[str], None]


def nobody(text: str) -> None:
    pass


def opening(pid: int) -> Callable[[Tell], tuple[Session, Any]]:
    def work(tell: Tell) -> tuple[Session, Any]:
        session = connect(pid, progress=tell)
        return session, session.calls.list_modules(0, 5)

    return work


def ended(pid: int) -> bool:
    """Whether a child of ours is no more, and nobody has to ask for it."""
    return not os.path.exists(f"/proc/{pid}")


def test_what_was_opened_works_here(python: Python) -> None:
    with target(python, program("sleep")) as process:
        child = Handing(opening(process.pid))
        pid = child._pid
        found = child.take(nobody)
        assert found is not None
        session, page = found
        assert len(page["modules"]) == 5
        assert eventually(lambda: ended(pid))
        with session:
            assert session.alive
            assert session.host_pid == process.pid
            assert session.way == "ptrace"
            assert session.hello["target"]["pid"] == session.target["pid"]
            assert session.calls.list_modules(0, 5)["modules"] == page["modules"]
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())


def test_what_was_opened_reloads_on_the_main_thread() -> None:
    with target(ANY, program("sleep")) as process:
        found = Handing(opening(process.pid)).take(nobody)
        assert found is not None
        with found[0] as session:
            report = session.reload(["types"])
            assert (report["ok"], report["thread"]) == (True, "main")
            assert session.undo()["modules"] == ["types"]


def test_what_only_looks_goes_on_only_looking() -> None:
    def work(tell: Tell) -> tuple[Session, Any]:
        session = connect(process.pid)
        session.only_look()
        return session, None

    with target(ANY, program("sleep")) as process:
        found = Handing(work).take(nobody)
        assert found is not None
        with found[0] as session, pytest.raises(LooksOnly):
            session.reload(["types"])


def test_nothing_is_there_yet() -> None:
    ends = os.pipe()

    def work(tell: Tell) -> tuple[Session, Any]:
        tell("waiting for a word")
        os.read(ends[0], 1)
        raise NoSuchProcess("there is none", "look elsewhere")

    child = Handing(work)
    said: list[str] = []
    assert eventually(lambda: child.take(said.append, 0) is None and said)
    assert said == ["waiting for a word"]
    os.write(ends[1], b".")
    with pytest.raises(NoSuchProcess) as refusal:
        child.take(said.append)
    assert (refusal.value.reason, refusal.value.remedy) == ("there is none", "look elsewhere")
    os.close(ends[0])
    os.close(ends[1])


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (LooksOnly("it looks"), LooksOnly, "it looks"),
        (KeyError("strange"), RuntimeError, "KeyError: 'strange'"),
    ],
)
def test_what_is_raised_there_is_raised_here(
    problem: Exception, kind: type[Exception], words: str
) -> None:
    def work(tell: Tell) -> tuple[Session, Any]:
        raise problem

    with pytest.raises(kind, match=words):
        Handing(work).take(nobody)


def test_the_child_is_killed() -> None:
    child = Handing(lambda tell: (signal.pause(), None))  # type: ignore[arg-type, return-value]
    os.kill(child._pid, signal.SIGKILL)
    with pytest.raises(Unreachable, match="was killed"):
        child.take(nobody)


HOLDS_THE_GIL = (
    PRELUDE
    + """
import ctypes, time
libc = ctypes.PyDLL(None)
def work():
    libc.usleep(20000000)
    time.sleep(3600)
run(work)
"""
)


def test_giving_up_withdraws_what_was_asked_for(python: Python) -> None:
    with target(python, HOLDS_THE_GIL) as process:
        child = Handing(opening(process.pid))
        pid, said = child._pid, list[str]()
        assert eventually(lambda: child.take(said.append, 0) is None and said)
        child.give_up()
        assert ended(pid)
        report = process.finish()
        report["differs"].pop("descriptors", None)  # the payload that nobody came to close
        unharmed(report)


def test_nobody_is_there_to_take_it() -> None:
    with target(ANY, program("sleep")) as process:
        child = Handing(opening(process.pid))
        child._link.close()
        os.waitpid(child._pid, 0)
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())
