"""One inspector's requests: read, checked, called and answered, one after the other."""

from __future__ import annotations

from . import framing, jobs
from .errors import AgentError, BadCall, LooksOnly
from .sockets import Pace, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

# What the wire may call, and nothing else.
CALLS = frozenset(
    (
        "hello",
        "list_modules",
        "changes",
        "freshness",
        "show",
        "source",
        "baseline",
        "remember",
        "live_code",
        "told_start",
        "plan",
        "journal",
        "reload",
        "undo",
        "submit",
        "wait",
        "withdraw",
        "run_here",
    )
)

MOST_REQUESTS = 2000  # in a second, of one inspector; the app makes some ten
# What a session that only looks may not.
CHANGING = frozenset(("reload", "undo", "submit", "run_here", "channel.pump"))


class Connection:
    """One inspector: `serve` answers it until it goes."""

    def __init__(self, server: Any, sock: Socket) -> None:
        self.server = server
        self.socket = sock
        self.calls: Any = None  # made by the first call that needs more than this module
        self.only_looks = False
        self.submitted: List[str] = []  # tokens of jobs
        self.pace = Pace(MOST_REQUESTS)

    def refuse(self, reason: str) -> None:
        try:
            self._answer(None, error=("Refused", reason))
        except OSError:
            pass  # it did not even stay to hear
        self.socket.close()

    def serve(self) -> None:
        try:
            while self._serve_one():
                self.server.calm()
        except OSError:
            pass  # the inspector is gone, in the middle of something
        finally:
            jobs.end(self.submitted)
            self.server.gone(self)

    def _serve_one(self) -> bool:
        head = self.socket.receive(4)
        if head is None:
            return False
        self.pace.step()
        size = int.from_bytes(head, "big")
        if size > framing.LONGEST_REQUEST:
            self._answer(None, error=("BadCall", "a request of %d bytes is too long" % size))
            return False
        body = self.socket.receive(size)
        if body is None:
            return False
        try:
            request = framing.decode(body)
            if type(request) is not dict:
                raise framing.BadFrame("a request is an object")
        except framing.BadFrame as error:
            self._answer(None, error=("BadCall", str(error)))
            return False
        number = request.get("id")
        if request.get("call") == "detach":
            self._answer(number, result=list(self.server.ids))
            self.server.leave(self)
            return False
        self._dispatch(number, request)
        return True

    def _dispatch(self, number: Any, request: Dict[str, Any]) -> None:
        try:
            result = self._call(request.get("call"), request.get("arguments") or {})
            answer = framing.encode({"id": number, "result": result})
        except AgentError as error:
            self._answer(number, error=(type(error).__name__, str(error)))
        except BaseException as error:
            self._answer(number, error=("AgentError", jobs.describe(error)))
        else:
            self.socket.send(framing.frame(answer))

    def _call(self, name: Any, arguments: Any) -> Any:
        if type(name) is not str or type(arguments) is not dict:
            raise BadCall("a call is a name and an object of arguments")
        if name == "channel.look_only":
            self.only_looks = True  # and nothing takes it back
            return True
        if self.only_looks and name in CHANGING:
            raise LooksOnly("this session only looks: nothing in the target is changed")
        if name in self.server.own:
            method: Any = self.server.own[name]
            skip = 0
        elif name in CALLS:
            method = getattr(self._all_calls(), name)
            skip = 1
        else:
            raise BadCall("there is no call %r" % (name,))
        code = (method.__func__ if skip else method).__code__
        allowed = code.co_varnames[skip : code.co_argcount]
        unknown = [key for key in arguments if key not in allowed]
        if unknown:
            raise BadCall("%s takes no argument %r" % (name, unknown[0]))
        for key in allowed[: len(allowed) - len(method.__defaults__ or ())]:
            if key not in arguments:
                raise BadCall("%s needs the argument %r" % (name, key))
        result = method(**arguments)
        if name == "submit":
            self.submitted.append(result)
        return result

    def _all_calls(self) -> Any:
        if self.calls is None:
            self.server.complete()
            from .calls import WireCalls  # not before: most of the agent comes when it is needed

            self.calls = WireCalls()
        return self.calls

    def _answer(self, number: Any, result: Any = None, error: Any = None) -> None:
        answer: Dict[str, Any] = {"id": number}
        if error is None:
            answer["result"] = result
        else:
            answer["error"] = {"type": error[0], "message": error[1]}
        self.socket.send(framing.frame(framing.encode(answer)))
