"""What is known of the text that each module was loaded from, and the recorder that sees imports.

It is tied to the module object and to its spec by weak references: a reload by anybody makes a new
spec, and then what was known no longer counts.
"""

from __future__ import annotations

import sys
from _weakref import ref

from . import codes, compiling, disk, pycs, raw
from .ledger import weak
from .system import os, split

try:
    from zlib import compress, decompress
except ImportError:  # an interpreter built without it

    def compress(data: bytes, level: int = -1) -> bytes:  # type: ignore[misc]
        return data

    def decompress(data: bytes) -> bytes:  # type: ignore[misc]
        return data


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

MAX_TEXTS = 64_000_000  # bytes, compressed, of all texts that are kept in the target
MAX_FAILURES = 20


BY_RELOAD = "executed by the last reload"  # the `detail` of what the agent itself executed


class Tie:
    """To one execution of a module: it holds until somebody reloads or replaces the module.

    `runpy` gives `__main__` its spec only after it has got the code: `later` waits for that.
    """

    __slots__ = ("_later", "_module", "_spec")

    def __init__(self, module: object, later: bool = False) -> None:
        self._module = weak(module)
        self._spec = _weak_spec(module)
        self._later = later

    def holds(self, module: object) -> bool:
        """Whether this is that module object, not executed again since."""
        if self._module is None or self._module() is not module:
            return False
        if self._later:
            self._spec, self._later = _weak_spec(module), False
        spec = raw.get(raw.module_dict(module), "__spec__")
        return spec is None if self._spec is None else self._spec() is spec

    def survives(self, module: object) -> None:
        """A reload gave the module a new spec, and failed before it executed anything."""
        if self._module is not None and self._module() is module:
            self._spec = _weak_spec(module)


class Known:
    """The text of a module as loaded: its digest, and the text itself if it is kept here."""

    __slots__ = ("_packed", "detail", "digest", "source", "stamp", "tie")

    def __init__(
        self,
        module: object,
        digest: str,
        source: str,
        detail: str,
        stamp: Optional[disk.Stamp] = None,
        data: Optional[bytes] = None,
        later: bool = False,
    ) -> None:
        self.tie = Tie(module, later)
        self.digest = digest
        self.source = source  # "captured" or "store"
        self.detail = detail
        self.stamp = stamp  # the file's identity while it held this text
        self._packed = _keep(data)

    @property
    def data(self) -> Optional[bytes]:
        """The text, if it is kept here."""
        return None if self._packed is None else unpack(self._packed)

    @property
    def size(self) -> int:
        """How many bytes of the target's memory the text takes."""
        return 0 if self._packed is None else len(self._packed)


def _weak_spec(module: object) -> Any:
    spec = raw.get(raw.module_dict(module), "__spec__")
    if spec is None:
        return None
    try:
        return ref(spec)
    except TypeError:
        return _Strong(spec)


class _Strong:
    # Some spec that cannot be weakly referenced: small, and rare.
    def __init__(self, value: object) -> None:
        self._value = value

    def __call__(self) -> object:
        return self._value


def pack(data: bytes) -> bytes:
    """Bytes to be kept for long."""
    return compress(data, 1)


def unpack(packed: bytes) -> bytes:
    """The bytes that were packed."""
    return decompress(packed)


def _keep(data: Optional[bytes]) -> Optional[bytes]:
    return None if data is None or _kept_bytes > MAX_TEXTS else pack(data)


_known: Dict[str, Known] = {}
_kept_bytes = 0


def of(name: str, module: object) -> Optional[Known]:
    """What is known of the text that this module object was loaded from."""
    found = _known.get(name)
    return found if found is not None and found.tie.holds(module) else None


def put(name: str, known: Optional[Known]) -> None:
    """Note what is known of an entry from now on; None forgets."""
    global _kept_bytes
    before = _known.pop(name, None)
    _kept_bytes -= 0 if before is None else before.size
    if known is not None:
        _known[name] = known
        _kept_bytes += known.size


def any_of(name: str) -> Optional[Known]:
    """What was last noted of an entry, whether or not it still counts."""
    return _known.get(name)


# The recorder.

_wrapper: Optional[Callable[..., Any]] = None
_original: Optional[Callable[..., Any]] = None
_on = False
failures: List[str] = []  # why the recorder missed something; it never fails an import


def start() -> None:
    """Record the source of every module that is imported or reloaded from now on. Idempotent."""
    global _wrapper, _original, _on
    if _on:
        return
    loader = _source_loader()
    original: Any = (raw.class_dict(loader) or {}).get("get_code")
    if type(original) is not raw.FunctionType:
        return
    if _wrapper is None or original is not _wrapper:
        _original, _wrapper = original, _recording(original)
        loader.get_code = _wrapper
    _on = True


def stop() -> None:
    """Put back what was there. If somebody has wrapped the recorder since, it stays, and sleeps."""
    global _wrapper, _original, _on
    _on = False
    loader = _source_loader()
    if _wrapper is not None and (raw.class_dict(loader) or {}).get("get_code") is _wrapper:
        loader.get_code = _original
        _wrapper = _original = None


