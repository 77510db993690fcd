"""PEP 768 on a real 3.14, run outside of the chroot that it comes in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.reach import GaveUp, Unsupported, connect
from modtui.reach.proc import Proc
from modtui.reach.remote_exec import RemoteExec
from tests.pythons import CHROOT_314, PYTHONS
from tests.targets import program, target, threads_of, unharmed

LOADER = b"/lib64/ld-linux-x86-64.so.2\0"


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Debian's 3.14 with its own C library, run without chroot."""
    source = CHROOT_314 / "usr/bin/python3.14"
    if not source.exists():
        pytest.skip("no Python 3.14 here")
    libraries = CHROOT_314 / "usr/lib/x86_64-linux-gnu"
    short = Path(f"/tmp/mt{os.getpid()}")  # it has to fit where the loader's name was
    short.symlink_to(libraries / "ld-linux-x86-64.so.2")
    path = os.fsencode(short) + b"\0"
    copy = tmp_path / "python3.14"
    copy.write_bytes(source.read_bytes().replace(LOADER, path.ljust(len(LOADER), b"\0"), 1))
    copy.chmod(0o755)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(libraries))
    (tmp_path / "pyvenv.cfg").write_text(f"home = {CHROOT_314}/usr/bin\n")
    yield str(copy)
    short.unlink()


def _left_over() -> list[str]:
    return [name for name in os.listdir("/tmp") if name.startswith("modtui-") and "run" not in name]


@pytest.mark.parametrize("state", ["busy", "asyncio-busy", "timed-lock"])
def test_where_python_code_runs(python: str, state: str) -> None:
    with target([python], program(state)) as process:
        for _ in range(3):
            session = connect(process.pid, via="remote_exec")
            assert session.way == "remote_exec"
            assert session.target["python"].startswith("3.14")
            session.detach()
        assert threads_of(process.pid) == 1
        report = process.finish()
        unharmed(report)


def test_a_blocked_target_is_not_reached(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteExec.inject, "__defaults__", (None, 0.5, None))
    with target([python], program("sleep")) as process:
        with pytest.raises(GaveUp, match="executes no Python code"):
            connect(process.pid, via="remote_exec")
        assert process.alive()
        connect(process.pid).detach()  # tracing does it


def test_disabled_by_the_target(python: str) -> None:
    flags = ["-X", "disable-remote-debug"]
    with target([python], program("busy"), flags=flags) as process:
        with pytest.raises(Unsupported, match=r"sys\.remote_exec was refused") as refusal:
            connect(process.pid, via="remote_exec")
        assert "disable-remote-debug" in refusal.value.remedy
        session = connect(process.pid)
        assert session.way == "ptrace"
        session.detach()
        unharmed(process.finish())


def test_older_pythons_are_refused() -> None:
    older = PYTHONS[0]
    with target(older, program("busy")) as process:
        refusal = RemoteExec().can_reach(Proc(process.pid))
        assert refusal is not None
        assert "since 3.14" in refusal.reason
