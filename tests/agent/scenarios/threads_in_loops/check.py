from scenario_lib import *
NAME = 'threads_in_loops'
RIGHT = 'a thread in an endless loop calls the new functions'

import time, threading
def setup():
    import a
    time.sleep(0.02)
    return NS(t=a.thread, n=threading.active_count())
def verify(s):
    a = mod("a")
    time.sleep(0.05)
    last = a.seen[-1]
    count = threading.active_count()
    a.stop.set(); s.t.join(2)
    return {
        "new code": lambda: last == "new",
        "one thread": lambda: count == s.n and a.thread is s.t,
        "it ended": lambda: not s.t.is_alive(),
    }
