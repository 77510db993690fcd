"""Real saves on a real disk, as editors and deploys do them."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modtui.source import watch as watch_module
from modtui.source.watch import Watch, WatchState, touched


class Seen:
    """Collects what is reported, and waits for it."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.calls = 0
        self._changed = threading.Condition()

    def __call__(self, paths: set[str]) -> None:
        with self._changed:
            self.paths |= paths
            self.calls += 1
            self._changed.notify_all()

    def wait(self, path: Path) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: str(path) in self.paths, timeout=10)

    def clear(self) -> None:
        self.paths = set()
        self.calls = 0


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app" / "pkg"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n")
    return tmp_path / "app"


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def start(seen: Seen) -> Iterator[Callable[..., Watch]]:
    watches = []

    def begin(*directories: Path, **options: object) -> Watch:
        watch = Watch(map(str, directories), seen, **options)  # type: ignore[arg-type]
        watches.append(watch)
        watch.start()
        return watch

    yield begin
    for watch in watches:
        watch.stop()


def atomic_save(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new~")
    temporary.write_text(text)
    os.replace(temporary, path)


def test_writes_renames_deletes_and_new_packages(
    app: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    watch = start(app, app / "pkg")
    assert watch.state == WatchState(True, 2, "watching 2 directories")
    file = app / "pkg/a.py"
    file.write_text("x = 2\n")
    assert seen.wait(file)
    seen.clear()
    atomic_save(file, "x = 3\n")
    assert seen.wait(file)
    assert seen.paths == {str(file)}
    seen.clear()
    file.unlink()
    assert seen.wait(file)
    (app / "new/sub").mkdir(parents=True)
    assert seen.wait(app / "new")
    (app / "new/sub/b.py").write_text("1\n")
    assert seen.wait(app / "new/sub/b.py")


def test_one_save_is_one_report(app: Path, seen: Seen, start: Callable[..., Watch]) -> None:
    start(app)
    atomic_save(app / "pkg/a.py", "x = 3\n")
    assert seen.wait(app / "pkg/a.py")
    assert seen.calls == 1


def test_noise_is_not_told(app: Path, seen: Seen, start: Callable[..., Watch]) -> None:
    start(app)
    (app / "pkg/__pycache__").mkdir()
    (app / "pkg/__pycache__/a.cpython-311.pyc").write_bytes(b"x")
    (app / "pkg/.a.py.swp").write_bytes(b"x")
    (app.parent / "neighbour.py").write_text("x")
    (app / "pkg/a.py").write_text("x = 2\n")
    assert seen.wait(app / "pkg/a.py")
    assert seen.paths == {str(app / "pkg/a.py")}


def test_a_directory_that_is_swapped_is_told_and_watched_on(
    app: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    start(app)
    new = app.with_name("new")
    (new / "pkg").mkdir(parents=True)
    (new / "pkg/a.py").write_text("x = 9\n")
    os.rename(app, app.with_name("old"))
    os.rename(new, app)
    assert seen.wait(app)
    assert touched(seen.paths, [str(app / "pkg/a.py"), "/elsewhere.py"]) == {str(app / "pkg/a.py")}
    seen.clear()
    (app / "pkg/a.py").write_text("x = 10\n")
    assert seen.wait(app / "pkg/a.py")


def test_a_link_to_the_release_that_is_flipped(
    tmp_path: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    for name in ("v1", "v2"):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "m.py").write_text(name)
    current = tmp_path / "current"
    current.symlink_to("releases/v1")
    start(current)
    (tmp_path / "releases/v1/m.py").write_text("edited")
    assert seen.wait(current / "m.py")
    seen.clear()
    (tmp_path / "next").symlink_to("releases/v2")
    os.replace(tmp_path / "next", current)
    assert seen.wait(current)
    seen.clear()
    (tmp_path / "releases/v2/m.py").write_text("edited")
    assert seen.wait(current / "m.py")


def test_a_file_reached_by_a_link(
    app: Path, tmp_path: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/real.py").write_text("x = 1\n")
    (app / "linked.py").symlink_to(tmp_path / "shared/real.py")
    start(app, files=[str(app / "linked.py")])
    atomic_save(tmp_path / "shared/real.py", "x = 2\n")
    assert seen.wait(app / "linked.py")


def test_through_the_root_of_another_process(
    app: Path, tmp_path: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    watch = start(Path("/app"), root=str(tmp_path))
    assert watch.state.live
    (app / "pkg/a.py").write_text("x = 2\n")
    assert seen.wait(Path("/app/pkg/a.py"))


def test_other_directories_later(
    app: Path, tmp_path: Path, seen: Seen, start: Callable[..., Watch]
) -> None:
    watch = start(app)
    other = tmp_path / "other"
    other.mkdir()
    told: list[WatchState] = []
    watch._on_state = told.append
    watch.update([str(app), str(other)])
    while not told:
        threading.Event().wait(0.01)
    (other / "x.py").write_text("1")
    assert seen.wait(other / "x.py")
    (app / "pkg/a.py").write_text("2")
    assert seen.wait(app / "pkg/a.py")


def test_when_the_kernel_refuses_files_are_looked_at(
    app: Path, seen: Seen, start: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(Watch, "_add", full)
    monkeypatch.setattr(watch_module, "POLL", 0.05)
    file = app / "pkg/a.py"
    watch = start(app, files=[str(file)])
    assert not watch.state.live
    assert "max_user_watches" in watch.state.text
    assert "1 file every second" in watch.state.text
    file.write_text("x = 22\n")
    assert seen.wait(file)
    seen.clear()
    file.unlink()
    assert seen.wait(file)


def test_stopping_ends_all_threads(app: Path, seen: Seen) -> None:
    before = set(threading.enumerate())
    watch = Watch([str(app)], seen)
    watch.start()
    assert set(threading.enumerate()) != before
    watch.stop()
    kept = {thread for thread in set(threading.enumerate()) - before if thread.is_alive()}
    # watchdog keeps the one thread that reads its inotify descriptor for the next observer.
    assert {type(thread).__name__ for thread in kept} <= {"InotifyFD"}
    (app / "pkg/a.py").write_text("later")
    assert seen.calls == 0


def test_a_failing_listener_is_called_again(app: Path) -> None:
    done = threading.Event()
    calls = []

    def listen(paths: set[str]) -> None:
        calls.append(paths)
        if len(calls) == 1:
            (app / "pkg/a.py").write_text("again")
            raise ValueError("mine")
        done.set()

    watch = Watch([str(app)], listen)
    watch.start()
    try:
        (app / "pkg/a.py").write_text("first")
        assert done.wait(10)
    finally:
        watch.stop()
