"""The text that the target's main thread runs, and how what it needs gets to it.

The text is tiny: it starts a thread, and everything else happens there. It runs in `__main__`, so
it binds no name there, and nothing that it does can raise into the target. Beside busy threads each
of the agent's first steps would wait 5 ms for the GIL, so the interpreter's switch interval is
shortened until the first answer is out, which takes a few milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from modtui.reach.bundle import FLAGS

STATUS_SIZE = 4096  # the payload file begins with so many bytes for what the agent has to say

# On the target's main thread, which waits for it: as little as can be.
_STARTER = """\
import sys
m = sys.modules
start = m["_thread"].start_new_thread
if type(start) is not type(len):
    space = {"what": None}
    exec(source, space)
    start = space["real"]("start_new_thread")
start(exec, (source, {"what": what}))
"""
# On the agent's own thread.
_BEGINNING = """\
import sys
m = sys.modules
t, g = m["_thread"], m["marshal"]
p = m.get("posix")
def go(what):
    there = None
    if type(what) is not str:
        there, *expected = what
        found = p.fstat(there)
        if expected and expected != [found.st_dev, found.st_ino]:
            return
    def say(text):
        if there is not None:
            p.pwrite(there, text.encode("utf-8", "surrogateescape")[:4000], 0)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    quick = sys.getswitchinterval()
    def calm():
        if sys.getswitchinterval() == quick:
            sys.setswitchinterval(usual)
    try:
        say("T")
        if there is not None:
            at, parts = 4096, []
            while 1:
                part = p.pread(there, 1 << 20, at)
                if not part:
                    break
                parts.append(part)
                at += len(part)
            data = b"".join(parts)
        else:
            data = bytes.fromhex(what)
        magic, code, box = g.loads(data)
        space = {"__name__": "_modtui_bootstrap", "__builtins__": __builtins__}
        if magic == m["_frozen_importlib_external"].MAGIC_NUMBER:
            code = g.loads(code)
        else:
            code = compile(code, "<modtui>/agent/bootstrap.py", "exec", FLAGS, True, 2)
        space["_code"] = code
        exec(code, space)
        space["arrive"](box, say, calm, real)
    except BaseException as error:
        calm()
        say("E%s: %s" % (type(error).__name__, error))
    finally:
        if there is not None:
            p.close(there)
def real(name):
    here = vars(t)[name]
    if type(here) is type(len):
        return here
    known, f = "gc" in m, m["_frozen_importlib"]
    gc = m.get("gc") or f.module_from_spec(f.BuiltinImporter.find_spec("gc"))
    if not known:
        m.pop("gc", None)
    return [x for x in gc.get_objects() if type(x) is type(len)
            and x.__name__ == name and x.__self__ is t][0]
if what is not None:
    go(what)
"""


def arrival_text(what: str) -> bytes:
    """The text that brings the agent; `what` is an expression for where its payload is.

    A tuple begins with a descriptor (of `STATUS_SIZE` bytes for answers, then the payload) and goes
    on with the device and inode that it must have, if it was not opened by the text itself: the
    target may have closed it. A string is the payload itself in hexadecimal.
    """
    return _guarded(_STARTER, what=what, source=repr(_BEGINNING.replace("FLAGS", FLAGS)))


def job_text(packages: tuple[str, ...], token: str) -> bytes:
    """The text that runs a job on the thread that runs the text; one of the packages has it."""
    return _guarded(
        f"import sys\nfor name in {packages!r}:\n"
        f" jobs = sys.modules.get(name + '.jobs')\n"
        f" if jobs is not None: jobs.run({token!r})\n"
    )


def _guarded(source: str, /, **names: str) -> bytes:
    """A text that executes source in a namespace of its own; `names` are expressions."""
    space = "".join(f", {name!r}: {value}" for name, value in names.items())
    text = f'try:\n exec({source!r}, {{"__name__": "_modtui"{space}}})\nexcept:\n pass\n'
    return text.encode("utf-8", "surrogateescape") + b"\0"


@dataclass
class Parcel:
    """What is to be run in the target's main thread, and how we know that it was."""

    text: Callable[[str], bytes]  # of the expression for the payload
    payload: bytes
    arrived: Callable[[], bool]
    memory: list[tuple[int, int]] = field(default_factory=list)  # mapped there: address, size
    descriptor: int | None = None  # ours, of the file that the payload went in

    def status(self) -> str:
        """What the agent had to say so far.

        "", "T" when its thread has begun, "L" and its path, newline, thread; or "E" and an error.
        """
        if self.descriptor is None:
            return ""
        data = os.pread(self.descriptor, STATUS_SIZE, 0)
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")

    def begun(self) -> bool:
        """Did main run the text, as far as we know?"""
        return bool(self.status())

    def close(self) -> None:
        """Close our end of the payload."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


Progress = Callable[[str], None]
