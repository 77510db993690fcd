"""Arriving, leaving and forking in every order: at each line of the one comes the other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from modtui import __version__
from modtui.reach import bundle
from tests.pythons import PYTHONS, Python

# The oldest and the newest do; one in a root of its own would see none of our files.
NATIVE = [python for python in PYTHONS if not python.root and python.label != "system"]

PROGRAM = """
import _thread, marshal, os, socket, sys
folder = sys.argv[1]
FLAGS = eval(sys.argv[3])
with open(folder + "/core", "rb") as file:
    _, TEXT, BOX = marshal.loads(file.read())
with open(folder + "/rest", "rb") as file:
    REST = file.read()

def compiled(name, text):
    return compile(text, "<modtui>/agent/%s.py" % name, "exec", FLAGS, True, 2)

def boxed():
    # As if this interpreter had been met before: compiled once, for all arrivals.
    package, arrival, version, digest, _, known, (c_modules, codes, sources) = BOX
    assert sources and not codes
    codes = marshal.dumps([(name, compiled(name, text)) for name, text in sources])
    magic = sys.modules["_frozen_importlib_external"].MAGIC_NUMBER
    return package, arrival, version, digest, magic, known, (c_modules, codes, [])

TRACED = ["<modtui>/agent/%s.py" % name for name in ("bootstrap", "channel")]
BOX, CODE = boxed(), compiled("bootstrap", TEXT)
PACKAGE = BOX[0]
for name in BOX[6][0]:
    __import__(name)  # the target has them, so that each round is the same

class Arrival:
    def __init__(self, at_line=None, box=BOX):
        self.said, self.at_line, self.box = "", at_line, box
        self.told, self.left = _thread.allocate_lock(), _thread.allocate_lock()
        self.told.acquire()
        self.left.acquire()
    def begin(self):
        _thread.start_new_thread(self.run, ())
        return self
    def run(self):
        space = {"__name__": "_modtui_bootstrap", "_code": CODE}
        exec(CODE, space)
        self.traced(space["arrive"], (self.box, self.report, lambda: REST))
        self.left.release()
    def traced(self, function, arguments):
        if self.at_line is not None:
            sys.settrace(self.trace)
        function(*arguments)
        sys.settrace(None)
    def start(self, function, arguments):
        return _thread.start_new_thread(self.traced, (function, arguments))
    def report(self, text):
        assert not self.said, (self.said, text)
        self.said = text
        self.told.release()
    def trace(self, frame, event, _):
        if frame.f_code.co_filename in TRACED:
            return self.local
    def local(self, frame, event, _):
        if event == "line":
            self.at_line(frame.f_code.co_name, frame.f_lineno)
        return self.local
    def path(self):
        assert self.told.acquire(True, 60), "it neither arrives nor fails"
        self.told.release()
        assert self.said.startswith("L"), self.said
        return self.said[1:].split(chr(10))[0]
    def gone(self):
        assert self.left.acquire(True, 60), "it does not leave"
        self.left.release()
    def leave(self, at_line=None):
        # Also the thread that answers, and that may be the last one, is traced.
        vars(sys.modules[PACKAGE + ".channel"])["start_thread"] = self.start
        if at_line is not None:
            self.at_line = at_line
        visit(self.path())
        self.gone()

def visit(path):
    '''It answers, and leaves when it is told to.'''
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(bytes(1) + path[1:].encode() if path.startswith("@") else path)
        with wire.makefile("rb") as answers:
            for call, expected in ("hello", PACKAGE), ("detach", "["):
                body = b'{"id": 1, "call": "%s"}' % call.encode()
                wire.sendall(len(body).to_bytes(4, "big") + body)
                answer = answers.read(int.from_bytes(answers.read(4), "big"))
                assert expected.encode() in answer, answer
            assert answers.read() == b""

def clean():
    left = [name for name in sys.modules if name.startswith(PACKAGE)]
    assert not left, left

class Once:
    '''Does something when a line is come to for the first time: each, or that of this number.'''
    def __init__(self, act, which=None):
        self.seen, self.act, self.which = [], act, which
    def __call__(self, function, line):
        if (function, line) not in self.seen:
            self.seen.append((function, line))
            if self.which in (None, len(self.seen) - 1):
                self.act()

def in_a_child():
    '''A child that is forked just now: an agent comes to it, works, and leaves nothing.'''
    pid = os.fork()
    if not pid:
        sys.settrace(None)
        try:
            one = Arrival().begin()
            visit(one.path())
            one.gone()
            clean()
        except BaseException as error:
            print("in a child:", type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0

def forks():
    arriving, leaving = Once(in_a_child), Once(in_a_child)
    one = Arrival(arriving).begin()
    one.path()
    one.leave(leaving)
    clean()
    return len(arriving.seen), len(leaving.seen)

def each_line(round):
    number = 0
    while True:
        once = round(number)
        clean()
        if len(once.seen) <= number:
            return number
        number += 1

def leaves_while_another_arrives(replaced):
    def round(number):
        others = [Arrival().begin()]
        others[0].path()
        def leave():
            if second.said:
                return  # what it has told is what its inspector sees
            others[0].leave()
            if replaced:
                others.append(Arrival().begin())
                others[1].path()
        once = Once(leave, number)
        second = Arrival(once)
        second.begin().path()
        if PACKAGE in sys.modules:  # else the second has found the first just before that left
            (others[-1] if second.said == others[-1].said else second).leave()
        for one in others + [second]:
            one.gone()
        return once
    return each_line(round)

def two_arrive():
    def round(number):
        others = []
        once = Once(lambda: others.append(Arrival().begin()), number)
        first = Arrival(once).begin()
        path = first.path()
        for one in others:
            assert one.path() == path
            one.gone()  # its thread has nothing to do
        first.leave(lambda *_: None)
        return once
    return each_line(round)

def arrives_while_another_leaves(box=BOX):
    def round(number):
        others = []
        once = Once(lambda: others.append(Arrival(box=box).begin()), number)
        first = Arrival(lambda *_: None).begin()
        first.path()
        first.leave(once)
        for one in others:
            one.path()
            if one.said == first.said:
                assert box is BOX
                one.gone()  # it was found just before it left
            else:
                one.leave()
        return once
    return each_line(round)

OTHER = BOX[:3] + ("of another version",) + BOX[4:]
TESTS = dict(forks=forks, two=two_arrive, arrives=arrives_while_another_leaves,
             newer=lambda: arrives_while_another_leaves(OTHER),
             leaves=lambda: leaves_while_another_arrives(False),
             replaced=lambda: leaves_while_another_arrives(True))
print(TESTS[sys.argv[2]](), flush=True)
"""


@pytest.mark.parametrize("python", [NATIVE[0], NATIVE[-1]], ids=str)
@pytest.mark.parametrize("order", ["forks", "two", "leaves", "replaced", "arrives", "newer"])
def test_at_each_line(python: Python, order: str, tmp_path: Path) -> None:
    """Whoever arrives gets in, whatever the other is about; and in the end nothing is left."""
    payload = bundle.payload(__version__, "one that we do not know")
    (tmp_path / "core").write_bytes(payload.core)
    (tmp_path / "rest").write_bytes(payload.rest)
    done = subprocess.run(
        [*python.command, "-W", "ignore", "-c", PROGRAM, str(tmp_path), order, bundle.FLAGS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
