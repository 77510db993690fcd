"""The text as loaded, found in real repositories."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modtui.source import git, recover
from modtui.source.baselines import digest
from modtui.source.git import Deadline, GitError
from modtui.source.progress import Progress
from modtui.source.recover import Evidence, from_pyc

PARENT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


class Repo:
    """A repository with a file that had many texts."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir(parents=True)
        self.run("init", "-q", "-b", "main")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env=os.environ | PARENT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def commit(self, path: str, text: str | bytes) -> None:
        self.write(path, text)
        self.run("add", "-A")
        self.run("commit", "-q", "-m", "x")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def texts(file: Path, root: str = "") -> dict[bytes, str]:
    found = recover.candidates(str(file), None, root, time.time(), Deadline(20))
    return {candidate.data: candidate.where for candidate in found}


def ask(file: Path, evidence: Evidence, **options: Any) -> Any:
    data = file.read_bytes() if file.exists() else None
    text: Any = {"file": str(file), "data": None if data is None else data.decode("latin-1")}
    return recover.recover(text, evidence, **options)


def test_every_place_where_git_keeps_a_text(repo: Repo) -> None:
    repo.commit("old.py", "one\n" + "common\n" * 20)
    repo.commit("old.py", "two\n" + "common\n" * 20)
    repo.run("mv", "old.py", "new.py")
    repo.run("commit", "-q", "-m", "renamed")
    repo.write("new.py", "stashed\n")
    repo.run("stash", "-q")
    repo.commit("new.py", "dropped\n")
    repo.run("reset", "-q", "--hard", "HEAD~1")
    repo.run("checkout", "-q", "-b", "other")
    repo.commit("new.py", "on a branch\n")
    repo.run("checkout", "-q", "main")
    repo.write("new.py", "in the index\n")
    repo.run("add", "-A")
    file = repo.write("new.py", "on disk\n")
    found = texts(file)
    two = b"two\n" + b"common\n" * 20
    assert found[b"in the index\n"] == "git (the index)"
    assert found[b"stashed\n"] == "git (a stash)"
    assert found[two].startswith("git (HEAD")
    assert found[b"on a branch\n"].startswith("git (commit ")
    assert found[b"dropped\n"].startswith(("git (commit ", "git (ORIG_HEAD"))
    assert b"one\n" + b"common\n" * 20 in found
    assert b"on disk\n" not in found
    assert next(iter(found)) == two


def test_work_trees_submodules_links_and_other_roots(repo: Repo, tmp_path: Path) -> None:
    repo.commit("pkg/m.py", "committed\n")
    repo.run("worktree", "add", "-q", "../tree")
    assert b"committed\n" in texts(tmp_path / "tree/pkg/m.py")
    outer = Repo(tmp_path / "outer")
    outer.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.top), "s")
    assert b"committed\n" in texts(outer.top / "s/pkg/m.py")
    (tmp_path / "linked").symlink_to(repo.top / "pkg")
    assert b"committed\n" in texts(tmp_path / "linked/m.py")
    below = Path("/repo/pkg/m.py")
    assert b"committed\n" in texts(below, root=str(tmp_path))


def test_a_file_that_is_gone(repo: Repo) -> None:
    repo.commit("m.py", "was here\n")
    file = repo.top / "m.py"
    file.unlink()
    assert b"was here\n" in texts(file)


def test_nothing_of_the_repository_is_run(repo: Repo, tmp_path: Path) -> None:
    repo.commit("m.py", "text\n")
    witness = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "core.sshCommand"):
        repo.run("config", key, str(script))
    repo.run("config", "log.showSignature", "true")
    repo.run("config", "diff.py.textconv", str(script))
    repo.run("config", "filter.py.smudge", str(script))
    repo.run("config", "filter.py.clean", str(script))
    (repo.top / ".gitattributes").write_text("*.py diff=py filter=py\n")
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        (repo.top / ".git/hooks" / hook).symlink_to(script)
    before = sorted(path for path in (repo.top / ".git").rglob("*"))
    assert b"text\n" in texts(repo.top / "m.py")
    assert not witness.exists()
    assert sorted(path for path in (repo.top / ".git").rglob("*")) == before


