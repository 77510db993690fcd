"""Threads use a module while it is patched again and again: hammer.py SECONDS [FOLDER]

Some call its functions and make instances, some read several of its names in one go, some import it
and modules that import it anew, some hold the import system's locks for a while. Nobody may see a
version of before and one of after the same patch together, and nothing may wait for ever. It prints
how many patches and uses there were. Written for every Python from 3.8 on.
"""

import _imp
import faulthandler
import importlib
import os
import sys
import tempfile
import threading
import time

MOST_WAITING = 60  # seconds that one patch may take before it counts as waiting for ever
TEXT = """
import time
VERSION = {n}
TABLE = {{"v": {n}, "w": [{n}]}}
def low(): return {n}
def high(): return low(), VERSION, TABLE["v"], TABLE["w"][0], extra_{n}()
class C:
    tag = {n}
    def m(self): return {n}
    def both(self): return self.tag, self.m(), self.helper_{n}()
    @property
    def p(self): return {n}
{helpers}
class D(C):
    def m(self): return super().m()
def made():
    def inner(): return {n}
    return inner
{extras}
time.sleep(0.003)
LATE = {n}
"""


def text(n):
    """The text of a version; the versions around it have what calls under way need, too."""
    still = range(max(0, n - 50), n + 2)
    helpers = "\n".join("    def helper_%d(self): return %d" % (k, n) for k in still)
    extras = "\n".join("def extra_%d(): return %d" % (k, n) for k in still)
    return TEXT.format(n=n, helpers=helpers, extras=extras)


def put(path, content):
    with open(path + ".tmp", "w") as file:
        file.write(content)
    os.replace(path + ".tmp", path)


class Hammer:
    """The threads, and what they saw that should not be."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "hammered.py")
        put(self.path, text(0))
        put(os.path.join(folder, "importer.py"), "from hammered import *\nfrom hammered import C\n")
        self.module = importlib.import_module("hammered")
        self.errors, self.uses, self.stop = [], 0, threading.Event()
        self.instances = [self.module.C(), self.module.D()]

    def calling(self):
        module = self.module
        high, held = module.high, module.made()
        high()
        held()
        for one in [*self.instances, module.C(), module.D()]:
            one.both(), one.m(), one.p
        self.uses += 1

    def reading(self):
        # Read in one go by C code: versions of before and of after would show as a mixture.
        space = dict(self.module.__dict__)
        if space["VERSION"] != space["LATE"]:
            self.errors.append(("mixed", space["VERSION"], space["LATE"]))
        body = dict(type.__dict__["__dict__"].__get__(self.module.C))
        name = "helper_%d" % body["tag"]
        if name not in body:
            self.errors.append(("mixed class", body["tag"]))

    def importing(self):
        sys.modules.pop("importer", None)
        importlib.import_module("hammered")
        if importlib.import_module("importer").C is not self.module.C:
            self.errors.append("another class")

    def locking(self):
        _imp.acquire_lock()
        try:
            time.sleep(0.001)
        finally:
            _imp.release_lock()
        with importlib._bootstrap._ModuleLockManager("hammered"):
            time.sleep(0.001)

    def run(self, work):
        while not self.stop.is_set():
            try:
                work()
            except BaseException as error:
                self.errors.append(repr(error))

    def patch(self, seconds):
        """Patch until the time is over or something was seen; returns how often."""
        from modtui.agent import reloading

        module, n = self.module, 0
        high, cls = module.high, module.C
        end = time.time() + seconds
        while time.time() < end and not self.errors:
            n += 1
            put(self.path, text(n))
            faulthandler.dump_traceback_later(MOST_WAITING, exit=True)
            report = reloading.reload(["hammered"], patch=True)
            faulthandler.cancel_dump_traceback_later()
            assert report["ok"], report
            seen = [module.VERSION, high()[0], self.instances[0].m(), self.instances[1].m()]
            assert seen == [n] * 4, (n, seen)
            assert (module.C, module.high) == (cls, high)
            if n % 5 == 0:
                reloading.undo()
                assert module.VERSION == n - 1 == high()[0], (n, module.VERSION)
        return n


def main():
    seconds = float(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    hammer = Hammer(folder)
    works = [hammer.calling, hammer.calling, hammer.reading, hammer.importing, hammer.locking]
    threads = [threading.Thread(target=hammer.run, args=(one,), daemon=True) for one in works]
    sys.setswitchinterval(0.0005)
    for thread in threads:
        thread.start()
    n = hammer.patch(seconds)
    hammer.stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a thread waits for ever"
    assert not hammer.errors, hammer.errors[:5]
    print(n, "patches", hammer.uses, "uses")


if __name__ == "__main__":
    main()
