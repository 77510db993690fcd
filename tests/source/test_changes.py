"""What is shown as the change, against which witness, and how sure it is said to be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modtui.source.baselines import digest
from modtui.source.changes import Change, between, change
from modtui.source.store import Entry, Store, keep

FRESH = {"verdict": "fresh", "proof": "proved", "reason": "untouched since before the start"}
STALE = {"verdict": "stale", "proof": "proved", "reason": "function `f` differs"}
TARGET = {"pid": 4242, "started": 1_000_000.25}


class Agent:
    """An agent's answers, as a test wants them."""

    def __init__(self, file: str, data: bytes | None) -> None:
        self.file = file
        self.data = data
        self.verdict = FRESH
        self.known: dict[str, Any] = self.text(None) | {
            "source": "none",
            "proof": "none",
            "detail": "nobody kept it",
        }
        self.told: list[dict[str, Any]] = []
        self.execution = "1-2-3"

    def text(self, data: bytes | None) -> dict[str, Any]:
        return {
            "name": "m",
            "file": self.file,
            "data": None if data is None else data.decode("latin-1"),
            "digest": None if data is None else digest(data),
            "error": None if data is not None else "no such file",
            "execution": getattr(self, "execution", "1-2-3"),
        }

    def hello(self) -> Any:
        return {"target": TARGET}

    def source(self, name: str) -> Any:
        return self.text(self.data)

    def baseline(self, name: str) -> Any:
        return self.known | {"execution": self.execution}

    def freshness(self, names: list[str] | None = None) -> Any:
        return dict.fromkeys(names or [], self.verdict)

    def remember(self, texts: list[Any]) -> int:
        self.told += texts
        return len(texts)

    def live_code(self, name: str) -> Any:
        return {"plain": False}

    def show(self, name: str) -> Any:
        return {"record": {"cached": None}}

    def knows(self, data: bytes, source: str = "captured", proof: str = "proved") -> None:
        self.known = self.text(data) | {"source": source, "proof": proof, "detail": "seen"}


def record(**changes: Any) -> Any:
    return {
        "name": "m",
        "file": "/m.py",
        "from_agent": False,
        "place": "project",
        "freshness": FRESH,
    } | changes


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(str(tmp_path / "m.py"), b"x = 1\n")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_the_agent_comes_first(agent: Agent, store: Store) -> None:
    agent.knows(b"x = 0\n")
    found = change(agent, "m", store=store)
    assert found.baseline.proved
    assert found.baseline.source == "captured"
    assert (found.old, found.new) == (("x = 0",), ("x = 1",))
    assert (found.added, found.removed) == (1, 1)


def test_a_file_that_is_proved_fresh_is_its_own_baseline(agent: Agent) -> None:
    found = change(agent, "m")
    assert (found.baseline.source, found.baseline.proof) == ("file", "proved")
    assert not found.differs
    assert found.unified() == ""


def test_nothing_is_made_up(agent: Agent) -> None:
    agent.verdict = STALE
    found = change(agent, "m")
    assert found.baseline.data is None
    assert found.unified() is None
    assert not found.differs
    document = found.as_json()
    assert document["diff"] is None
    assert document["baseline"] == {
        "source": "none",
        "proof": "none",
        "detail": "nobody kept it",
        "guessed": [],
    }


def test_kept_while_fresh_and_shown_when_edited(agent: Agent, store: Store) -> None:
    assert keep(agent, [record()], store) == 1
    assert [told["digest"] for told in agent.told] == [digest(b"x = 1\n")]
    agent.data, agent.verdict = b"x = 2\n", STALE
    found = change(agent, "m", store=Store(store.directory))
    assert found.baseline.proved
    assert found.baseline.source == "store"
    assert found.old == ("x = 1",)


def test_kept_texts_do_not_outlive_a_reload(agent: Agent, store: Store) -> None:
    keep(agent, [record()], store)
    agent.data, agent.verdict, agent.execution = b"x = 2\n", STALE, "1-9-9"
    assert change(agent, "m", store=Store(store.directory)).baseline.data is None


def test_a_digest_that_the_agent_was_told(agent: Agent, store: Store) -> None:
    name = store.put(b"x = 0\n")
    agent.verdict = STALE
    agent.known |= {"digest": name, "source": "store", "proof": "proved", "detail": "told"}
    found = change(agent, "m", store=store)
    assert found.old == ("x = 0",)
    assert found.baseline.proved


def test_a_guess_is_called_a_guess(agent: Agent) -> None:
    agent.verdict = STALE
    agent.knows(b"x = 0\n", "linecache", "none")
    found = change(agent, "m")
    text = found.unified()
    assert text is not None
    assert "as loaded (linecache, a guess)" in text


def test_an_edit_between_reading_and_the_verdict_is_not_kept(agent: Agent, store: Store) -> None:
    agent.verdict = STALE
    assert keep(agent, [record()], store) == 0
    assert agent.told == []


