from scenario_lib import *
NAME = 'injected_names'
RIGHT = 'what others put into the module or the class stays'

def setup():
    import a
    a.plugin = "plugin"
    a.C.extra = "extra"
    a.C.patched = lambda self: "patched"
    a.f.note = "note"
    return NS(o=a.C())
def verify(s):
    a = mod("a")
    return {
        "new": lambda: a.X == 2 and a.f() == "new" and s.o.m() == "new" and s.o.n() == "n",
        "module": lambda: a.plugin == "plugin",
        "class": lambda: a.C.extra == "extra" and s.o.patched() == "patched",
        "function": lambda: a.f.note == "note",
        "removed": lambda: not hasattr(a, "gone") and not hasattr(a.C, "z"),
    }