def test_a_digest_proves(repo: Repo) -> None:
    for number in range(5):
        repo.commit("m.py", f"x = {number}\n")
    file = repo.write("m.py", "x = 99\n")
    found = ask(file, Evidence(digest=digest(b"x = 2\n")))
    assert found.data == b"x = 2\n"
    assert (found.source, found.proof) == ("git", "proved")
    found = ask(file, Evidence(digest=digest(b"x = 55\n")))
    assert (found.data, found.detail) == (None, "none of the 5 versions in git fits what is loaded")


def test_the_hash_in_a_pyc_proves(repo: Repo, tmp_path: Path) -> None:
    data = b"x = 1\n"
    repo.commit("m.py", data)
    file = repo.write("m.py", "x = 2\n")
    pyc = tmp_path / "m.pyc"
    header = importlib.util.MAGIC_NUMBER + b"\x03\0\0\0" + importlib.util.source_hash(data)
    pyc.write_bytes(header + b"code")
    found = ask(file, from_pyc(str(pyc), time.time() + 60))
    assert found.data == data
    assert found.proof == "proved"
    assert from_pyc(str(pyc), time.time() - 60).nothing  # it was written since


def test_the_size_in_a_pyc_is_likely_if_only_one_fits(repo: Repo, tmp_path: Path) -> None:
    repo.commit("m.py", "x = 1\n")
    repo.commit("m.py", "x = 22\n")
    file = repo.write("m.py", "x = 333\n")
    pyc = tmp_path / "m.pyc"
    pyc.write_bytes(importlib.util.MAGIC_NUMBER + bytes(4) + bytes(4) + (6).to_bytes(4, "little"))
    evidence = from_pyc(str(pyc), time.time() + 60)
    found = ask(file, evidence)
    assert (found.data, found.proof) == (b"x = 1\n", "likely")
    repo.commit("m.py", "x = 9\n")
    repo.write("m.py", "x = 333\n")
    assert ask(file, evidence).proof == "none"


def test_without_evidence_it_is_a_guess(repo: Repo) -> None:
    repo.commit("m.py", "x = 1\n")
    file = repo.write("m.py", "x = 2\n")
    found = ask(file, Evidence(), started=time.time())
    assert (found.data, found.proof) == (b"x = 1\n", "none")
    assert "HEAD" in found.detail


def test_what_head_was_when_the_process_started(repo: Repo, monkeypatch: Any) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
    repo.commit("m.py", "first\n")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-03T00:00:00Z")
    repo.commit("m.py", "second\n")
    second_of_january = 1577923200.0
    found = ask(repo.top / "m.py", Evidence(), started=second_of_january)
    assert found.data == b"first\n"
    assert "(HEAD when the process started)" in found.detail
    before_all = 1500000000.0
    assert (
        "when the process started"
        not in ask(repo.top / "m.py", Evidence(), started=before_all).detail
    )


def test_line_ends_as_git_checks_out(repo: Repo) -> None:
    repo.run("config", "core.autocrlf", "true")
    repo.commit("m.py", b"a\nb\n")
    file = repo.write("m.py", b"a\r\nc\r\n")
    found = ask(file, Evidence(digest=digest(b"a\r\nb\r\n")))
    assert found.proof == "proved"


