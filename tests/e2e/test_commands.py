"""The main job through the commands with --json, against a separate process; and every dead end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.server import NEW, OLD, Server, running_server
from tests.pythons import PYTHONS, Python

LOCAL = [python for python in PYTHONS if not python.root]


def modtui(*arguments: object, **kwargs) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modtui", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **kwargs)


def document(*arguments: object, code: int = 0) -> dict:
    """Run a command with --json; exactly one JSON document on stdout, and the exit code."""
    done = modtui(*arguments, "--json")
    assert done.returncode == code, (done.stdout[-2000:], done.stderr)
    parsed = json.loads(done.stdout)
    assert parsed["schema"] == 1
    return parsed


@pytest.fixture(params=LOCAL, ids=str)
def server(request, tmp_path):
    python: Python = request.param
    with running_server(tmp_path, python.command) as running:
        yield running


@pytest.fixture
def one_server(tmp_path):
    with running_server(tmp_path) as running:
        yield running


def freshness(server: Server, name: str) -> dict:
    records = {r["name"]: r for r in document("list", server.pid)["modules"]}
    return records[name]["freshness"]


def test_list_check_diff_reload_undo_detach(server: Server) -> None:
    pid = server.pid
    assert server.ask() == OLD
    listing = document("list", pid)
    assert listing["target"]["pid"] == pid
    records = {record["name"]: record for record in listing["modules"]}
    assert records["till.pricing"]["freshness"]["verdict"] == "fresh"
    # Only likely, if another test makes a folder beside one of those that this one is in.
    assert records["till.pricing"]["freshness"]["proof"] != "none"
    assert records["sys"]["status"] == "built-in"
    check = document("check", pid)
    assert check["stale"] == []

    server.edit()
    assert freshness(server, "till.pricing")["verdict"] == "stale"
    check = document("check", pid, code=1)
    assert check["stale"] == ["till.pricing"]

    (diff,) = document("diff", pid, code=1)["diffs"]
    assert diff["name"] == "till.pricing"
    assert server.ask() == OLD, "looking changed nothing"

    plan = document("reload", pid, "till.pricing", "--dry-run")["plan"]
    assert [step["name"] for step in plan["steps"]] == ["till.pricing"]
    assert server.ask() == OLD, "planning changed nothing"

    report = document("reload", pid, "till.pricing")
    assert report["ok"]
    assert report["mode"] == "reload"
    assert report["thread"] == "main"
    assert set(report["modules"][0]["names"]["changed"]) == {"VAT", "price"}
    assert server.ask() == NEW
    assert freshness(server, "till.pricing")["verdict"] == "fresh"

    assert document("undo", pid)["modules"] == ["till.pricing"]
    assert server.ask() == OLD
    assert freshness(server, "till.pricing")["verdict"] == "stale"
    document("detach", pid)
    assert server.ask() == OLD


def test_the_diff_is_the_true_one_when_it_was_seen_before_the_edit(tmp_path) -> None:
    with running_server(tmp_path) as server:
        document("list", server.pid)  # looks, and keeps the text of what is proved fresh
        server.edit()
        (diff,) = document("diff", server.pid, "till.pricing", code=1)["diffs"]
        assert diff["baseline"]["proof"] == "proved"
        assert "-VAT = 19\n+VAT = 21\n" in diff["diff"]
        changed = {d["qualname"]: d["change"] for d in diff["definitions"]}
        assert changed["price"] == "changed"


RATES = "RATE = 2\nKINDS = ['a']\n"


@contextmanager
def importing_rates(folder: Path, text: str = RATES) -> Iterator[int]:
    """A process that has no pyc to tell what the text was."""
    (folder / "rates.py").write_text(text)
    time.sleep(0.05)
    code = "import rates, time; print('ready', flush=True); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-B", "-c", code], cwd=folder, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def test_a_constant_without_any_copy_of_the_old_text(tmp_path: Path) -> None:
    with importing_rates(tmp_path) as pid:
        (tmp_path / "rates.py").write_text(RATES.replace("2", "3"))
        done = modtui("diff", pid)
    assert done.returncode == 1
    assert "-RATE = 2\n+RATE = 3\n" in done.stdout
    assert "rebuilt from what memory holds of `RATE`" in done.stderr
    assert "guessed, not proved, of the text as loaded: line 1" in done.stderr


def test_stale_without_anything_to_show_says_so(tmp_path: Path) -> None:
    with importing_rates(tmp_path) as pid:
        (tmp_path / "rates.py").write_text(RATES + "def tail(): pass\n")
        done = modtui("diff", pid)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "rates: stale all the same: the file was written" in done.stderr
    assert "`tail` is in the file but not in memory" in done.stderr


def test_constants_tell_which_version_in_git_was_loaded(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    for rate in (1, 2):
        (tmp_path / "rates.py").write_text(f"def f(): pass\nRATE = {rate}\n")
        git("add", ".")
        git("commit", "-q", "-m", "a rate")
    with importing_rates(tmp_path, "def f(): pass\nRATE = 1\n") as pid:
        (tmp_path / "rates.py").write_text("def f(): pass\nRATE = 3\n")
        done = modtui("diff", pid)
    assert "-RATE = 1\n+RATE = 3\n" in done.stdout, done
    assert "from git" in done.stderr
    assert "(likely)" in done.stderr


def test_reload_can_patch_and_use_the_agents_thread(one_server: Server) -> None:
    one_server.edit()
    report = document("reload", one_server.pid, "till.pricing", "--patch", "--agent-thread")
    assert report["ok"]
    assert report["mode"] == "patch"
    assert report["thread"] == "agent"
    assert one_server.ask() == NEW


def test_a_module_that_raises_is_rolled_back_with_its_own_traceback(one_server: Server) -> None:
    one_server.edit("VAT = 99\nraise RuntimeError('half way')\n")
    report = document("reload", one_server.pid, "till.pricing", code=5)
    assert report["rolled_back"]
    error = report["modules"][0]["error"]
    assert error["type"] == "RuntimeError"
    assert error["message"] == "half way"
    assert "line 2" in error["traceback"]
    assert one_server.ask() == OLD


def test_danger_is_refused_without_yes(one_server: Server) -> None:
    done = modtui("reload", one_server.pid, "sys")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert one_server.ask() == OLD


def test_show_says_what_is_known(one_server: Server) -> None:
    shown = document("show", one_server.pid, "till.pricing")["module"]
    assert {"price", "VAT"} <= {n["name"] for n in shown["names"]}
    assert "till.views" in {i["module"] for i in shown["importers"]}
    agent = document("show", one_server.pid, "--agent")["agent"]
    assert agent["arrival"] == "injected"
    assert agent["threads"] >= 1


def test_ps_lists_the_server(one_server: Server) -> None:
    processes = {p["pid"]: p for p in document("ps")["processes"]}
    found = processes[one_server.pid]
    assert found["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert found["reason"] is None


def assert_dead_end(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("verb", ["list", "check", "diff", "undo", "detach"])
def test_no_such_process(verb: str) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert_dead_end(modtui(verb, gone.pid), 3, str(gone.pid))


def test_not_a_python_process() -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        assert_dead_end(modtui("list", sleeper.pid), 3, "does not run Python")
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_stopped_process(one_server: Server) -> None:
    os.kill(one_server.pid, signal.SIGSTOP)
    try:
        assert_dead_end(modtui("list", one_server.pid), 3, "stopped")
    finally:
        os.kill(one_server.pid, signal.SIGCONT)
    assert one_server.ask() == OLD


def test_nobody_listens_on_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as unlistened:
        unlistened.bind(str(path))
        assert_dead_end(modtui("list", path), 3, str(path))
    assert_dead_end(modtui("list", tmp_path / "none.sock"), 3)


def test_wrong_words() -> None:
    assert_dead_end(modtui("list", "nonsense"), 2, "nonsense", "modtui ps")
    assert_dead_end(modtui("lsit", "1"), 2, "lsit")
    assert_dead_end(modtui("show", "1"), 2, "MODULE")
    assert_dead_end(modtui("run"), 2, "SCRIPT")


@pytest.mark.parametrize("words", [["attach", "1"], ["demo"], ["run", "x.py"], []])
def test_the_app_without_a_terminal(words: list[str]) -> None:
    done = modtui(*words, stdin=subprocess.DEVNULL)
    assert_dead_end(done, 2, "needs a terminal")


@pytest.mark.parametrize("verb", ["show", "check", "diff", "reload"])
def test_no_such_module(one_server: Server, verb: str) -> None:
    done = modtui(verb, one_server.pid, "till.pricng")
    assert_dead_end(done, 2, "till.pricng", "till.pricing")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_users_process(one_server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, str(Path(__file__).parents[2]), str(one_server.pid)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done
    assert "belongs to root" in done.stderr


# As root, read everything that the command imports, then become nobody and run it.
NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[1])
from modtui import cli, commands, reach
from modtui.reach import session, processes
import modtui.source.safe
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(cli.main(["list", sys.argv[2]]))
"""


def test_run_headless_passes_output_and_exit_code_through(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(sys.argv[1:], __name__)\nsys.exit(7)\n")
    done = modtui("run", "--headless", script, "--json", "x")
    assert done.returncode == 7
    assert done.stdout == "['--json', 'x'] __main__\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-m", "tool", "--port", "80"], "__main__ ['--port', '80']"),
        (["-c", "import sys; print(__name__, sys.argv[1:])", "-x"], "__main__ ['-x']"),
        (["--", "tool.py"], "__main__ []"),
    ],
)
def test_run_takes_what_python_takes(tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "tool.py").write_text("import sys; print(__name__, sys.argv[1:])")
    done = modtui("run", "--headless", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, told), done.stderr


def test_listing_into_a_closed_pipe_is_no_error(one_server: Server) -> None:
    command = f"{sys.executable} -m modtui list {one_server.pid} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("MODULE")
    assert done.stderr == ""
