"""Damaged data: what is right, with bytes changed, cut, doubled and put in."""

from __future__ import annotations

import io
import json
import marshal
import struct
import zipfile
from pathlib import Path

from hypothesis import strategies as st

CORPUS = Path(__file__).parent / "corpus"

_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "double", "insert", "end")),
        st.integers(0, 1 << 16),
        st.binary(max_size=6) | st.sampled_from((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff")),
    ),
    max_size=6,
)


def damaged(data: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    """The data with changes made one after the other."""
    text = bytearray(data)
    for kind, at, some in changes:
        at %= len(text) + 1
        if kind == "flip" and text:
            text[at % len(text)] ^= (some[0] if some else 1) or 1
        elif kind == "cut":
            del text[at : at + 1 + len(some) * 7]
        elif kind == "double":
            text[at:at] = text[at : at + 40]
        elif kind == "insert":
            text[at:at] = some
        elif kind == "end":
            del text[at:]
    return bytes(text)


def mutants(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Damaged copies of the seeds, and noise."""
    return st.builds(damaged, st.sampled_from(seeds), _CHANGES) | st.binary(max_size=80)


def corpus(kind: str) -> list[bytes]:
    """The saved seeds of a kind."""
    return [path.read_bytes() for path in sorted((CORPUS / kind).iterdir())]


def frame(value: object) -> bytes:
    """A value as it travels."""
    body = json.dumps(value).encode()
    return struct.pack(">I", len(body)) + body


def archive() -> bytes:
    """A small zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/__init__.py", "x = 1\n" * 200)
        archive.writestr("pkg/stored.py", "y = 2\n", zipfile.ZIP_STORED)
    return made.getvalue()


_WORDS = st.sampled_from(
    ("id", "result", "error", "type", "message", "target", "pid", "version", "started", "modules")
)
# Good JSON that is not what an agent would say.
nonsense = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=12,
)

_SOME = ("text", b"bytes", 1, -(2**70), 1.5, 2j, None, True, ("one", ("two",)))
CONSTANTS = [marshal.dumps({"a": _SOME, "b": _SOME, "c": ...}, version) for version in (2, 3, 4)]

REQUESTS = [
    {"id": 1, "call": "hello", "arguments": {}},
    {"id": 2, "call": "list_modules", "arguments": {"offset": 0, "limit": 3}},
    {"id": 3, "call": "changes", "arguments": {"generation": 1}},
    {"id": 4, "call": "freshness", "arguments": {"names": ["json", "no such"]}},
    {"id": 5, "call": "show", "arguments": {"name": "json"}},
    {"id": 6, "call": "source", "arguments": {"name": "json"}},
    {"id": 7, "call": "plan", "arguments": {"names": ["json"], "patch": True}},
    {"id": 8, "call": "submit", "arguments": {"call": "reload", "arguments": {"names": ["none"]}}},
    {"id": 9, "call": "wait", "arguments": {"token": "x", "seconds": 0}},
    {"id": 10, "call": "remember", "arguments": {"texts": [{"name": "json", "digest": "00"}]}},
    {"id": 11, "call": "channel.thread", "arguments": {}},
    {"id": 12, "call": "channel.look_only", "arguments": {}},
]
ANSWERS = [
    {"id": 1, "result": {"schema": 1, "version": "0", "target": {"pid": 1, "started": 1.0}}},
    {"id": 1, "result": None},
    {"id": 1, "error": {"type": "UnknownModule", "message": "none"}},
    {"id": 2, "result": {"generation": 1, "total": 0, "modules": [], "next": None}},
    {"id": None, "error": {"type": "Refused", "message": "no"}},
]


def write_corpus() -> None:
    """Save the seeds: `python -c "from tests.fuzz.making import write_corpus; write_corpus()"`."""
    kinds = {
        "requests": [frame(request) for request in REQUESTS],
        "answers": [frame(answer) for answer in ANSWERS],
        "zips": [archive()],
        "pointers": [b"gitdir: ../elsewhere/.git\n", b"gitdir: /\n", b"ref: refs/heads/main\n"],
        "records": [b"pkg/a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nx,,\n"],
    }
    for kind, seeds in kinds.items():
        (CORPUS / kind).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds):
            (CORPUS / kind / f"{number:02}").write_bytes(seed)