def test_no_repository_no_answer(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x")
    assert ask(tmp_path / "m.py", Evidence()) is None
    empty = Repo(tmp_path / "empty")
    assert ask(empty.write("m.py", "x"), Evidence()) is None


def test_bounded_in_time(repo: Repo) -> None:
    repo.commit("m.py", "x = 1\n")
    place = git.find(str(repo.top / "m.py"), "", Deadline(0))
    assert place is not None
    with pytest.raises(GitError, match="too long"):
        list(place[0].versions("m.py"))
    assert ask(repo.top / "m.py", Evidence(), seconds=0) is None


def test_who_waits_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first second on; before, a search is not worth a word."""
    for number in range(3):
        repo.commit("m.py", f"x = {number}\n")
    file = repo.write("m.py", "on disk\n")
    said: list[str] = []
    ask(file, Evidence(digest=b"?" * 16), progress=Progress(said.append))
    assert said == []
    monkeypatch.setattr("modtui.source.progress.QUIET", 0.0)
    monkeypatch.setattr("modtui.source.progress.PAUSE", 0.0)
    ask(file, Evidence(digest=b"?" * 16), progress=Progress(said.append))
    assert [one.split(":")[0] for one in said] == [f"version {n} compared" for n in (1, 2, 3)]
    assert "git (HEAD" in said[0]


def test_git_is_not_there(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("m.py", "x = 1\n")
    monkeypatch.setattr(git, "_SAFE", ())
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask(repo.top / "m.py", Evidence()) is None


def test_a_long_history(repo: Repo) -> None:
    parts = []
    for number in range(200):
        text = f"x = {number}\n" + "# filler\n" * 50
        parts.append(
            f"commit refs/heads/main\ncommitter a <a@b> {1_600_000_000 + number} +0000\n"
            f"data 1\nx\nM 100644 inline m.py\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"], input="".join(parts).encode(), cwd=repo.top, check=True
    )
    file = repo.write("m.py", "y\n")
    wanted = f"x = {3}\n" + "# filler\n" * 50
    found = ask(file, Evidence(digest=digest(wanted.encode())))
    assert found.data == wanted.encode()


class TestWheel:
    @pytest.fixture
    def installed(self, tmp_path: Path) -> Path:
        site = tmp_path / "lib/site-packages"
        (site / "pkg").mkdir(parents=True)
        file = site / "pkg/m.py"
        file.write_bytes(b"as installed\n")
        info = site / "pkg_dist-1.2.dist-info"
        info.mkdir()
        sha256 = hashlib.sha256(b"as installed\n").digest()
        encoded = base64.urlsafe_b64encode(sha256).rstrip(b"=").decode()
        (info / "RECORD").write_text(f"pkg/__init__.py,,\npkg/m.py,sha256={encoded},13\n")
        (site / "other-1.0.dist-info").mkdir()
        return file

    def test_a_file_as_it_was_installed(self, installed: Path) -> None:
        found = ask(installed, Evidence(), started=time.time() + 60)
        assert found.source == "wheel"
        assert found.data == b"as installed\n"
        assert "the installation of pkg_dist 1.2" in found.detail
        assert ask(installed, Evidence(), started=time.time() - 60) is None

    def test_an_edited_file_and_the_wheel_in_a_cache(
        self, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.delenv("PIP_CACHE_DIR", raising=False)
        monkeypatch.delenv("UV_CACHE_DIR", raising=False)
        installed.write_bytes(b"edited\n")
        started = time.time() + 60
        assert ask(installed, Evidence(), started=started) is None
        body = tmp_path / "cache/pip/http-v2/a/b/abcd.body"
        body.parent.mkdir(parents=True)
        with zipfile.ZipFile(body, "w") as wheel:
            wheel.writestr("pkg/m.py", b"as installed\n")
        found = ask(installed, Evidence(digest=digest(b"as installed\n")), started=started)
        assert (found.source, found.proof) == ("wheel", "proved")
        body.unlink()
        unpacked = tmp_path / "cache/uv/archive-v0/xyz/pkg/m.py"
        unpacked.parent.mkdir(parents=True)
        unpacked.write_bytes(b"as installed\n")
        assert ask(installed, Evidence(), started=started).data == b"as installed\n"


def test_copies_that_editors_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "m.py"
    file.write_text("now\n")
    (tmp_path / "m.py~").write_text("before\n")
    folder = tmp_path / "config/Code/User/History/-1a2b3c"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (folder / "one.py").write_text("kept\n")
    document = {
        "version": 1,
        "resource": f"file://{file}",
        "entries": [{"id": "one.py", "timestamp": 1}, {"id": "../../x", "timestamp": 2}],
    }
    (folder / "entries.json").write_text(json.dumps(document))
    found = texts(file)
    assert found == {
        b"before\n": "the copy m.py~",
        b"kept\n": "the local history of Code",
    }
    proved = ask(file, Evidence(digest=digest(b"kept\n")))
    assert (proved.source, proved.proof) == ("editor", "proved")
