"""The text that the target's main thread runs, and how what it needs gets to it.

The text is tiny: it starts a thread, and everything else happens there. It runs in `__main__`, so
it binds no name there, and nothing that it does can raise into the target. The thread's first wait
for the GIL would be 5 ms long for each busy thread of the target, so the interpreter's switch
interval is shortened just before; `modtui.agent.bootstrap` goes on from there.
"""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from modtui.agent.bootstrap import BRISK, QUICK, STATUS_SIZE
from modtui.reach.bundle import FLAGS, PARSING, SOURCE, Payload

NO_THREAD = "Eno thread"  # what the status begins with when there could be none
# On the target's main thread, which waits for it: as little as can be.
_STARTER = f"""\
import sys
usual = None
try:
    start = sys.modules["_thread"].start_new_thread
    if type(start) is not type(len):
        space = {{}}
        exec(original, space)
        start = space["original"]("start_new_thread")
    usual = sys.getswitchinterval()
    if round(usual, 6) in ({QUICK}, {BRISK}):
        usual = None
    else:
        sys.setswitchinterval(interval)
    start(exec, (source, {{"what": what, "size": size, "usual": usual}}))
except BaseException as error:
    if usual is not None:
        sys.setswitchinterval(usual)
    if type(what) is tuple:
        text = "{NO_THREAD}: %s: %s" % (type(error).__name__, error)
        sys.modules["posix"].pwrite(what[0], text.encode()[:4000], 0)
"""
# On the agent's own thread. No function is made, as it would be a cycle with its namespace.
_BEGINNING = f"""\
import sys
m = sys.modules
p, g = m["posix"], m["marshal"]
there = rest = None
space = {{"__name__": "_modtui_bootstrap", "__builtins__": __builtins__}}
try:
    if type(what) is str:
        data = bytes.fromhex(what)
        data, rest = data[:size], data[size:]
    else:
        number, *expected = what
        found = p.fstat(number)
        if expected and expected != [found.st_dev, found.st_ino]:
            raise OSError("its payload was closed")
        there = number
        p.pwrite(there, b"T", 0)
        data = p.pread(there, size, {STATUS_SIZE})
    magic, code, box = g.loads(data)
    if magic == m["_frozen_importlib_external"].MAGIC_NUMBER:
        code = g.loads(code)
    else:
        code = compile(code, "<modtui>/agent/bootstrap.py", "exec", {FLAGS}, True, 2)
    space["_code"] = code
    exec(code, space)
except BaseException as error:
    if usual is not None:
        sys.setswitchinterval(usual)
    if there is not None:
        p.pwrite(there, ("E%s: %s" % (type(error).__name__, error)).encode()[:4000], 0)
        p.close(there)
    space.clear()
else:
    del data, code
    space["come"](box, there, rest, size, usual)
"""


@functools.cache
def _original() -> str:
    """The text of the one function of the bootstrap that is needed before the bootstrap is there.

    That is in targets that have replaced threads by something else.
    """
    text = (SOURCE / "bootstrap.py").read_text("utf-8")
    nodes = ast.parse(text).body
    (node,) = (n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "original")
    node.body = node.body[1:]  # without its description
    for one in ast.walk(node):  # nothing that annotations name is there
        if isinstance(one, ast.FunctionDef):
            one.returns = None
        elif isinstance(one, ast.arg):
            one.annotation = None
    return "import sys\n" + ast.unparse(node)


def arrival_text(size: int, interval: float, what: str) -> bytes:
    """The text that brings the agent; `what` is an expression for where its payload is.

    `interval` is the switch interval until the first answer is out.

    A tuple begins with a descriptor (of `STATUS_SIZE` bytes for answers, then the payload, of which
    `size` bytes are needed at first) and goes on with the device and inode that it must have, if it
    was not opened by the text itself: the target may have closed it. A string is the payload itself
    in hexadecimal.
    """
    with PARSING:
        original = _original()
    return _guarded(
        _STARTER,
        what=what,
        size=repr(size),
        interval=repr(interval),
        source=repr(_BEGINNING),
        original=repr(original),
    )


def job_text(packages: tuple[str, ...], token: str) -> bytes:
    """The text that runs a job on the thread that runs the text; one of the packages has it."""
    return _guarded(
        f"import sys\nfor name in {packages!r}:\n"
        f" jobs = sys.modules.get(name + '.jobs')\n"
        f" if jobs is not None: jobs.run({token!r})\n"
    )


def _guarded(source: str, /, **names: str) -> bytes:
    """A text that executes source in a namespace of its own; `names` are expressions.

    The source itself tells what goes wrong; nothing of it may surface in the target's main thread.
    """
    space = "".join(f", {name!r}: {value}" for name, value in names.items())
    text = f'try:\n exec({source!r}, {{"__name__": "_modtui"{space}}})\nexcept:\n pass\n'
    return text.encode("utf-8", "surrogateescape") + b"\0"


@dataclass
class Parcel:
    """What is to be run in the target's main thread, and how we know that it was."""

    text: Callable[[str], bytes]  # of the expression for the payload
    payload: bytes  # b"" where the target has all that the text needs
    arrived: Callable[[], bool]
    memory: list[tuple[int, int]] = field(default_factory=list)  # mapped there: address, size
    descriptor: int | None = None  # ours, of the file that the payload went in
    file: int = -1  # the target's descriptor of the same
    errand: int = 0  # where the target has the data of the code that runs the text

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

    @staticmethod
    def of(payload: Payload, threads: int, arrived: Callable[[], bool]) -> Parcel:
        """The parcel that brings the agent to a target of so many threads."""
        interval = QUICK if threads > 1 else BRISK
        text = functools.partial(arrival_text, len(payload.core), interval)
        return Parcel(text, payload.core + payload.rest, arrived)

    def close(self) -> None:
        """Close our end of the payload."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


Progress = Callable[[str], None]
