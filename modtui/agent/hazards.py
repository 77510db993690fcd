"""Why reloading a module may do harm, by level: note, caution, danger."""

from __future__ import annotations

import sys

from . import entries, identity, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from . import shapes

ORDER = ("none", "note", "caution", "danger")

# Reloading one of these takes the ground from under the interpreter or under every import.
INTERPRETER = {
    "sys": "a reload rebinds the interpreter's own state (stdout, hooks, limits)",
    "builtins": "every name lookup of every module ends in it",
    "_frozen_importlib": "it is the import system that would be executing the reload",
    "_frozen_importlib_external": "it is the import system that would be executing the reload",
    "importlib": "it is the import system that would be executing the reload",
    "importlib._bootstrap": "it is the import system that would be executing the reload",
    "importlib._bootstrap_external": "it is the import system that would be executing the reload",
    "_imp": "the import lock lives in it",
    "_io": "every open file is an instance of its classes",
    "io": "every open file is an instance of its classes",
    "abc": "every abstract class is an instance of its ABCMeta",
    "_abc": "the registries of all abstract classes live in it",
    "codecs": "the codec registry holds its objects",
    "encodings": "the codec registry holds its search function",
    "_thread": "every lock is an instance of its classes",
    "threading": "the table of running threads and the main thread's object live in it",
    "_signal": "the signal handlers live in it",
    "gc": "the collector's callbacks live in it",
    "marshal": "the import system reads compiled files with it",
    "_weakref": "all weak references are instances of its classes",
    "zipimport": "the import system's path hooks hold its classes",
}
STATEFUL = {
    "logging": "its table of loggers and its root logger are made anew; handlers are lost",
    "asyncio": "running event loops hold objects of its old classes",
    "asyncio.events": "the running event loop is kept in it",
    "atexit": "registered hooks live in it",
    "signal": "its enums are made anew",
    "warnings": "its filters and the memory of what was shown are made anew",
    "linecache": "the cached lines of source are dropped",
    "multiprocessing": "running workers and queues hold objects of its old classes",
    "tempfile": "its sequence of names and the chosen directory are made anew",
    "typing": "type hints made so far are instances of its old classes",
    "enum": "every enum is an instance of its old EnumMeta",
    "types": "type objects of the interpreter are taken anew",
    "weakref": "finalizers registered so far live in its old registry",
    "random": "the shared generator is made anew, with another seed",
    "decimal": "contexts and numbers are instances of its old classes",
    "socket": "open sockets are instances of its old classes",
    "ssl": "open connections are instances of its old classes",
}


def hazard(level: str, code: str, text: str) -> shapes.Hazard:
    """One hazard: its level, a stable code, and a sentence."""
    return {"level": level, "code": code, "text": text}  # type: ignore[typeddict-item]


def highest(found: List[shapes.Hazard]) -> str:
    """The highest level among hazards, or "none"."""
    level = 0
    for one in found:
        level = max(level, ORDER.index(one["level"]))
    return ORDER[level]


def cheap(name: str, status: str, module_dict: Optional[Dict[Any, Any]]) -> List[shapes.Hazard]:
    """What can be said of a record from its name, its status and its namespace alone."""
    found: List[shapes.Hazard] = []
    reason = INTERPRETER.get(name)
    if reason is not None:
        found.append(hazard("danger", "interpreter", "%s: %s" % (name, reason)))
    elif name in STATEFUL:
        found.append(hazard("caution", "state", "%s keeps state: %s" % (name, STATEFUL[name])))
    if name == "__main__":
        found.append(hazard("danger", "main", _main_text(module_dict)))
    root = identity.ROOT
    if name == root or name.startswith(root + "."):
        found.append(hazard("danger", "agent", "%s is part of modtui's own agent" % name))
    entry = _BY_STATUS.get(status)
    if entry is not None:
        level, code, text = entry
        found.append(hazard(level, code, text % {"name": name}))
    return found


_BY_STATUS: Dict[str, Tuple[str, str, str]] = {
    "extension": (
        "caution",
        "extension",
        "%(name)s is a C extension: a reload does not load its file again",
    ),
    "built-in": (
        "caution",
        "built-in",
        "%(name)s is compiled into the interpreter: there is no other code to load",
    ),
    "frozen": (
        "caution",
        "frozen",
        "%(name)s is frozen into the interpreter: a reload runs the same code again",
    ),
    "no spec": ("note", "no-spec", "%(name)s has no spec: it cannot be reloaded"),
    "blocked": ("note", "blocked", "the import of %(name)s is blocked by None in sys.modules"),
    "object": ("note", "object", "what sys.modules has as %(name)s is not a module"),
    "lazy": ("note", "lazy", "%(name)s was not executed yet: its first use runs its code"),
    "namespace": (
        "note",
        "namespace",
        "%(name)s is a namespace package: a reload only looks for its directories again",
    ),
    "bytecode": ("note", "bytecode", "%(name)s was loaded from bytecode: its source is not here"),
}


