from scenario_lib import *
NAME = 'mixin_removed'
RIGHT = 'a base that is gone is gone from old instances'

def setup():
    import a, user
    o = a.C(); o.x = 1
    return NS(o=o)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "old instance": lambda: s.o.m() == "new" and s.o.x == 1,
        "mixin gone": lambda: not hasattr(s.o, "mixed") and not hasattr(user.C(), "mixed"),
        "isinstance": lambda: isinstance(s.o, a.C) and not isinstance(s.o, a.Mixin),
        "one class": lambda: a.C is user.C and type(s.o) is a.C,
    }
