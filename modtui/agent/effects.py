"""What executing a module did besides binding names: text printed, warnings, threads, handlers.

Output and warnings are those of the executing thread only; other threads print as ever.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _thread
import sys

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

MOST_OUTPUT = 200_000  # characters kept of what modules print


class Captured:
    """While it is entered, the calling thread's prints and warnings are kept here."""

    def __init__(self) -> None:
        self.warnings: List[str] = []
        self._pieces: List[str] = []
        self._size = 0
        self._thread = _thread.get_ident()
        self._restore: List[Callable[[], Any]] = []

    @property
    def output(self) -> str:
        return "".join(self._pieces)

    def __enter__(self) -> Captured:
        streams: List[Any] = []
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not any(stream is known for known in streams):
                streams.append(stream)
                self._tap(stream)
        self._tap_warnings()
        return self

    def __exit__(self, *_: object) -> None:
        for restore in reversed(self._restore):
            try:
                restore()
            except Exception as error:  # the module put its own object there meanwhile
                self._pieces.append("\n[the stream could not be released: %r]" % (type(error),))
        self._restore = []

    def _tap(self, stream: Any) -> None:
        # The stream object itself stays where it is, since a module may keep it (a log handler);
        # only its `write` is shadowed for a while, by a function that looks at the thread.
        space = raw.instance_dict(stream)
        if space is None or "write" in space:
            return
        try:
            original = stream.write
        except Exception:  # not a stream that anybody can write to
            return

        def write(text: str) -> Any:
            if _thread.get_ident() != self._thread:
                return original(text)
            return self._keep(text)

        space["write"] = write
        self._restore.append(lambda: space.pop("write", None) if space.get("write") is write else 0)

    def _keep(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % raw.type_name(text))
        if self._size < MOST_OUTPUT:
            self._pieces.append(text)
            self._size += len(text)
            if self._size >= MOST_OUTPUT:
                self._pieces.append("\n[more was printed]")
        return len(text)

    def _tap_warnings(self) -> None:
        space = raw.module_dict(sys.modules.get("warnings"))
        original: Any = None if space is None else space.get("_showwarnmsg")
        if space is None or type(original) is not raw.FunctionType:
            return  # then the interpreter itself writes warnings to stderr, which is tapped

        def show(message: Any) -> None:
            if _thread.get_ident() != self._thread:
                original(message)
                return
            self.warnings.append(
                "%s:%s: %s: %s"
                % (message.filename, message.lineno, message.category.__name__, message.message)
            )

        space["_showwarnmsg"] = show

        def restore() -> None:
            if space.get("_showwarnmsg") is show:
                space["_showwarnmsg"] = original

        self._restore.append(restore)


class Surroundings:
    """The visible state of the process outside of its modules, to name what changed in it."""

    def __init__(self) -> None:
        self._threads = set(sys._current_frames())
        self._handlers = _log_handlers()
        self._exits = _exit_count()
        self._signals = _signals()
        self._hooks = _hooks()

    def changes(self) -> List[str]:
        """A sentence for everything that is there now and was not when this was made."""
        found: List[str] = []
        names = _thread_names()
        for ident in sorted(set(sys._current_frames()) - self._threads):
            found.append("a thread was started: %s" % names.get(ident, "thread %d" % ident))
        before = self._handlers
        for logger, handlers in _log_handlers().items():
            known = before.get(logger, [])
            for handler in handlers:
                if not any(handler is one for one in known):
                    found.append(
                        "a logging handler was added to %s: %s" % (logger, raw.type_name(handler))
                    )
        exits = _exit_count()
        if exits > self._exits:
            found.append("%d atexit hook(s) were registered" % (exits - self._exits))
        signals = _signals()
        for number, handler in signals.items():
            if self._signals.get(number) is not handler:
                found.append("the handler of signal %d was replaced" % number)
        for name, value in _hooks().items():
            if self._hooks[name] is not value:
                found.append("sys.%s was replaced" % name)
        return found


def _log_handlers() -> Dict[str, List[Any]]:
    space = raw.module_dict(sys.modules.get("logging"))
    root = raw.get(space, "root")
    found: Dict[str, List[Any]] = {}
    loggers: List[Tuple[str, Any]] = [("the root logger", root)]
    manager = None
    for cls in raw.mro(type(root)):
        manager = manager or raw.get(raw.class_dict(cls), "manager")
    table = raw.get(raw.instance_dict(manager), "loggerDict")
    if type(table) is dict:
        loggers += [("logger %s" % name, one) for name, one in raw.items(table)]
    for name, logger in loggers:
        handlers = raw.get(raw.instance_dict(logger), "handlers")
        if type(handlers) is list and handlers:
            found[name] = handlers[:]
    return found


def _exit_count() -> int:
    atexit = sys.modules.get("atexit")
    return atexit._ncallbacks() if atexit is not None else 0


def _signals() -> Dict[int, Any]:
    found: Dict[int, Any] = {}
    for number in range(1, _signal.NSIG):
        try:
            found[number] = _signal.getsignal(number)
        except ValueError:
            continue
    return found


def _hooks() -> Dict[str, Any]:
    names = ("excepthook", "displayhook", "stdout", "stderr", "stdin", "unraisablehook")
    return {name: sys.__dict__.get(name) for name in names}


def _thread_names() -> Dict[int, str]:
    space = raw.module_dict(sys.modules.get("threading"))
    active = raw.get(space, "_active")
    names: Dict[int, str] = {}
    if type(active) is dict:
        for ident, thread in raw.items(active):
            name = raw.exact_str(raw.get(raw.instance_dict(thread), "_name"))
            if type(ident) is int and name:
                names[ident] = name
    return names
