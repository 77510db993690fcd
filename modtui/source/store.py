"""Texts that were proved to be loaded, kept on disk, so that no later edit can hide what runs.

Texts are named by their digest; a history per process (pid and start time) says which module was
loaded from which text, and when that was known. Only its owner can read it; old processes and the
texts that nobody refers to any more go first when it grows beyond its bound.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modtui.source.baselines import Baseline, Calls, digest

if TYPE_CHECKING:
    from modtui.agent import shapes

LIMIT = 400 * 1024 * 1024  # bytes on disk; all the text of a 6,000-module process takes 32 MB
AGE = 30 * 24 * 3600.0  # seconds after which an ended process is forgotten
BATCH = 25  # modules per slice of `keep`
PAUSE = 0.005  # seconds between slices, so that the target is never kept busy
_DIGEST = re.compile(r"[0-9a-f]{32}")  # nothing else becomes a path
UNKNOWN = ""  # the digest of a text that nobody knows any more, as after some undos
_SAME_START = 2.0  # seconds by which two readings of one start time may differ


@dataclass(frozen=True)
class Entry:
    """One line of a history: at that time this module was known to be loaded from that text."""

    name: str
    digest: str
    detail: str
    at: float
    execution: str = ""  # of the module in its process; another one after a reload


class Store:
    """The texts and histories below one directory (by default the user's cache)."""

    def __init__(self, directory: Path | None = None, limit: int = LIMIT) -> None:
        if directory is None:
            import platformdirs

            directory = Path(platformdirs.user_cache_dir("modtui", appauthor=False))
        self.directory = directory
        self.limit = limit
        # What a search found out in this session: (module, execution, digest of the file) to text.
        self.recovered: dict[tuple[str, str, str], Baseline] = {}
        self._histories: dict[Path, list[Entry]] = {}
        self._lock = threading.Lock()

    # Texts.

    def put(self, data: bytes) -> str:
        """Keep a text; returns its digest. Raises OSError if the disk refuses."""
        name = digest(data)
        path = self._text(name)
        if not path.exists():
            self._write(path, zlib.compress(data, 1))
        return name

    def get(self, name: str) -> bytes | None:
        """The text of that digest, None if it is not here or was damaged."""
        if not _DIGEST.fullmatch(name):
            return None
        try:
            data = zlib.decompress(self._text(name).read_bytes())
        except (OSError, zlib.error):
            return None
        return data if digest(data) == name else None

    # Histories.

    def note(self, target: shapes.Target, entries: Sequence[Entry]) -> None:
        """Append to the history of a process. Raises OSError if the disk refuses."""
        if not entries:
            return
        path = self._history(target)
        known = self._load(path)
        lines = [json.dumps([e.name, e.digest, e.detail, e.at, e.execution]) for e in entries]
        self._make(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, ("\n".join(lines) + "\n").encode())
        finally:
            os.close(handle)
        with self._lock:
            known.extend(entries)

    def history(self, target: shapes.Target) -> dict[str, list[Entry]]:
        """By module, what was known to be loaded in this very process, oldest first."""
        found: dict[str, list[Entry]] = {}
        for entry in self._load(self._history(target)):
            found.setdefault(entry.name, []).append(entry)
        return found

    def find(self, calls: Calls, name: str, known: Mapping[str, Any]) -> Baseline | None:
        """The text as loaded, from what the agent says of it (`baseline`) and the history.

        The agent knows the digest where an inspector told it (`remember`). Else the history of this
        process says it, unless somebody has reloaded the module since.
        """
        if known["digest"] and (data := self.get(known["digest"])) is not None:
            return Baseline(data, "store", known["proof"], known["detail"])
        entries = self.history(calls.hello()["target"]).get(name, ())
        for entry in reversed(entries):
            if entry.execution == known.get("execution", ""):
                data = self.get(entry.digest)
                if data is None:
                    return None
                return Baseline(data, "store", "proved", entry.detail)
        return None

    def restore(self, calls: Calls) -> int:
        """Tell a new agent what earlier sessions knew of its process; how much it took."""
        last: dict[tuple[str, str], Entry] = {}
        for entries in self.history(calls.hello()["target"]).values():
            last.update({(entry.name, entry.execution): entry for entry in entries})
        texts = [_remembered(entry) for entry in last.values() if entry.digest != UNKNOWN]
        return calls.remember(texts) if texts else 0

    def follow(self, calls: Calls, names: Iterable[str]) -> None:
        """Note what these modules are loaded from now, after a reload or an undo of ours.

        Without it a later session would judge by the text of before. Raises OSError if the disk
        refuses, and what the calls raise.
        """
        entries = []
        for name in names:
            known = calls.baseline(name)
            sure = known["proof"] == "proved"
            if sure and known["data"] is not None:
                self.put(known["data"].encode("latin-1"))
            text = known["digest"] if sure and known["digest"] else UNKNOWN
            execution = known.get("execution", "")
            entries.append(Entry(name, text, known["detail"], time.time(), execution))
        self.note(calls.hello()["target"], entries)

    def learn(self, calls: Calls, name: str, known: Mapping[str, Any], found: Baseline) -> None:
        """Keep a text that was proved to be the one loaded, and tell the agent."""
        assert found.data is not None
        execution = str(known.get("execution", ""))
        entry = Entry(name, digest(found.data), found.detail, time.time(), execution)
        try:
            self.put(found.data)
            self.note(calls.hello()["target"], [entry])
        except OSError:
            return  # without it the search is only repeated
        calls.remember([_remembered(entry)])

    def prune(self) -> None:
        """Forget ended processes by age, then the oldest histories and texts beyond the limit."""
        now = time.time()
        histories = sorted(self._files("histories"), key=lambda found: found[1])
        for path, modified, _ in histories:
            if now - modified > AGE and not _alive(path.stem):
                path.unlink(missing_ok=True)
        texts = sorted(self._files("texts"), key=lambda found: found[1])
        total = sum(size for _, _, size in texts)
        if total <= self.limit:
            return
        needed = {e.digest for path, *_ in self._files("histories") for e in _read(path)}
        for wanted in (False, True):
            for path, _, size in texts:
                if total > self.limit and (path.name in needed) is wanted:
                    path.unlink(missing_ok=True)
                    total -= size

    # Files.

    def _text(self, name: str) -> Path:
        return self.directory / "texts" / name[:2] / name

    def _history(self, target: shapes.Target) -> Path:
        pid, started = target["pid"], target["started"]
        folder = self.directory / "histories"
        for path in sorted(folder.glob(f"{pid}-*.jsonl")):
            try:
                if abs(float(path.stem.partition("-")[2]) - started) <= _SAME_START:
                    return path
            except ValueError:
                continue
        return folder / f"{pid}-{started:.0f}.jsonl"

    def _load(self, path: Path) -> list[Entry]:
        with self._lock:
            if path not in self._histories:
                self._histories[path] = list(_read(path))
            return self._histories[path]

    def _files(self, folder: str) -> list[tuple[Path, float, int]]:
        found = []
        for path in (self.directory / folder).rglob("*"):
            try:
                state = path.stat()
            except OSError:
                continue
            if path.is_file():
                found.append((path, state.st_mtime, state.st_size))
        return found

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        for level in (self.directory, *reversed(folder.parents), folder):
            if level == self.directory or level.is_relative_to(self.directory):
                level.mkdir(mode=0o700, exist_ok=True)
        self.directory.chmod(0o700)

    def _write(self, path: Path, data: bytes) -> None:
        self._make(path.parent)
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def keep(
    calls: Calls,
    records: Iterable[shapes.Record],
    store: Store | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
    stdlib: bool = False,
) -> int:
    """Keep the text of every module that is proved fresh: its file *is* what was loaded.

    Project first, then site-packages, the standard library only if asked. The verdict is asked
    again after reading, so that an edit in between is not taken for the text. The agent is told the
    digests, so that it judges later edits exactly. Returns how many texts were kept; raises OSError
    if the disk refuses, and what the calls raise.
    """
    store = store or Store()
    target = calls.hello()["target"]
    history = store.history(target)
    known = {name: (found[-1].digest, found[-1].execution) for name, found in history.items()}
    names = list(_worth_keeping(records, stdlib))
    kept = 0
    for start in range(0, len(names), BATCH):
        if stop is not None and stop():
            break
        kept += _keep_batch(calls, names[start : start + BATCH], store, target, known)
        if progress is not None:
            progress(min(start + BATCH, len(names)), len(names))
        time.sleep(PAUSE)
    store.prune()
    return kept


def _keep_batch(
    calls: Calls,
    names: list[str],
    store: Store,
    target: shapes.Target,
    known: dict[str, tuple[str, str]],
) -> int:
    texts = {name: calls.source(name) for name in names}
    verdicts = calls.freshness(names)
    now = time.time()
    entries: list[Entry] = []
    for name, text in texts.items():
        verdict = verdicts.get(name)
        if text["data"] is None or verdict is None:
            continue
        if verdict["verdict"] != "fresh" or verdict["proof"] != "proved":
            continue
        name_of_text = store.put(text["data"].encode("latin-1"))
        if known.get(name) != (name_of_text, text.get("execution", "")):
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
            detail = f"the text kept at {when}, when it was proved to be the one loaded"
            execution = text.get("execution", "")
            entries.append(Entry(name, name_of_text, detail, now, execution))
    store.note(target, entries)
    if entries:
        calls.remember([_remembered(entry) for entry in entries])
    return len(entries)


def _worth_keeping(records: Iterable[shapes.Record], stdlib: bool) -> Iterator[str]:
    order = ["project", "none", "site-packages", *(["stdlib"] if stdlib else [])]
    chosen = []
    for record in records:
        fresh = record["freshness"]
        if record["file"] is None or record["from_agent"] or record["place"] not in order:
            continue
        if fresh["verdict"] == "fresh" and fresh["proof"] == "proved":
            chosen.append((order.index(record["place"]), record["name"]))
    for _, name in sorted(chosen):
        yield name


def _remembered(entry: Entry) -> shapes.Remembered:
    return {
        "name": entry.name,
        "digest": entry.digest,
        "detail": entry.detail,
        "execution": entry.execution,
    }


def _read(path: Path) -> Iterator[Entry]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            name, text, detail, at, execution = json.loads(line)
            yield Entry(str(name), str(text), str(detail), float(at), str(execution))
        except (ValueError, TypeError):
            continue  # a line cut short by a full disk or a kill


def _alive(stem: str) -> bool:
    pid = stem.partition("-")[0]
    return pid.isdigit() and os.path.exists(f"/proc/{pid}")
