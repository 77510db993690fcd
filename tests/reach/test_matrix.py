"""Every Python in every state: reached, left, and unharmed. MODTUI_ATTACHES is attaches a cell."""

from __future__ import annotations

import os

import pytest

from modtui.reach import connect
from tests.pythons import Python
from tests.targets import STATES, eventually, program, target, threads_of, unharmed

ATTACHES = int(os.environ.get("MODTUI_ATTACHES", "10"))


@pytest.mark.parametrize("state", STATES)
def test_reached_and_left_unharmed(python: Python, state: str) -> None:
    with target(python, program(state)) as process:
        # The last of these starts its threads after it said that it is ready.
        assert eventually(lambda: state != "allocating" or threads_of(process.pid) == 6)
        threads = threads_of(process.pid)
        for number in range(ATTACHES):
            session = connect(process.pid)
            assert session.way == "ptrace"
            assert session.target["python"].startswith(session.target["python"][:3])
            if number % 3 == 1:  # a call that needs all of the agent
                assert session.calls.list_modules(0, 10)["total"] > 10
            if number % 2:
                session.detach()
            else:
                session.close()  # and the agent leaves by itself
        assert eventually(lambda: threads_of(process.pid) == threads)
        unharmed(process.finish())
