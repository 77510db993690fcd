"""Threads that use a module while it is patched, again and again, see no torn state."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.pythons import Python
from tests.targets import house

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = r'''
import importlib, os, sys, threading, time
folder = sys.argv[1]
sys.path.insert(0, folder)
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
{helpers}
{extras}
time.sleep(0.003)
LATE = {n}
"""
# What a call that is under way may still need stays for some versions more.
def text(n):
    still = range(max(0, n - 50), n + 1)
    helpers = "\n".join("    def helper_%d(self): return %d" % (k, n) for k in still)
    extras = "\n".join("def extra_%d(): return %d" % (k, n) for k in still)
    return TEXT.format(n=n, helpers=helpers, extras=extras)
path = os.path.join(folder, "hammered.py")
def write(n):
    with open(path + ".tmp", "w") as file: file.write(text(n))
    os.replace(path + ".tmp", path)
write(0)
import hammered
from hammered import high, C
from modtui.agent import reloading
instance = C()
errors, calls, stop = [], [0], threading.Event()
def seen(value):
    return len(set(value)) == 1
def use():
    while not stop.is_set():
        try:
            high()
            # One attribute each, read in one go by C code: a version of before and one of after
            # the step would show as a mixture.
            space = dict(hammered.__dict__)
            if not seen([space["VERSION"], space["LATE"]]):
                errors.append(("mixed", space["VERSION"], space["LATE"]))
            instance.both(); C().m(); hammered.C().both()
            importlib.import_module("hammered")
            calls[0] += 1
        except BaseException as error:
            errors.append(repr(error))
threads = [threading.Thread(target=use, daemon=True) for _ in range(4)]
old = sys.getswitchinterval(); sys.setswitchinterval(0.0005)
for thread in threads: thread.start()
end = time.time() + float(sys.argv[2])
n = 0
while time.time() < end and not errors:
    n += 1
    write(n)
    report = reloading.reload(["hammered"], patch=True)
    assert report["ok"], report
    assert hammered.VERSION == n == high()[0] == instance.m() == hammered.LATE, (n, high())
    assert hammered.C is C and hammered.high is high
stop.set()
for thread in threads: thread.join(5)
assert not errors, errors[:5]
print(n, "patches", calls[0], "uses")
'''


def test_no_torn_state(python: Python) -> None:
    with house(python) as (home, _, folder):
        environment = {**os.environ, "PYTHONPATH": home, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*python.command, "-c", SCRIPT, folder, "3"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert int(done.stdout.split()[0]) >= 3