def test_what_is_kept_and_in_which_order(agent: Agent, store: Store) -> None:
    asked: list[str] = []
    agent.source = lambda name: asked.append(name) or agent.text(b"x")  # type: ignore[assignment]
    records = [
        record(name="lib", place="site-packages"),
        record(name="std", place="stdlib"),
        record(name="stale", freshness=STALE),
        record(name="ours", from_agent=True),
        record(name="app"),
        record(name="builtin", file=None),
    ]
    progress: list[tuple[int, int]] = []
    keep(agent, records, store, progress=lambda *where: progress.append(where))
    assert asked == ["app", "lib"]
    assert progress == [(2, 2)]
    asked.clear()
    keep(agent, records, store, stop=lambda: True)
    assert asked == []


def test_a_new_agent_is_told_what_was_known(agent: Agent, store: Store) -> None:
    keep(agent, [record()], store)
    other = Agent(agent.file, agent.data)
    assert Store(store.directory).restore(other) == 1
    assert other.told[0]["digest"] == digest(b"x = 1\n")
    assert other.told[0]["execution"] == "1-2-3"


def test_the_json_document(agent: Agent) -> None:
    agent.knows(b"def f():\n    return 1\n")
    agent.data = b"def f():\n    return 2\n"
    document = change(agent, "m").as_json()
    assert set(document) >= {"name", "file", "baseline", "diff", "definitions"}
    assert document["definitions"] == [
        {"qualname": "f", "change": "changed", "what": ["constants"], "line": 1}
    ]
    assert document["diff"].startswith("--- ")
    json.dumps(document)


def test_notes() -> None:
    def note(old: bytes, new: bytes) -> str | None:
        return between("m", old, new).note

    assert note(b"x = 1\n", b"x = 1\n") is None
    assert note(b"x = 1\n", b"x = 1\r\n") == "only line endings (LF before, CRLF now) changed"
    assert note(b"x = 1\n", b"x  = 1\n") == "only comments or layout changed"
    assert note(b"x = 1\n", b"x = 2\n") is None
    said = note(b"x = 1\n", b"x = '\xff'\n")
    assert said is not None
    assert "not UTF-8" in said


def test_odd_paths_in_the_header() -> None:
    found = Change("m", '/tmp/a"b\n.py', between("m", b"a\n", None).baseline, b"b\n")
    text = found.unified()
    assert text is not None
    assert text.startswith('--- "a/tmp/a\\042b\\012.py"\t')


class TestStore:
    def test_texts_by_content(self, store: Store) -> None:
        name = store.put(b"text")
        assert store.put(b"text") == name
        assert store.get(name) == b"text"
        assert store.get("0" * 32) is None

    def test_only_the_owner_can_read(self, store: Store) -> None:
        store.put(b"text")
        store.note(TARGET, [Entry("m", "0", "d", 1.0)])  # type: ignore[arg-type]
        assert store.directory.stat().st_mode & 0o777 == 0o700
        for path in store.directory.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0

    def test_damage_is_noticed(self, store: Store) -> None:
        name = store.put(b"text")
        store._text(name).write_bytes(b"garbage")
        assert store.get(name) is None
        store.note(TARGET, [Entry("m", name, "d", 1.0)])  # type: ignore[arg-type]
        path = store._history(TARGET)  # type: ignore[arg-type]
        path.write_text(path.read_text() + '["cut off', "utf-8")
        assert list(Store(store.directory).history(TARGET)) == ["m"]  # type: ignore[arg-type]

    def test_a_history_belongs_to_one_process(self, store: Store) -> None:
        store.note(TARGET, [Entry("m", "0", "d", 1.0)])  # type: ignore[arg-type]
        nearly = TARGET | {"started": TARGET["started"] + 0.9}
        later = TARGET | {"started": TARGET["started"] + 60}
        fresh = Store(store.directory)
        assert "m" in fresh.history(nearly)  # type: ignore[arg-type]
        assert "m" not in fresh.history(later)  # type: ignore[arg-type]

    def test_the_oldest_goes_when_there_is_too_much(self, store: Store) -> None:
        import os

        needed, *others = [store.put(os.urandom(2_000)) for _ in range(10)]
        store.note(TARGET, [Entry("m", needed, "d", 1.0)])  # type: ignore[arg-type]
        store.limit = 5_000
        store.prune()
        assert store.get(needed) is not None
        assert 0 < sum(store.get(name) is not None for name in others) < 3

    def test_ended_processes_are_forgotten_by_age(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = TARGET | {"pid": 2**22 + 5}
        store.note(target, [Entry("m", "0", "d", 1.0)])  # type: ignore[arg-type]
        store.prune()
        assert "m" in Store(store.directory).history(target)  # type: ignore[arg-type]
        monkeypatch.setattr("modtui.source.store.AGE", -1.0)
        store.prune()
        assert Store(store.directory).history(target) == {}  # type: ignore[arg-type]


def test_a_place_is_named_where_it_is_or_was() -> None:
    old = b"class A:\n    y = 0\n    def gone(self):\n        pass\nclass B:\n    x = 1\n"
    new = b"class A:\n    y = 0\nclass B:\n    x = 2\n"
    found = between("shop", old, new)
    places = [found.place(block) for block in found.diff.blocks if not block.equal]
    assert places == ["class A › def gone", "class B"]
