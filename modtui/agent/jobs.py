"""Changing calls that another thread runs: claimed once, or withdrawn and then never run.

A job waits under an unguessable token. The target's main thread gets to it by a text that calls
`run(token)`; if main is not there in time the inspector withdraws the job, or has it run by the
agent's own thread. Whoever claims it first runs it; nobody can run it a second time or later.
"""

from __future__ import annotations

import posix

from .errors import AgentError, UnknownJob
from .sockets import new_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Optional

    from . import shapes

KEPT = 16  # finished jobs whose results can still be asked for
LOOK = 1.0  # seconds between looks at a job whose end main may have been kept from telling
LONGEST_WAIT = 60.0  # seconds; an inspector that wants to wait longer asks again

_jobs: Dict[str, _Job] = {}


class _Job:
    __slots__ = ("done", "error", "fn", "result", "state", "tickets")

    def __init__(self, fn: Callable[[], Any]) -> None:
        self.fn: Optional[Callable[[], Any]] = fn
        self.state = "waiting"
        self.tickets = [None]
        self.result: Any = None
        self.error: Optional[Dict[str, str]] = None
        self.done = new_lock()
        self.done.acquire()  # released when there is an end to wait for

    def claim(self, state: str) -> bool:
        """Take the one ticket, if nobody has. No lock: main may come here out of any instruction of
        ours, also one that would hold it."""
        try:
            self.tickets.pop()
        except IndexError:
            return False
        self.state = state
        return True

    def execute(self) -> None:
        fn, self.fn = self.fn, None
        assert fn is not None
        try:
            self.result = fn()
        except AgentError as error:
            self.error = {"type": type(error).__name__, "message": str(error)}
        except BaseException as error:
            # Whatever it is, it belongs to the inspector that asked and not to the target's thread.
            self.error = {"type": "AgentError", "message": describe(error)}
        finally:  # also if a signal's handler raises just there
            self.state = "done"
            self.done.release()

    def withdraw(self) -> bool:
        """True if it had not begun, and now never will."""
        if not self.claim("withdrawn"):
            return False
        self.fn = None
        self.done.release()
        return True

    def ended(self) -> bool:
        return self.state in ("done", "withdrawn")

    def as_json(self) -> shapes.JobState:
        state: Any = {"state": self.state, "result": None, "error": None}
        if self.state == "done":
            state["result"], state["error"] = self.result, self.error
        return state  # type: ignore[no-any-return]


def describe(error: BaseException) -> str:
    """An unexpected error in one line, with the place it came from."""
    place, trace = "", error.__traceback__
    while trace is not None:
        place = " (%s:%d)" % (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    try:
        message = str(error)
    except BaseException as another:
        message = "its message could not be made: %s" % (type(another).__name__,)
    return "%s: %s%s" % (type(error).__name__, message, place)


def submit(fn: Callable[[], Any]) -> str:
    """Keep a job to be run by another thread; returns its token."""
    token = posix.urandom(16).hex()
    ended = [key for key, job in list(_jobs.items()) if job.ended()]
    for old in ended[:-KEPT]:
        _jobs.pop(old, None)
    _jobs[token] = _Job(fn)
    return token


def _find(token: str) -> _Job:
    job = _jobs.get(token) if type(token) is str else None
    if job is None:
        raise UnknownJob("there is no such job")
    return job


def run(token: str) -> None:
    """Run the job on the calling thread, unless it was claimed or withdrawn. Raises nothing."""
    job = _jobs.get(token)
    if job is not None and job.claim("running"):
        job.execute()


def wait(token: str, seconds: float) -> shapes.JobState:
    """The job's state, as soon as it has ended or after so many seconds. Raises UnknownJob."""
    job = _find(token)
    if job.done.acquire(True, min(max(float(seconds), 0.0), LONGEST_WAIT)):
        job.done.release()  # for the next who waits
    return job.as_json()


def withdraw(token: str) -> bool:
    """Take the job back: True if it has not begun and now never will. Raises UnknownJob."""
    job = _find(token)
    return job.withdraw() or job.state == "withdrawn"


def run_here(token: str) -> shapes.JobState:
    """Run the job on the calling thread if nobody has begun it. Raises UnknownJob."""
    job = _find(token)
    if job.claim("running"):
        job.execute()
    return job.as_json()


def pump_with_ctypes(token: str) -> None:
    """Have the main thread run the job at its next safe point, by a pending call from in here.

    For agents that were invited (listen, run) where nobody may trace the process. It imports ctypes
    into the target, and reaches main only while that executes Python code: a blocked main gets to
    the job when its wait ends, by which time it may have been withdrawn. Raises UnknownJob, and
    ImportError where there is no ctypes.
    """
    job = _find(token)
    import ctypes

    # Only what this function itself holds is used before the claim, so that a call that comes after
    # the agent has left finds the job withdrawn and does nothing.
    def call(_: Any, job: _Job = job) -> int:
        if job.claim("running"):
            job.execute()
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(call)
    # The interpreter's queue holds a bare address of it, for as long as main takes to get there.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))
    if ctypes.pythonapi.Py_AddPendingCall(callback, None) != 0:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(callback))


def end(tokens: Iterable[str]) -> None:
    """Whoever wanted these jobs has gone: withdraw those that have not begun, and wait for those
    that have, as their code needs the agent until it is out."""
    for job in map(_jobs.get, tokens):
        while job is not None and not job.withdraw() and not job.ended():
            if job.done.acquire(True, LOOK):
                job.done.release()  # for the next who waits


def withdraw_all() -> None:
    """Withdraw every job that has not begun: the agent is leaving."""
    for job in list(_jobs.values()):
        job.withdraw()


def unfinished() -> int:
    """How many jobs wait or run."""
    return sum(not job.ended() for job in list(_jobs.values()))
