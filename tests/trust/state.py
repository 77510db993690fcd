"""A target that, when asked, tells its whole state: all that an agent could have changed.

Asking is a line on its standard input, which it waits for in a blocking read between two tellings.
It uses built-in modules only, so that the target may be as bare as Python starts.
"""

from __future__ import annotations

import marshal
import os
from pathlib import Path
from typing import Any

from tests.targets import Target

FURNITURE = """
import abc, asyncio, atexit, codecs, collections, decimal, email.message, functools, gc, json
import linecache, locale, logging, random, re, signal, socket, ssl, threading, time
import tracemalloc, warnings, weakref
atexit.register(print)
warnings.simplefilter("always")
gc.callbacks.append(lambda *_: None)
gc.set_threshold(701, 11, 9)
gc.freeze()
signal.signal(signal.SIGUSR2, lambda *_: None)
linecache.getline(logging.__file__, 3)
logging.basicConfig()
worker = threading.Thread(target=threading.Event().wait, daemon=True, name="a thread of its own")
worker.start()
codecs.register(lambda name: None)
sys.excepthook = lambda *_: None
threading.excepthook = lambda *_: None
decimal.getcontext().prec = 11
random.seed(4)
"""

TELLING = """
import sys, gc, marshal, posix, _signal, _thread

def of_sys():
    told = {"keys": sorted(vars(sys))}
    for name in ("getrecursionlimit", "getswitchinterval", "gettrace", "getprofile",
                 "getdlopenflags", "get_asyncgen_hooks", "get_int_max_str_digits",
                 "get_coroutine_origin_tracking_depth", "getfilesystemencoding",
                 "getfilesystemencodeerrors", "is_stack_trampoline_active"):
        if hasattr(sys, name):
            told[name] = repr(getattr(sys, name)())
    for name in ("path", "meta_path", "path_hooks", "argv", "warnoptions"):
        told[name] = [id(getattr(sys, name))] + [(id(x), repr(x)) for x in getattr(sys, name)]
    for name in ("excepthook", "displayhook", "breakpointhook", "unraisablehook", "stdin",
                 "stdout", "stderr", "modules", "path_importer_cache"):
        told[name] = id(getattr(sys, name))
    told["importers"] = sorted((k, id(v)) for k, v in sys.path_importer_cache.items())
    if hasattr(sys, "monitoring"):
        told["tools"] = [(sys.monitoring.get_tool(n), n < 6 and sys.monitoring.get_tool(n)
                          and sys.monitoring.get_events(n)) for n in range(6)]
    return told

def of_modules():
    told, classes = {}, {}
    for name, module in sorted(sys.modules.items()):
        names = vars(module) if isinstance(module, type(sys)) and name != "__main__" else {}
        told[name] = dict(space(names, classes), **{"": id(module)})
    return {"entries": told, "classes": classes}

def space(names, classes):
    for name, value in names.items():
        size = None
        if type(value) in (dict, list, set) and value is not sys.modules:
            size = len(value)
        elif isinstance(value, type):
            inner = type.__dict__["__dict__"].__get__(value)
            classes[id(value)] = value.__name__, sorted((str(k), id(v)) for k, v in inner.items())
        plain = type(value) in (int, float, str, bytes, tuple, bool)
        yield name, (repr(value) if plain else id(value), size)

def of_process():
    return {"cwd": posix.getcwd(), "environment": sorted(posix.environ.items()),
            "priority": posix.getpriority(0, 0), "umask": [posix.umask(posix.umask(0o22))]}

def of_signals():
    told = {"timers": [_signal.getitimer(which) for which in (0, 1, 2)]}
    told["handlers"] = [(n, repr(_signal.getsignal(n))) for n in range(1, 65) if n not in (32, 33)]
    told["wakeup"] = _signal.set_wakeup_fd(-1)
    _signal.set_wakeup_fd(told["wakeup"])
    told["blocked"] = sorted(map(int, _signal.pthread_sigmask(_signal.SIG_BLOCK, [])))
    return told

def of_rest():
    told = {"gc": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(map(id, gc.callbacks)),
                   gc.get_freeze_count()], "count": _thread._count(),
            "frames": sorted(sys._current_frames())}
    get = sys.modules.get
    if get("threading"):
        told["threading"] = [sorted(get("threading")._active), sorted(get("threading")._limbo),
                             len(get("threading")._dangling),
                             repr(getattr(get("threading"), "_trace_hook", None)),
                             repr(getattr(get("threading"), "_profile_hook", None))]
    if get("warnings"):
        told["warnings"] = [repr(f) for f in get("warnings").filters]
    if get("linecache"):
        told["linecache"] = sorted((k, id(v)) for k, v in get("linecache").cache.items())
    if get("atexit"):
        told["atexit"] = get("atexit")._ncallbacks()
    if get("encodings"):
        told["codecs"] = sorted(get("encodings")._cache)
    if get("locale"):
        told["locale"] = [get("locale").setlocale(n) for n in range(6)]
    if get("logging"):
        root = get("logging").root
        told["logging"] = [sorted(root.manager.loggerDict), repr(root.handlers)]
    if get("decimal"):
        told["decimal"] = repr(get("decimal").getcontext())
    if get("random"):
        told["random"] = hash(get("random").getstate())
    if get("tracemalloc"):
        told["tracing"] = get("tracemalloc").is_tracing()
    if get("faulthandler"):
        told["faults"] = get("faulthandler").is_enabled()
    return told

def tell():
    return {"sys": of_sys(), "modules": of_modules(), "process": of_process(),
            "signals": of_signals(), "rest": of_rest(),
            "main": sorted(globals())}

tell()
said = tell()
print("ready", flush=True)
while posix.read(0, 1):
    said = tell()
    print(marshal.dumps(said, 2).hex(), flush=True)
"""

