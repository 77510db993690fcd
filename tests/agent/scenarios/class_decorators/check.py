from scenario_lib import *
NAME = 'class_decorators'
RIGHT = 'a registering and a replacing class decorator'

def setup():
    import lib, a, user
    return NS(p=a.P(), w=a.W())
def verify(s):
    lib, a, user = mod("lib"), mod("a"), mod("user")
    return {
        "registered": lambda: lib.plugins["y"] is a.P and a.P.plugin == "y" and user.P is a.P,
        "no duplicate": lambda: lib.order == [a.P],
        "instance": lambda: s.p.m() == "new" and s.p.n() == "n",
        "wrapper": lambda: a.W().m() == "new" and user.W().n() == "n" and a.W().extra() == "extra",
        "old wrapped instance": lambda: s.w.m() == "new" and s.w.extra() == "extra",
    }
