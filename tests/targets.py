"""Target processes: small programs in every state that a program can be in.

Each one takes a picture of its own state, says "ready", does its work for ever, and at SIGUSR1
checks its work, takes a second picture and prints what differs. So it is the target itself that
says whether it was harmed.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.pythons import Python

PRELUDE = """
import gc, os, signal, sys
class Done(BaseException):
    pass
ending = False
def stop(*_):
    global ending
    if not ending:
        ending = True
        raise Done
signal.signal(signal.SIGUSR1, stop)
def descriptors():
    found = {}
    for number in range(256):
        try:
            info = os.fstat(number)
        except OSError:
            continue
        found[number] = [info.st_dev, info.st_ino]
    return found
def picture():
    warnings, linecache = sys.modules.get("warnings"), sys.modules.get("linecache")
    threading = sys.modules.get("threading")
    return {
        "modules": sorted(map(str, sys.modules)),
        # A fork beside the agent's thread makes 3.12 and later warn, even if that is ignored.
        "main": sorted({*globals()} - {"before", "__warningregistry__"}),
        "descriptors": sorted(map(str, descriptors().items())),
        "path": [str(entry) for entry in sys.path],
        "hooks": [repr(sys.path_hooks), repr(sys.meta_path), repr(sys.excepthook),
                  repr(sys.displayhook), repr(sys.gettrace()), repr(sys.getprofile())],
        "signals": [repr(signal.getsignal(n)) for n in range(1, signal.NSIG)
                    if n not in (32, 33)],
        "mask": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
        "gc": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)],
        "switch": sys.getswitchinterval(),
        "warnings": repr(getattr(warnings, "filters", None)),
        "linecache": sorted(getattr(linecache, "cache", {})),
        "threading": len(getattr(threading, "_active", ())),
        "directory": os.getcwd(), "umask": os.umask(0o22), "environment": sorted(os.environ),
    }
def run(work, check=lambda: True):
    global before
    before = picture()
    print("ready", flush=True)
    error = None
    try:
        work()
    except Done:
        pass
    except BaseException as problem:
        error = repr(problem)
    after = picture()
    differs = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
    import json
    print(json.dumps({"error": error, "works": bool(check()), "differs": differs}), flush=True)
    os._exit(0)
"""

STATES = {
    "busy": """
        rounds = 0
        def work():
            global rounds
            while True:
                x = 0.1
                for i in range(500):
                    x = x * 1.0000001 + i / 7.0
                assert x == expected(), x
                rounds += 1
        def expected(cache=[]):
            if not cache:
                x = 0.1
                for i in range(500):
                    x = x * 1.0000001 + i / 7.0
                cache.append(x)
            return cache[0]
        run(work, lambda: rounds > 0)
    """,
    "sleep": """
        import time
        run(lambda: time.sleep(3600))
    """,
    "input": """
        run(lambda: input())
    """,
    "select": """
        import select
        ends = os.pipe()
        run(lambda: select.select([ends[0]], [], []))
    """,
    "asyncio": """
        import asyncio
        async def tick():
            await asyncio.sleep(3600)
        loop = asyncio.new_event_loop()
        run(lambda: loop.run_until_complete(tick()))
    """,
    "asyncio-busy": """
        import asyncio
        ticks = 0
        async def tick():
            global ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1
        loop = asyncio.new_event_loop()
        run(lambda: loop.run_until_complete(tick()), lambda: ticks > 3)
    """,
    "lock": """
        import _thread
        lock = _thread.allocate_lock()
        lock.acquire()
        run(lambda: lock.acquire())
    """,
    "timed-lock": """
        import _thread
        lock = _thread.allocate_lock()
        lock.acquire()
        rounds = 0
        def work():
            global rounds
            while True:
                assert not lock.acquire(True, 0.02)
                rounds += 1
        run(work, lambda: rounds > 3)
    """,
    "join": """
        import threading, time
        thread = threading.Thread(target=time.sleep, args=(3600,), daemon=True)
        thread.start()
        run(thread.join)
    """,
    "join-busy": """
        import threading, time
        counts = [0, 0]
        def count(index):
            while True:
                counts[index] += 1
        threads = [threading.Thread(target=count, args=(i,), daemon=True) for i in (0, 1)]
        for thread in threads:
            thread.start()
        run(threads[0].join, lambda: all(counts))
    """,
    "http": """
        from http.server import BaseHTTPRequestHandler, HTTPServer
        class Handler(BaseHTTPRequestHandler):
            pass
        server = HTTPServer(("127.0.0.1", 0), Handler)
        run(server.serve_forever)
    """,
    "allocating": """
        import threading
        rounds = [0] * 6
        broken = []
        def churn(index):
            while True:
                things = [bytearray(n % 3000 + 1) for n in range(200)]
                text = "".join(str(len(thing)) for thing in things)
                if len(things) != 200 or not text.startswith("123"):
                    broken.append(index)
                rounds[index] += 1
        def work():
            for index in range(1, 6):
                threading.Thread(target=churn, args=(index,), daemon=True).start()
            churn(0)
        real = picture
        def picture():
            return dict(real(), threading=0)
        run(work, lambda: all(rounds) and not broken)
    """,
    "forking": """
        import warnings
        warnings.simplefilter("ignore")  # 3.12 and later warn of a fork beside the agent's thread
        children = 0
        def work():
            global children
            while True:
                child = os.fork()
                if child == 0:
                    os._exit(children % 100)
                while True:
                    try:
                        _, status = os.waitpid(child, 0)
                        break
                    except InterruptedError:
                        continue
                assert status >> 8 == children % 100, (status, children)
                children += 1
        run(work, lambda: children > 0)
    """,
    "gil-held": """
        import ctypes
        libc = ctypes.PyDLL(None)
        libc.usleep.restype = ctypes.c_int
        rounds = 0
        def work():
            global rounds
            while True:
                libc.usleep(60000)
                rounds += 1
        run(work, lambda: rounds > 0)
    """,
    "signals": """
        count = 0
        def alarm(*_):
            global count
            count += 1
        signal.signal(signal.SIGALRM, alarm)
        def work():
            signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
            try:
                while True:
                    signal.pause()
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        run(work, lambda: count > 3)
    """,
    "subinterpreter": """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        import time
        other = interpreters.create()
        interpreters.run_string(other, "x = 1")
        run(lambda: time.sleep(3600))
    """,
}


class Target:
    """A target process; `finish` ends it and returns what it says of itself."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int | None = None) -> None:
        self.process = process
        self.pid = pid or process.pid
        self.sockets: int | None = None  # how many it has when it is ready

    def wait_ready(self, seconds: float = 30) -> None:
        """Wait for its "ready", and a moment for it to get into its state."""
        assert self.line(seconds) == "ready"
        time.sleep(0.03)
        self.sockets = sockets_of(self.pid)

    def line(self, seconds: float = 30) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert ready, f"the target said nothing (state {state_of(self.pid)})"
        return self.process.stdout.readline().decode().strip()

    def finish(self) -> dict[str, Any]:
        """End it and return its own report.

        An agent's last act, when everybody has been told that it has left, is to close the socket
        that this was told through: that is waited for.
        """
        if self.sockets is not None:
            eventually(lambda: sockets_of(self.pid) <= (self.sockets or 0))
        os.kill(self.pid, signal.SIGUSR1)
        line = self.line()
        assert line.startswith("{"), f"{line!r}, exit code {self.process.poll()}"
        report: dict[str, Any] = json.loads(line)
        return report

    def alive(self) -> bool:
        """Does it still run?"""
        return state_of(self.pid) not in ("Z", "")


