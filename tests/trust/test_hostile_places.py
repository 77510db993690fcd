"""Hostile surroundings of a target: its repository, the folder that it was started in, its user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modtui.reach import bundle, connect
from modtui.source import git
from tests.e2e.server import running_server
from tests.pythons import CHROOT_314
from tests.targets import program, target, unharmed

WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": "/dev/null"}
WHO |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
SHADOWED = ["json", "os", "re", "ast", "marshal", "struct", "socket", "typing", "dataclasses"]
SHADOWED += ["sitecustomize", "usercustomize", "select", "subprocess", "threading"]
SHADOWED += ["modtui", "textual", "pygments"]


def test_a_repository_that_names_files_without_an_end(tmp_path: Path) -> None:
    """Its config points git to devices; the versions are found all the same."""
    file = tmp_path / "a.py"
    for text in ("x = 1\n", "x = 2\n"):
        file.write_text(text)
        for command in (["init", "-q"], ["add", "a.py"], ["commit", "-q", "-m", "one"]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True, env={**os.environ, **WHO})
    with open(tmp_path / ".git" / "config", "a") as config:
        config.write("[mailmap]\n\tfile = /dev/zero\n[core]\n\tattributesFile = /dev/zero\n")
    found = git.find(str(file), "", git.Deadline(60))
    assert found is not None
    repository, path = found
    versions = [version.blob for version in repository.versions(path)]
    assert sorted(repository.contents(versions).values()) == [b"x = 1\n", b"x = 2\n"]


def test_files_where_it_was_started_are_not_imported(tmp_path: Path) -> None:
    """By no helper of ours, nor by the agent: each would leave a file that says so."""
    with running_server(tmp_path, [sys.executable]) as server:
        trap = tmp_path / "trap"
        trap.mkdir()
        for name in SHADOWED:
            (trap / f"{name}.py").write_text(
                f"open({str(tmp_path / 'sprung')!r}, 'a').write({name!r})\n"
            )
        server.edit()
        (server.pricing.parent / "new.py").write_text("")
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        for verb in (
            ["check", "--prove"],
            ["diff"],
            ["reload", "till.pricing", "--patch"],
            ["detach"],
        ):
            command = [
                Path(sys.executable).with_name("modtui"),
                verb[0],
                str(server.pid),
                *verb[1:],
            ]
            done = subprocess.run(
                command, cwd=trap, env=environment, capture_output=True, text=True
            )
            assert done.returncode in (0, 1), done.stderr
    assert not (tmp_path / "sprung").exists(), (tmp_path / "sprung").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_another_user_has_compiled_is_for_that_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target may give back something else than what it was to compile: it never gets further."""
    if not (CHROOT_314 / "usr/bin/python3.14").exists():
        pytest.skip("no Python of another release than ours that every user can run")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    command = ["chroot", str(CHROOT_314), "/usr/bin/python3.14"]
    stranger = ["chroot", "--userspec=65534:65534", *command[1:]]
    kept = []
    for who in (stranger, command):
        with target(who, program("sleep")) as process:
            connect(process.pid).detach()
            unharmed(process.finish())
        kept.append({path.name for path in tmp_path.rglob("*.agent")})
    assert len(kept[0]) == 1
    assert len(kept[1]) == 2
    assert bundle.identify(sys.executable) != bundle.identify(sys.executable, (65534, 1, 1))
