"""The first code of an injected agent: it makes the package out of what the inspector sent.

It runs alone, before anything else of the agent is there, on the agent's own thread and never on a
thread of the target. `box` is what `modtui.reach.bundle` packs: (package name, arrival, version,
hash of the agent, magic number of the compiled code, what is known of the process, lot), and a lot
of modules is (names of the C modules that they need, the marshalled [(name, code)...] or b"",
[(name, source)...] or []). The box holds those modules only that the first answer needs. The others
come as the marshalled lot `rest`, and are made when a call needs them: a visit that only asks who
is there, or that makes the agent leave, costs the target neither their time nor their memory.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Lot = Tuple[Tuple[str, ...], bytes, List[Tuple[str, bytes]]]
    Known = Tuple[bytes, float]  # see `identity.told_process`
    Box = Tuple[str, str, str, str, bytes, Known, Lot]

FUTURE_FLAGS = 0x1100000  # `from __future__ import annotations`, as this text was compiled
THREADS = ("start_new_thread", "allocate_lock", "get_ident", "get_native_id")
PATIENCE = 5.0  # seconds that the second of two attaches waits for the first
REST = 1 << 22  # bytes that are read at once; the rest is less
STATUS_SIZE = 4096  # the payload's file begins with so many bytes for what the agent has to say
# Seconds between the interpreter's switches of threads while the agent comes: so long does a thread
# that wants the GIL wait until it asks for it. Odd values, by which arrivals know each other's. The
# longer one is for targets of one thread: if such a one forks just then, its child keeps the value.
QUICK, BRISK = 0.000021, 0.000503


def original(name: str) -> Any:
    """A function of `_thread` as the interpreter made it, even if the target replaced it there.

    This function is also sent alone, as text, to where nothing else of this module is yet.
    """
    m = sys.modules
    builtin: Any = type(len)
    here = vars(m["_thread"])[name]
    if type(here) is builtin:
        return here
    f = m["_frozen_importlib"]

    def made(what: str) -> Any:
        known = what in m
        before: Any = m.get(what)
        spec = f.BuiltinImporter.find_spec(what)
        module = f.module_from_spec(spec)
        spec.loader.exec_module(module)
        if known:
            m[what] = before
        else:
            m.pop(what, None)
        return module

    for x in (m.get("gc") or made("gc")).get_objects():
        if type(x) is builtin and x.__name__ == name:
            of = x.__self__
            if type(of) is type(sys) and vars(of).get("__name__") == "_thread":
                return x
    return vars(made("_thread"))[name]  # nobody has kept it: another copy of the module does


def come(box: Box, there: Optional[int], rest: bytes, size: int, usual: Optional[float]) -> None:
    """Arrive by a payload's file: `there` is its descriptor, whose bytes after `size` are the rest.

    Or by a text alone: then `there` is None and `rest` is given. `usual` is the switch interval
    that the target had.
    """
    posix = sys.modules["posix"]

    def calm() -> None:
        if usual is not None and round(sys.getswitchinterval(), 6) in (QUICK, BRISK):
            sys.setswitchinterval(usual)

    def report(text: str) -> None:
        if there is not None:
            posix.pwrite(there, text.encode("utf-8", "surrogateescape")[:4000], 0)

    def read_rest() -> bytes:
        if there is None:
            return rest
        parts: List[bytes] = []
        at = STATUS_SIZE + size
        while True:
            parts.append(posix.pread(there, REST, at))
            at += REST
            if len(parts[-1]) < REST:
                posix.close(there)
                return b"".join(parts)

    arrive(box, report, read_rest, calm)


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
    kept = _never_freed(name)
    if kept is not None:
        sys.modules[name] = kept
        return True
    # What importlib's own _load does, but for its locks: the target may have replaced those too.
    module = sys.modules[name] = machinery.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return True


def _never_freed(name: str) -> Any:
    """The module that an earlier visit has brought and that the interpreter could not free.

    That is `_socket` in 3.12, which keeps itself alive: each visit would add another 35 kB.
    """
    if name != "_socket" or sys.version_info[:2] != (3, 12):
        return None
    known, machinery = "gc" in sys.modules, sys.modules["_frozen_importlib"]
    gc = sys.modules.get("gc")
    if gc is None:
        gc = machinery.module_from_spec(machinery.BuiltinImporter.find_spec("gc"))
    if not known:
        sys.modules.pop("gc", None)
    kind = type(sys)
    for thing in gc.get_objects():
        if type(thing) is kind and vars(thing).get("__name__") == name and "socket" in vars(thing):
            return thing
    return None


def _extension(name: str, external: Any) -> Any:
    """The spec of an extension module of the standard library, or None.

    Neither a Python file of that name that lies where the target was started is ever executed, nor
    does the interpreter's cache of finders come to know another directory.
    """
    listed = list.copy(sys.path) if isinstance(sys.path, list) else []
    places = [p for p in listed if type(p) is str and p[:1] in ("/", sys.exec_prefix[:1])]
    places.sort(key=lambda place: not place.endswith("lib-dynload"))
    # Where it is in every build, for a target that has another idea of its path.
    places.append("%s/lib/python%d.%d/lib-dynload" % (sys.exec_prefix, *sys.version_info[:2]))
    for place in places:
        for suffix in sys.modules["_imp"].extension_suffixes():
            path = "%s/%s%s" % (place, name, suffix)
            try:
                sys.modules["posix"].stat(path)
            except OSError:
                continue
            loader = external.ExtensionFileLoader(name, path)
            return external.spec_from_file_location(name, path, loader=loader)
    return None


def arrive(
    box: Box,
    report: Callable[[str], None],
    read_rest: Callable[[], bytes],
    calm: Callable[[], None] = lambda: None,
) -> None:
    """Make the package and listen; tell `report` "L", a path and a thread, or "E" and why not.

    `read_rest` gives the rest, and is called once. `calm` is called when the first answer is out.
    For an injected agent the calling thread is the agent's from now on, until it leaves.
    """
    try:
        maker = _listen(box, report, calm)
    except BaseException as error:
        calm()
        report("E%s: %s" % (type(error).__name__, error))
        read_rest()
        return
    if maker is None:
        calm()
        read_rest()
        return
    serve = vars(maker.package)["channel"].serve
    maker.bring(read_rest)
    serve()


def _listen(box: Box, report: Callable[[str], None], calm: Callable[[], None]) -> Optional[_Maker]:
    """Listen, and report it; None if another agent of ours does already."""
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
        path = _other(package_name, there, digest)
        if path:
            report("L" + path)
            return None
    try:
        maker = _Maker(package, box)
        report("L" + maker.listen(calm))
    except BaseException:
        _remove(package_name, package)
        raise
    return maker


def _other(package_name: str, there: Any, digest: str) -> str:
    """The path of an agent that is here already; "" when it is no more.

    While it leaves, its modules lose their names at any moment: so they are read once, and none of
    its functions is called. Raises RuntimeError if it stays and cannot be used.
    """
    names = dict.copy(vars(there))
    if "_pid" not in names:
        return ""  # it has left just now
    if names["_pid"] != sys.modules["posix"].getpid():
        _bury(package_name, there)
        return ""
    pause = original("allocate_lock")()
    pause.acquire()
    waited = 0.0
    while sys.modules.get(package_name) is there:
        if waited > PATIENCE:
            why = "is coming or leaving, and very slow" if names.get("_digest") == digest else ""
            raise RuntimeError("another modtui's agent " + (why or "is in this process"))
        names = dict.copy(vars(there))
        channel = names.get("channel") if names.get("_digest") == digest else None
        server = vars(channel).get("_server") if channel is not None else None
        if server is not None and names.get("_path") and not server.leaving:
            return "%s\n%d" % (server.path, server.thread)
        pause.acquire(True, 0.005)  # it is still coming, or it is leaving
        waited += 0.005
    return ""


def _bury(package_name: str, there: Any) -> None:
    """Take out a forked child's copy of its parent's agent, which has no threads here.

    The fork may have come when it was not there yet in all its parts, or not any more.
    """
    channel = sys.modules.get(package_name + ".channel")
    forget = vars(channel).get("forget_inherited") if channel is not None else None
    if forget is not None:
        forget()
    _remove(package_name, there)


class _Maker:
    """Makes the agent's modules in the target: some at once, the others when they are needed."""

    def __init__(self, package: Any, box: Box) -> None:
        self.package, self.box = package, box
        self.builtins = _builtins(box[0])
        self.lock = original("allocate_lock")()
        self.lock.acquire()  # until the rest is here
        self.rest: Optional[bytes] = None
        self.trouble = ""

    def listen(self, calm: Callable[[], None]) -> str:
        """Make what the first answer needs, and listen; returns the path and the thread."""
        package_name, arrival, version, _, _, known, lot = self.box
        package, names = self.package, vars(self.package)
        names.update(_added=[], _compiled=[])
        self.make(*lot)
        channel = names["channel"]
        path = channel.prepare(
            arrival,
            version,
            names["_added"],
            lambda: _remove(package_name, package, globals()),
            calm,
            self.complete,
            known,
        )
        names["_path"] = path
        return "%s\n%d" % (path, channel.thread())

    def bring(self, read_rest: Callable[[], bytes]) -> None:
        """What was not needed at first."""
        try:
            self.rest = read_rest()
        except BaseException as error:
            self.trouble = "the agent is incomplete: %s: %s" % (type(error).__name__, error)
        self.lock.release()

    def complete(self) -> None:
        """Make what has not been made yet. Raises ImportError if that went wrong, now or before."""
        with self.lock:
            if self.trouble:
                raise ImportError(self.trouble)
            rest, self.rest = self.rest, None
            if rest is None:
                return
            try:
                self.make(*sys.modules["marshal"].loads(rest))
            except BaseException as error:
                self.trouble = "the agent is incomplete: %s: %s" % (type(error).__name__, error)
                raise ImportError(self.trouble) from error

    def make(
        self, c_modules: Tuple[str, ...], codes: bytes, sources: List[Tuple[str, bytes]]
    ) -> None:
        """Import these modules of the interpreter, and execute these of the agent."""
        package_name, magic = self.box[0], self.box[4]
        names = vars(self.package)
        ascii_codec = "encodings.ascii"  # -X dev looks it up when an extension module is loaded
        codecs = [] if ascii_codec in sys.modules else [ascii_codec]
        names["_added"].extend([name for name in c_modules if quiet_import(name)] + codecs)
        if not codes:
            made = [(name, _compiled(name, source)) for name, source in sources]
            names["_compiled"].append(made)
            names["_bootstrap"] = globals()["_code"]  # as those that started us have left it
        elif magic == sys.modules["_frozen_importlib_external"].MAGIC_NUMBER:
            made = sys.modules["marshal"].loads(codes)
        else:
            raise RuntimeError("the agent was compiled for another interpreter")
        for name, code in made:
            full = package_name + "." + name
            module = type(sys)(full)
            vars(module).update(__package__=package_name, __builtins__=self.builtins)
            sys.modules[full] = module
            names[name] = module
            exec(code, vars(module))


