"""The agent as one self-contained thing: its modules in order, compiled where we know the compiler.

The first time a given interpreter is met it compiles the agent itself, module by module on the
agent's own thread; we keep what it made. After that the target only unmarshals.
"""

from __future__ import annotations
import __future__

import ast
import functools
import hashlib
import importlib.util
import marshal
import os
import stat
import sys
import threading
from pathlib import Path
from types import CodeType
from typing import NamedTuple, TypeAlias, cast

import platformdirs

PACKAGE = "_modtui_agent"
SOURCE = Path(__file__).resolve().parent.parent / "agent"
_BOOTSTRAP = "bootstrap"
_FIRST = "channel"  # it and what it needs come first, all else when it is called for
HALVES = ("core", "rest")
LEFT_AT_HOME = frozenset(("__init__", "shapes", _BOOTSTRAP))
MARSHAL_VERSION = 2  # every supported Python reads it
MOST_KEPT = 32  # builds of Python for which compiled code is kept, some 0.7 MB each
# This statement makes the interpreter import a module of the standard library. We say the same by a
# flag of the compiler, whose value is not the same in the first two releases of 3.8.
_FUTURE = b"from __future__ import annotations"
FLAGS = "(0x1000000 if sys.hexversion >= 0x030802F0 else 0x100000)"

# (names of C modules, marshalled [(module, code)...] or b"", [(module, source)...])
_Lot: TypeAlias = tuple[tuple[str, ...], bytes, list[tuple[str, bytes]]]
_Made: TypeAlias = tuple[bytes, bytes, _Lot, bytes]  # magic number, bootstrap, core, rest
# In CPython 3.11 and 3.12 two threads that use `ast` at once may both fail: the interpreter counts
# how deep it is in one place for all threads.
PARSING = threading.RLock()


class Part(NamedTuple):
    """One module of the agent."""

    name: str
    source: bytes


def _needs(source: bytes, known: frozenset[str]) -> tuple[set[str], set[str]]:
    """What a module imports while it is executed: (siblings, modules of the interpreter)."""
    found: set[str] = set()
    others: set[str] = set()

    def walk(nodes: list[ast.stmt]) -> None:
        for node in nodes:
            if isinstance(node, ast.Import):
                others.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                others.add(node.module or "")
            elif isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                found.update(name for name in names if name in known)
            elif isinstance(node, ast.If):
                checking = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
                walk(node.orelse if checking else node.body + node.orelse)
            elif isinstance(node, ast.Try):
                walk(node.body + node.orelse + node.finalbody)  # not what another platform has

    walk(ast.parse(source).body)
    return found, others - {"__future__", "sys", "nt"}


class Payload(NamedTuple):
    """What an interpreter needs for the first answer, and then for all others; see `bootstrap`."""

    core: bytes
    rest: bytes


@functools.cache
def c_modules() -> tuple[str, ...]:
    """The modules of the interpreter that the agent's modules import when they are executed."""
    return _c_modules(parts())


@functools.cache
def _c_modules(some: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*(_needs(part.source, frozenset())[1] for part in some))))


@functools.cache
def _halves() -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The agent's modules that the first answer needs, and the others."""
    known = frozenset(part.name for part in parts())
    needs = {part.name: _needs(part.source, known)[0] for part in parts()}
    first: set[str] = set()
    queue = [_FIRST]
    while queue:
        name = queue.pop()
        if name not in first:
            first.add(name)
            queue.extend(needs[name])
    core = tuple(part for part in parts() if part.name in first)
    return core, tuple(part for part in parts() if part.name not in first)


@functools.cache
def _texts() -> dict[str, bytes]:
    """The sources of the agent's modules."""
    return {
        path.stem: _travelling(path)
        for path in sorted(SOURCE.glob("*.py"))
        if path.stem not in LEFT_AT_HOME
    }


@functools.cache
def parts() -> tuple[Part, ...]:
    """The agent's modules, each after those that it needs to be executed.

    Raises ValueError if they need each other in a circle.
    """
    texts = _texts()
    known = frozenset(texts)
    needs = {name: _needs(text, known)[0] for name, text in texts.items()}
    ordered: list[Part] = []
    done: set[str] = set()
    while len(done) < len(texts):
        ready = sorted(n for n in texts if n not in done and needs[n] <= done)
        if not ready:
            raise ValueError(f"the agent's modules need each other: {sorted(known - done)}")
        ordered += [Part(name, texts[name]) for name in ready]
        done.update(ready)
    return tuple(ordered)


@functools.cache
def digest() -> str:
    """What tells this agent from any other."""
    state = hashlib.blake2b(digest_size=16)
    for name, source in sorted({**_texts(), _BOOTSTRAP: _bootstrap()}.items()):
        state.update(b"%s\0%d\0" % (name.encode(), len(source)) + source)
    return state.hexdigest()


@functools.cache
def _bootstrap() -> bytes:
    return _travelling(SOURCE / "bootstrap.py")


def _travelling(path: Path) -> bytes:
    """A module's source as it goes into a target, line for line."""
    return path.read_bytes().replace(_FUTURE, b"pass", 1)


