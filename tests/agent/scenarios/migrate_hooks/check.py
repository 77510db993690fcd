from scenario_lib import *
NAME = 'migrate_hooks'
RIGHT = 'a module and a class bring their own state up to date'

def setup():
    import a
    return NS(p=a.P(), c=a.Child())
def verify(s):
    a = mod("a")
    return {
        "instance": lambda: (s.p.first, s.p.last) == ("x", "y") and not hasattr(s.p, "name"),
        "subclass instance": lambda: s.c.first == "x",
        "module": lambda: "MIGRATED" in vars(a),
        "new": lambda: a.P().last == "y",
    }
