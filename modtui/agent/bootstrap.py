"""The first code of an injected agent: it makes the package out of what the inspector sent.

It runs alone, before anything else of the agent is there, on the agent's own thread and never on a
thread of the target. `box` is what `modtui.reach.bundle` packs: (package name, arrival, version,
hash of the agent, magic number of the compiled code, names of the C modules that the agent needs,
[(module, source, compiled code or None)...]).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple

    Modules = List[Tuple[str, bytes, Optional[bytes]]]
    Box = Tuple[str, str, str, str, bytes, Tuple[str, ...], Modules]

FUTURE_FLAGS = 0x1100000  # `from __future__ import annotations`, as this text was compiled
THREADS = ("start_new_thread", "allocate_lock", "get_ident", "get_native_id")
PATIENCE = 5.0  # seconds that the second of two attaches waits for the first


def quiet_import(name: str) -> bool:
    """Import a C module without any finder, hook or `__import__` of the target being asked.

    True if that added it to sys.modules. Raises ImportError if this build does not have it.
    """
    found = sys.modules.get(name)
    if found is not None:
        return False
    machinery, external = (
        sys.modules[n] for n in ("_frozen_importlib", "_frozen_importlib_external")
    )
    spec = machinery.BuiltinImporter.find_spec(name) or _extension(name, external)
    if spec is None:
        raise ImportError("this build of Python has no module %s" % (name,))
    # What importlib's own _load does, but for its locks: the target may have replaced those too.
    module = sys.modules[name] = machinery.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return True


def _extension(name: str, external: Any) -> Any:
    """The spec of an extension module of the standard library, or None.

    Neither a Python file of that name that lies where the target was started is ever executed, nor
    does the interpreter's cache of finders come to know another directory.
    """
    places = [
        place for place in sys.path if type(place) is str and place[:1] in ("/", sys.prefix[:1])
    ]
    kinds = (external.ExtensionFileLoader, sys.modules["_imp"].extension_suffixes())
    places.sort(key=lambda place: not place.endswith("lib-dynload"))
    for place in places:
        spec = external.FileFinder(place, kinds).find_spec(name)
        if spec is not None and spec.loader is not None:
            return spec
    return None


def as_it_is(name: str) -> Any:
    """What `_thread` has under a name."""
    return vars(sys.modules["_thread"])[name]


def arrive(
    box: Box,
    report: Callable[[str], None],
    calm: Callable[[], None] = lambda: None,
    original: Callable[[str], Any] = as_it_is,
) -> None:
    """Make the package and listen; tell `report` "L", a path and a thread, or "E" and why not.

    `calm` is to be called when the hurry is over: when the first inspector has its first answer.
    `original` gives a function of `_thread` as the interpreter made it.
    """
    try:
        report("L" + _listen(box, calm, original))
    except BaseException as error:
        calm()
        report("E%s: %s" % (type(error).__name__, error))


def _listen(box: Box, calm: Callable[[], None], original: Callable[[str], Any]) -> str:
    package_name, _, version, digest, _, _, _ = box
    module_type = type(sys)
    package = module_type(package_name)
    names = vars(package)
    names.update(__path__=[], __package__=package_name, __version__=version, _digest=digest)
    names["_pid"] = sys.modules["posix"].getpid()
    while True:
        there = sys.modules.setdefault(package_name, package)
        if there is package:
            break
        path = _other(package_name, there, digest, original)
        if path is not None:
            calm()
            return path
        _remove(package_name, there)  # a forked child's copy of its parent's agent, or a wreck
    try:
        return _fill(package, box, calm, original)
    except BaseException:
        _remove(package_name, package)
        raise


def _other(
    package_name: str, there: Any, digest: str, original: Callable[[str], Any]
) -> Optional[str]:
    """The path of an agent that is here already; None if it is dead and can be replaced."""
    names = vars(there)
    if "_pid" not in names:
        return None  # it has left just now
    if names["_pid"] != sys.modules["posix"].getpid():
        channel = sys.modules.get(package_name + ".channel")
        if channel is not None:
            channel.forget_inherited()
        return None
    if names.get("_digest") != digest:
        raise RuntimeError("another version of modtui is attached to this process")
    pause = original("allocate_lock")()
    pause.acquire()
    waited = 0.0
    while waited < PATIENCE and sys.modules.get(package_name) is there:
        channel = names.get("channel") if names.get("_path") else None
        path = channel.listening() if channel is not None else ""
        if path:
            return "%s\n%d" % (path, channel.thread())  # type: ignore[union-attr]
        pause.acquire(True, 0.005)  # it is still coming, or it is leaving
        waited += 0.005
    return None


def _fill(package: Any, box: Box, calm: Callable[[], None], original: Callable[[str], Any]) -> str:
    package_name, arrival, version, _, magic, c_modules, modules = box
    ascii_codec = "encodings.ascii"  # -X dev looks it up when an extension module is loaded
    codecs = [] if ascii_codec in sys.modules else [ascii_codec]
    added = [name for name in c_modules if quiet_import(name)] + codecs
    vars(package)["_added"] = added
    external = sys.modules["_frozen_importlib_external"]
    usable = magic == external.MAGIC_NUMBER
    compiled = {}
    builtins = _builtins(package_name, original)
    for name, source, stored in modules:
        full = package_name + "." + name
        if usable and stored is not None:
            code = sys.modules["marshal"].loads(stored)
        elif not source:
            raise RuntimeError("the agent was compiled for another interpreter")
        else:
            flags = sys._getframe().f_code.co_flags & FUTURE_FLAGS
            code = compile(source, "<modtui>/agent/%s.py" % name, "exec", flags, True, 2)
            compiled[name] = code
        module = type(sys)(full)
        vars(module).update(__package__=package_name, __builtins__=builtins)
        sys.modules[full] = module
        vars(package)[name] = module
        exec(code, vars(module))
    if compiled:
        compiled["bootstrap"] = globals()["_code"]  # as those that started us have left it
    vars(package)["_compiled"] = compiled
    channel = vars(package)["channel"]
    path = channel.listen(arrival, version, added, lambda: _remove(package_name, package), calm)
    vars(package)["_path"] = path
    return "%s\n%d" % (path, channel.thread())


def _builtins(package_name: str, original: Callable[[str], Any]) -> Any:
    """The target's builtins, but with imports that are the interpreter's own.

    A target may have replaced `__import__`, and what is in `_thread` (gevent, eventlet).
    """
    builtins, thread = vars(sys.modules["builtins"]), sys.modules["_thread"]
    names = [name for name in THREADS if vars(thread)[name] is not original(name)]
    if type(builtins["__import__"]) is type(len) and not names:
        return builtins
    clean = type(sys)("_thread")
    vars(clean).update(vars(thread))
    vars(clean).update((name, original(name)) for name in names)
    real_import = sys.modules["_frozen_importlib"].__import__

    def import_(
        name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0
    ) -> Any:
        if name == "_thread":
            return clean
        if level == 1:
            return sys.modules[package_name + "." + name if name else package_name]
        if name in sys.modules and (wanted or "." not in name):
            return sys.modules[name]  # without the locks that importlib may take even for this
        return real_import(name, space, local, wanted, level)

    own = dict(builtins)
    own["__import__"] = import_
    return own


def _remove(package_name: str, package: Any) -> None:
    """Take the package and the C modules that only it brought out of sys.modules."""
    spaces = []
    prefix = package_name + "."
    mine = vars(package)
    for name in list(sys.modules):
        if type(name) is not str:
            continue
        if name.startswith(prefix) and mine.get(name[len(prefix) :]) is sys.modules.get(name):
            spaces.append(vars(sys.modules.pop(name)))
    for name in mine.get("_added", ()):
        parent, _, child = name.rpartition(".")
        if parent and vars(sys.modules[parent]).get(child) is sys.modules.get(name):
            vars(sys.modules[parent]).pop(child, None)
        if not _held_elsewhere(name):
            sys.modules.pop(name, None)
    if sys.modules.get(package_name) is package:
        del sys.modules[package_name]
    # What refers to itself stays until a collection, and the target may have switched that off.
    for space in spaces + [mine]:
        space.clear()


def _held_elsewhere(name: str) -> bool:
    """Has the target come to import it too?"""
    wanted = sys.modules.get(name)
    for module in list(sys.modules.values()):
        if type(module) is type(sys) and module is not wanted:
            for value in list(vars(module).values()):
                if value is wanted:
                    return True
    return False