def _compiled(name: str, source: bytes) -> Any:
    flags = sys._getframe().f_code.co_flags & FUTURE_FLAGS
    return compile(source, "<modtui>/agent/%s.py" % name, "exec", flags, True, 2)


def _builtins(package_name: str) -> Any:
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


def _remove(package_name: str, package: Any, own: Optional[Dict[str, Any]] = None) -> None:
    """Take the package and the C modules that only it brought out of sys.modules.

    `own` is this module's own namespace, if it is not needed any more.
    """
    spaces = [] if own is None else [own]
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
    # What refers to itself stays until a collection, and the target may have switched that off. A
    # class always does; but without its methods it is small.
    classes = [one for space in spaces for one in space.values() if type(one) is type]
    names = {space.get("__name__") for space in spaces}
    classes = [one for one in classes if vars(one).get("__module__") in names]
    for space in spaces + [mine]:
        space.clear()
    for one in classes:
        for name in list(vars(one)):
            try:
                type.__delattr__(one, name)
            except (AttributeError, TypeError):
                pass  # what the interpreter does not let go of


def _held_elsewhere(name: str) -> bool:
    """Has the target come to import it too?"""
    wanted = sys.modules.get(name)
    for module in list(sys.modules.values()):
        if type(module) is type(sys) and module is not wanted:
            for value in list(vars(module).values()):
                if value is wanted:
                    return True
    return False