def payload(
    version: str,
    interpreter: str,
    arrival: str = "injected",
    python: str | None = None,
    known: tuple[bytes, float] = (b"", 0.0),
) -> Payload:
    """What the text in the target reads: marshalled (magic number, bootstrap, its box), the rest.

    `interpreter` identifies the target's build (`identify`), `python` is its version if that is
    known; what is `known` of the process need not be asked there (`identity.told_process`). If
    compiled code is kept for it, or can be made here, that goes along instead of source; the target
    checks the magic number before it uses it.
    """
    with PARSING:
        made = _kept(interpreter) or _own_if_same(interpreter, python) or _made(b"", {})
    magic, bootstrap, core, rest = made
    box = (PACKAGE, arrival, version, digest(), magic, known, core)
    return Payload(marshal.dumps((magic, bootstrap, box), MARSHAL_VERSION), rest)


def _made(magic: bytes, codes: dict[str, bytes]) -> _Made:
    """What of a payload is the same each time; compiled where there are codes."""
    core, rest = (
        _lot(some, codes.get(name, b"")) for name, some in zip(HALVES, _halves(), strict=True)
    )
    return magic, codes.get(_BOOTSTRAP, _bootstrap()), core, marshal.dumps(rest, MARSHAL_VERSION)


def _lot(some: tuple[Part, ...], codes: bytes) -> _Lot:
    sources = [] if codes else [(part.name, part.source) for part in some]
    return _c_modules(some), codes, sources


def is_kept(interpreter: str) -> bool:
    """Is there compiled code for that build?"""
    return _kept(interpreter) is not None


def identify(path: str, whose: tuple[int, ...] = ()) -> str:
    """A name for the very file that holds the interpreter (the executable, or libpython).

    What a target has compiled for us may be something else than it should. So it only ever goes to
    those whom that target could harm anyway: `whose` tells them apart, () being ourselves. Raises
    OSError if the file cannot be looked at.
    """
    found = os.stat(path)
    facts = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    name = hashlib.blake2b(repr(facts).encode(), digest_size=12).hexdigest()
    if whose:
        name += "-" + hashlib.blake2b(repr(whose).encode(), digest_size=6).hexdigest()
    return name


def keep(interpreter: str, magic: bytes, codes: dict[str, bytes]) -> bool:
    """Keep what that interpreter compiled: the bootstrap, and the marshalled codes of each half.

    False if there is no place that only we can write to.
    """
    folder = _folder()
    if folder is None or {_BOOTSTRAP, *HALVES} != codes.keys():
        return False
    with PARSING:
        data = marshal.dumps((digest(), _made(magic, codes)), MARSHAL_VERSION)
    temporary = folder / f".{os.getpid()}.{os.urandom(4).hex()}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(folder / _file_name(interpreter))
        _forget_oldest(folder)
    except OSError:
        return False
    return True


def _forget_oldest(folder: Path) -> None:
    """Those of other versions and of interpreters that are gone would add up."""
    found = sorted(folder.glob("*.agent"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _file_name(interpreter: str) -> str:
    return f"{interpreter}-{digest()[:16]}.agent"


def _kept(interpreter: str) -> _Made | None:
    folder = _folder()
    if folder is None:
        return None
    try:
        with open(folder / _file_name(interpreter), "rb") as file:
            if not _only_ours(os.fstat(file.fileno())):
                return None
            kept_digest, made = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return cast(_Made, made) if kept_digest == digest() else None


def _own_if_same(interpreter: str, python: str | None) -> _Made | None:
    """Our own interpreter can compile for targets that run the same file, or the same release."""
    try:
        same = identify(own_image()) == interpreter.partition("-")[0]
    except OSError:
        same = False
    if not (same or _same_release(python)) or sys.implementation.name != "cpython":
        return None
    codes = {
        name: marshal.dumps([(part.name, _compile(part)) for part in some])
        for name, some in zip(HALVES, _halves(), strict=True)
    }
    codes[_BOOTSTRAP] = marshal.dumps(_compile(Part(_BOOTSTRAP, _bootstrap())))
    keep(interpreter, importlib.util.MAGIC_NUMBER, codes)
    return _made(importlib.util.MAGIC_NUMBER, codes)


def _same_release(python: str | None) -> bool:
    """Bytecode does not change any more from the first final release of 3.N to the last."""
    numbers = (python or "").split(".")
    ours = [str(number) for number in sys.version_info[:2]]
    final = sys.version_info.releaselevel == "final" and len(numbers) == 3
    return final and numbers[:2] == ours and numbers[2].isdecimal()


def _compile(part: Part) -> CodeType:
    flags = __future__.annotations.compiler_flag
    code: CodeType = compile(part.source, f"<modtui>/agent/{part.name}.py", "exec", flags, True, 2)
    return code


def own_image() -> str:
    """The file that holds our own interpreter."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            if "/libpython" in line:
                return line[line.index("/") :].rstrip("\n")
    return "/proc/self/exe"


def _only_ours(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o022


def _folder() -> Path | None:
    """Our cache, if nobody else can write to it: what is in it will run inside of targets."""
    folder = Path(platformdirs.user_cache_dir("modtui")) / "agents"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _only_ours(folder.stat()) and _only_ours(folder.parent.stat()) else None
    except OSError:
        return None