def _main_text(space: Optional[Dict[Any, Any]]) -> str:
    spec = raw.get(space, "__spec__")
    if spec is None:
        return (
            "__main__ is the program itself: it has no spec, so importlib.reload cannot reload it"
        )
    return "__main__ is the program itself: a reload would run its main block again"


def being_imported(space: Optional[Dict[Any, Any]]) -> bool:
    """Whether a module's own text is being executed by the import system right now."""
    spec = raw.get(space, "__spec__")
    return spec is not None and entries.spec_field(spec, "_initializing") is True


def of_module(name: str, module: Any, status: str) -> List[shapes.Hazard]:
    """Everything that can be seen of a module that is about to be reloaded."""
    space = raw.module_dict(module)
    found = cheap(name, status, space)
    found += _extension(name, space, status)
    found += _replaced(name, module, space)
    found += _running(name, space)
    if being_imported(space):
        found.append(
            hazard("danger", "importing", "%s is being imported at this very moment" % name)
        )
    return found


def _extension(name: str, space: Any, status: str) -> List[shapes.Hazard]:
    if status != "extension":
        return []
    phase = _phases(space)
    if phase is None:
        return []
    if phase > 1:
        text = "%s uses multi-phase initialisation: a reload leaves its objects as they are" % name
    else:
        text = (
            "%s uses single-phase initialisation: a reload copies its first dictionary back over"
            " what was changed since" % name
        )
    return [hazard("caution", "extension-phase", text)]


def _phases(space: Any) -> Optional[int]:
    """1 or 2: how an extension module was initialised; None when it cannot be told.

    The import system sets `__file__` when a single-phase init function has returned, but before the
    exec slots of a multi-phase module run (PEP 489): what they add comes after it in the namespace.
    """
    if space is None:
        return None
    before = after = 0
    file_seen = False
    for key, value in raw.items(space):
        if key == "__file__":
            file_seen = True
        elif type(key) is str and not key.startswith("__"):
            if type(value) is not raw.BuiltinFunctionType:
                before, after = (before, after + 1) if file_seen else (before + 1, after)
    if not file_seen or not before + after:
        return None
    return 2 if after else 1


def _replaced(name: str, module: Any, space: Optional[Dict[Any, Any]]) -> List[shapes.Hazard]:
    if space is None:
        return []
    said = raw.exact_str(space.get("__name__"))
    if said is not None and said != name and name != "__main__":
        return [
            hazard(
                "caution",
                "alias",
                "the module in sys.modules as %s calls itself %s: reloading it goes by that name"
                % (name, said),
            )
        ]
    if type(module) is not raw.ModuleType:
        return [
            hazard(
                "caution",
                "replaced",
                "%s is an instance of %s: the module put an object of its own into sys.modules, and"
                " may do so again" % (name, raw.class_qualname(type(module))),
            )
        ]
    return []


def _running(name: str, space: Optional[Dict[Any, Any]]) -> List[shapes.Hazard]:
    """Threads with a frame in the module now; main's outermost frame is a loop of its own."""
    if space is None:
        return []
    here = sys._getframe()
    found: List[shapes.Hazard] = []
    inside: List[str] = []
    top_level = False
    for ident, frame in list(sys._current_frames().items()):
        one: Any = frame
        functions = set()
        while one is not None:
            if one.f_globals is space and one is not here:
                code = one.f_code
                functions.add(code.co_name)
                if code.co_name == "<module>" and name != "__main__":
                    top_level = True
            one = one.f_back
        functions.discard("<module>")
        if functions:
            inside.append("thread %d in %s" % (ident, ", ".join(sorted(functions)[:4])))
    if top_level:
        text = (
            "the top level of %s has not returned: it is on the stack of a running thread, and a"
            " reload would start it a second time" % name
        )
        found.append(hazard("danger", "running-top-level", text))
    if inside:
        text = "code of %s is running (%s): it finishes on the old code" % (
            name,
            "; ".join(inside[:4]),
        )
        found.append(hazard("caution", "running", text))
    return found


def of_source(name: str, file: Optional[str], error: Optional[BaseException]) -> List[Any]:
    """What is wrong with the new text: it is gone, or it does not compile."""
    if error is None:
        return []
    if isinstance(error, FileNotFoundError):
        return [
            hazard("caution", "missing", "the file of %s is gone: %s" % (name, file or "unknown"))
        ]
    if isinstance(error, OSError):
        return [hazard("caution", "unreadable", "the file of %s: %s" % (name, error))]
    if isinstance(error, SyntaxError):
        place = ", line %s" % error.lineno if error.lineno else ""
        text = "the new text of %s does not compile: %s%s" % (name, error.msg, place)
        return [hazard("caution", "syntax-error", text)]
    return [hazard("caution", "broken-source", "the new text of %s: %s" % (name, error))]
