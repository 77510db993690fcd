"""The list of Python processes, here and (by the text of their tools) elsewhere."""

from __future__ import annotations

import os
import subprocess
import time

from modtui.reach import connect
from modtui.reach.elsewhere import elapsed, parse_ps, parse_windows
from modtui.reach.processes import processes
from tests.pythons import Python
from tests.targets import program, target


def test_a_python_process(python: Python) -> None:
    before = time.time()
    with target(python, program("sleep")) as process:
        found = {each.pid: each for each in processes()}
        mine = found[process.pid]
        assert mine.python is not None
        assert python.label == "system" or mine.python.startswith(python.label + ".")
        assert (mine.uid, mine.way, mine.reason) == (os.geteuid(), "ptrace", None)
        assert mine.argv[-2] == "-c"
        assert before - 60 < mine.started < time.time() + 1
        assert mine.cwd
        assert os.getpid() not in found
        with connect(process.pid) as session:
            assert {p.pid: p for p in processes()}[process.pid].way == "listening"
            assert abs(session.target["started"] - mine.started) < 1


def test_what_is_not_python_is_not_listed() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        assert process.pid not in {each.pid for each in processes()}
    finally:
        process.kill()
        process.wait()


def test_a_stopped_one_has_a_reason(python: Python) -> None:
    with target(python, program("sleep")) as process:
        os.kill(process.pid, 19)
        time.sleep(0.02)
        mine = {each.pid: each for each in processes()}[process.pid]
        assert mine.way is None
        assert mine.reason is not None
        assert "stopped" in mine.reason
        assert mine.remedy is not None
        assert "CONT" in mine.remedy


PS = """\
  501   501 ann      01:02:03 /opt/homebrew/bin/python3.14 -m http.server 8000
  502   501 ann   2-00:00:10 /usr/bin/python3.11 'my script.py'
  503     0 root          00:05 /usr/bin/python3 daemon.py
  504   501 ann          00:05 /bin/zsh -l
  505   501 ann          00:01 python3 -c "it's unbalanced
"""


def test_the_list_of_ps() -> None:
    found = {each.pid: each for each in parse_ps(PS, 10_000_000.0, 1, 501)}
    assert sorted(found) == [501, 502, 503, 505]
    assert found[501].python == "3.14"
    assert found[501].argv == ("/opt/homebrew/bin/python3.14", "-m", "http.server", "8000")
    assert found[501].started == 10_000_000.0 - 3723
    assert found[502].reason is not None
    assert "since 3.14" in found[502].reason
    assert found[503].reason == "it belongs to another user"
    assert found[502].argv == ("/usr/bin/python3.11", "my script.py")
    assert elapsed("2-00:00:10") == 172_810


WMIC = """\

Node,CommandLine,ExecutablePath,ProcessId

PC,"""  # the tool's own empty lines
WMIC += '"C:\\Python314\\python.exe app.py",C:\\Python314\\python.exe,77\n\n'
WMIC += "PC,explorer,C:\\Windows\\explorer.exe,78\n"


def test_the_list_of_windows() -> None:
    (found,) = parse_windows(WMIC)
    assert found.pid == 77
    assert found.argv == ("C:\\Python314\\python.exe", "app.py")
    assert found.way is None