def state_of(pid: int) -> str:
    """The letter of a process' state, "" if there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return text[text.rindex(")") + 2]


def descriptors_of(pid: int) -> int:
    """How many descriptors a process has open; 0 if that cannot be seen."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def links_of(pid: int) -> list[str]:
    """What its descriptors are, but for those that it closes while they are looked at."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def sockets_of(pid: int) -> int:
    """How many of its descriptors are sockets; 0 if that cannot be seen."""
    try:
        return sum(link.startswith("socket:") for link in links_of(pid))
    except OSError:
        return 0


def threads_of(pid: int) -> int:
    """How many threads it has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def switches_of(pid: int) -> int:
    """How often its threads were switched so far, of their own will or not."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ends just now
            for line in Path(f"/proc/{pid}/task/{thread}/status").read_text().splitlines():
                total += int(line.split()[1]) if "ctxt_switches" in line else 0
    return total


def maps_of(pid: int) -> int:
    """How many mappings of exactly one page without a file, readable and writable, it has."""
    count = 0
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        parts = line.split()
        start, end = (int(side, 16) for side in parts[0].split("-"))
        count += end - start <= 3 * 4096 and parts[1] == "rw-p" and len(parts) == 5
    return count


def program(state: str) -> str:
    """The source of the program that goes into that state."""
    return PRELUDE + textwrap.dedent(STATES[state])


@contextmanager
def target(
    python: Python | Sequence[str],
    source: str,
    *,
    flags: Sequence[str] = (),
    ready: bool = True,
    **options: Any,
) -> Iterator[Target]:
    """Run a program and kill it in the end."""
    command = python.command if isinstance(python, Python) else python
    process = subprocess.Popen(
        [*command, *flags, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # select() knows nothing of lines that a buffer already holds
        **options,
    )
    try:
        started = Target(process)
        if ready:
            started.wait_ready()
        yield started
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def unharmed(report: dict[str, Any]) -> None:
    """Assert that a target's report says that nothing happened to it."""
    assert report["error"] is None, report
    assert report["works"], report
    assert report["differs"] == {}, report["differs"]


CHECKOUT = Path(__file__).resolve().parents[1]


@contextmanager
def house(python: Python) -> Iterator[tuple[str, Path, str]]:
    """Where that Python finds modtui, and a folder that it can write to: ours, and as it sees it.

    A Python in a root of its own gets a copy of the package there.
    """
    base = f"{python.root}/tmp" if python.root else None
    folder = Path(tempfile.mkdtemp(prefix="modtui-test-", dir=base))
    try:
        seen = str(folder).removeprefix(python.root)
        if not python.root:
            yield str(CHECKOUT), folder, seen
            return
        ignore = shutil.ignore_patterns("__pycache__", "tui", "demo")
        shutil.copytree(CHECKOUT / "modtui", folder / "house" / "modtui", ignore=ignore)
        yield f"{seen}/house", folder, seen
    finally:
        shutil.rmtree(folder)


def eventually(what: Any, seconds: float = 30.0) -> bool:
    """Wait until `what()` is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return bool(what())
