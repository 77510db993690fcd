"""A session that only looks: neither the inspector nor the agent lets anything be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modtui import cli
from modtui.agent.errors import LooksOnly
from modtui.reach import connect, in_process
from tests.e2e.server import NEW, OLD, Server, running_server
from tests.pythons import Python

VERBS = (
    ["reload", "{pid}", "till.pricing"],
    ["reload", "{pid}", "till.pricing", "--patch", "--yes", "--agent-thread"],
    ["undo", "{pid}"],
)


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with running_server(tmp_path) as running:
        yield running


@pytest.mark.parametrize("before", [True, False], ids=["before the verb", "after the verb"])
@pytest.mark.parametrize("verb", VERBS, ids=["reload", "patch", "undo"])
def test_the_verbs_refuse(
    server: Server, verb: list[str], before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    server.edit()
    line = [part.format(pid=server.pid) for part in verb]
    line = ["--look-only", *line] if before else [*line, "--look-only"]
    assert cli.main([*line, "--json"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "--look-only" in err
    assert server.ask() == OLD


def test_the_verbs_that_look_go_on(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.edit()
    pid = str(server.pid)
    assert cli.main(["--look-only", "list", pid, "--json"]) == 0
    assert cli.main(["diff", pid, "--look-only"]) == 1
    assert cli.main(["--look-only", "reload", pid, "till.pricing", "--dry-run"]) == 0
    assert "till.pricing" in capsys.readouterr().out
    assert server.ask() == OLD


RELOAD = {"names": ["till.pricing"]}
ON_THE_WIRE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("reload", RELOAD),
    ("undo", {}),
    ("submit", {"call": "reload", "arguments": RELOAD}),
    ("run_here", {"token": ""}),
    ("channel.pump", {"token": ""}),
)


def test_the_agent_refuses_as_well(python: Python, tmp_path: Path) -> None:
    """Even an inspector that forgets what it promised cannot reload, nor run a job of another."""
    if python.root:
        pytest.skip("it does not see our files")
    with running_server(tmp_path, python.command) as server:
        server.edit()
        with connect(server.pid) as session, connect(server.pid) as other:
            session.only_look()
            with pytest.raises(LooksOnly):
                session.reload(["till.pricing"])
            with pytest.raises(LooksOnly):
                session.undo()
            assert session._wire is not None
            token = other.calls.submit("reload", RELOAD)
            for call, arguments in ON_THE_WIRE:
                more = {"token": token} if "token" in arguments else {}
                with pytest.raises(LooksOnly):
                    session._wire.request(call, {**arguments, **more})
            assert server.ask() == OLD
            assert session.calls.plan(["till.pricing"])["steps"]
            assert other.calls.withdraw(token), "nobody has run it"
            # What one session gave up, another may.
            assert other.reload(["till.pricing"])["ok"]
            assert server.ask() == NEW
            other.undo()
            other.detach()


def test_in_process() -> None:
    with in_process() as session:
        session.only_look()
        with pytest.raises(LooksOnly):
            session.reload(["json"])
        with pytest.raises(LooksOnly):
            session.undo()
