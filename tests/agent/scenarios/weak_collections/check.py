from scenario_lib import *
NAME = 'weak_collections'
RIGHT = 'weak sets and weak keys of classes, instances and functions go on'

import weakref, gc
def setup():
    import a
    o = a.C()
    d = weakref.WeakKeyDictionary(); d[a.f] = 1; d[a.C] = 2; d[o] = 3
    return NS(o=o, d=d, r=weakref.ref(a.C), p=weakref.proxy(o))
def verify(s):
    a = mod("a")
    gc.collect()
    return {
        "weak set": lambda: s.o in a.C.live and len(a.C.live) == 1,
        "weak keys": lambda: s.d[a.f] == 1 and s.d[a.C] == 2 and s.d[s.o] == 3 and len(s.d) == 3,
        "module's weak keys": lambda: a.by_class[a.C] == "c",
        "reference": lambda: s.r() is a.C,
        "proxy": lambda: s.p.n() == "n" and s.p.m() == "new",
    }