def running() -> bool:
    """Whether imports are recorded."""
    return _on


def _source_loader() -> Any:
    external = raw.namespace("_frozen_importlib_external")
    return raw.get(external, "SourceLoader")


def _recording(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_code(self: Any, fullname: Any) -> Any:
        seen = _before(self, fullname) if _on else None
        try:
            code = original(self, fullname)
        except BaseException:
            if seen is not None:
                seen.failed()
            raise
        if seen is not None:
            seen.loaded(code)
        return code

    # importlib cuts its own frames off the tracebacks of failing imports by their file name.
    name = original.__code__.co_filename
    get_code.__code__ = get_code.__code__.replace(co_filename=name)
    get_code.__qualname__ = "SourceLoader.get_code"
    get_code.__module__ = original.__module__
    get_code.__doc__ = original.__doc__
    return get_code


def _before(loader: object, fullname: object) -> Optional[_Seen]:
    try:
        name, module = _being_loaded(sys._getframe(2), fullname)
        if module is None or name is None:
            return None
        path = raw.exact_str(raw.attribute(loader, "path"))
        if path is None:
            return None
        data, stamp, sure = disk.read(path)
        return _Seen(name, module, path, data, stamp) if sure else None
    except OSError:
        return None  # the import itself will say why
    except Exception as error:
        _failed(error)
        return None


def _failed(error: Exception) -> None:
    if len(failures) < MAX_FAILURES:
        failures.append("%s: %s" % (raw.type_name(error), error))


def _being_loaded(frame: Any, name: object) -> Tuple[Optional[str], Any]:
    """(name, module) of what is executed: get_code is also asked by those who only look."""
    runs_main = False
    for _ in range(6):
        if frame is None:
            break
        code = frame.f_code
        if code.co_name == "exec_module" and "module" in code.co_varnames:
            module = frame.f_locals.get("module")
            return raw.exact_str(name), module if raw.is_module(module) else None
        if code.co_name == "_run_module_as_main" and "runpy" in code.co_filename:
            runs_main = True
        frame = frame.f_back
    return "__main__", raw.module("__main__") if runs_main else None


class _Seen:
    """A text that was read right before its module's code was got."""

    __slots__ = ("_data", "_module", "_name", "_path", "_stamp")

    def __init__(
        self, name: str, module: object, path: str, data: bytes, stamp: disk.Stamp
    ) -> None:
        self._name, self._module, self._path = name, module, path
        self._data, self._stamp = data, stamp

    def loaded(self, code: Any) -> None:
        """The code was got: note the text, if it is certainly the one that the code is of."""
        try:
            sure = disk.stamp(os.stat(self._path)) == self._stamp
            if sure and self._pyc_may_lie():
                sure = _is_code_of(code, self._data)
            if sure:
                record(self._name, self._module, self._data, self._stamp)
            else:
                self._lied(code)
        except OSError:
            put(self._name, None)
        except Exception as error:
            _failed(error)

    def _lied(self, code: Any) -> None:
        # A reload that ran the old pyc leaves the module at the text that it had.
        before = _known.get(self._name)
        data = None if before is None else before.data
        if before is not None and data is not None and _is_code_of(code, data):
            before.tie.survives(self._module)
        else:
            put(self._name, None)

    def failed(self) -> None:
        """There was no code to execute: a module that is reloaded stays what it was."""
        before = _known.get(self._name)
        if before is not None:
            before.tie.survives(self._module)

    def _pyc_may_lie(self) -> bool:
        # A pyc knows its source's time in whole seconds. One that was written before the source
        # was touched, and yet fits, may be of an older text of the same size; and that was loaded.
        directory, file = split(self._path)
        tag = raw.exact_str(sys.implementation.cache_tag) or ""
        level = ".opt-%d" % sys.flags.optimize if sys.flags.optimize else ""
        path = raw.exact_str(raw.get(raw.module_dict(self._module), "__cached__"))
        if path is None:
            stem = file.rpartition(".")[0]
            path = "%s/__pycache__/%s.%s%s.pyc" % (directory or ".", stem, tag, level)
        try:
            written = os.stat(path).st_mtime_ns
        except OSError:
            return False
        header = pycs.header(path)
        if header is None or header.unchecked:
            return header is not None
        return written < self._stamp[4] and header.is_of(self._stamp)


def _is_code_of(code: Any, data: bytes) -> bool:
    if len(data) > compiling.MAX_SIZE:
        return False
    try:
        top = compiling.compiled(data)
    except compiling.ERRORS:
        return False
    return codes.same(code, top) and codes.same_place(code, top)


def record(name: str, module: object, data: bytes, stamp: Optional[disk.Stamp]) -> None:
    """Note that a module object was made from these bytes."""
    detail = "read when it was imported"
    later = name == "__main__"
    put(name, Known(module, disk.digest(data), "captured", detail, stamp, data, later))