BARE = TELLING
FURNISHED = "import sys\n" + FURNITURE + TELLING


def ask(process: Target) -> dict[str, Any]:
    """What the target says of itself now, and what the kernel says of it."""
    assert process.process.stdin is not None
    process.process.stdin.write(b"?")
    process.process.stdin.flush()
    told: dict[str, Any] = marshal.loads(bytes.fromhex(process.line(60)))
    return {**told, "kernel": _of_kernel(Path(f"/proc/{process.pid}"))}


# Not those that count (context switches, memory), nor what changes as the process waits or runs.
STATUS = ("Name", "Umask", "TracerPid", "Uid", "Gid", "Groups", "NStgid", "Threads", "SigPnd",
          "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd",
          "NoNewPrivs", "Seccomp", "CoreDumping", "THP_enabled", "Cpus_allowed")  # fmt: skip


def _of_kernel(proc: Path) -> dict[str, Any]:
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    tasks = sorted(int(task.name) for task in (proc / "task").iterdir())
    lines = [line.split(None, 5) for line in (proc / "maps").read_text().splitlines()]
    return {
        "status": {key: status[key].split() for key in STATUS if key in status},
        "tasks": {task: (proc / f"task/{task}/comm").read_text() for task in tasks},
        "children": {task: (proc / f"task/{task}/children").read_text() for task in tasks},
        "descriptors": {
            int(one.name): (os.readlink(one), (proc / "fdinfo" / one.name).read_text().split()[3])
            for one in (proc / "fd").iterdir()
        },
        "limits": (proc / "limits").read_text(),
        "personality": (proc / "personality").read_text(),
        "cwd": os.readlink(proc / "cwd"),
        "timers": (proc / "timers").read_text(),
        "oom": (proc / "oom_score_adj").read_text(),
        "slack": (proc / "timerslack_ns").read_text(),
        "files": sorted({parts[5] for parts in lines if len(parts) == 6}),
        "executable": sorted(parts[0] for parts in lines if "x" in parts[1] and len(parts) == 5),
    }


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Each place where two tellings differ, in words."""
    if type(before) is type(after) is dict:
        found = []
        for key in sorted({*before, *after}, key=str):
            where = f"{path}/{key}"
            if key not in before:
                found.append(f"{where} came: {str(after[key])[:200]}")
            elif key not in after:
                found.append(f"{where} went: {str(before[key])[:200]}")
            else:
                found += differences(before[key], after[key], where)
        return found
    if before == after:
        return []
    if type(before) is type(after) and isinstance(before, list | tuple):
        came = [str(item)[:200] for item in after if item not in before]
        went = [str(item)[:200] for item in before if item not in after]
        return [f"{path}: came {came}, went {went}"]
    return [f"{path}: {before!r} became {after!r}"]
