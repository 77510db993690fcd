from scenario_lib import *
NAME = 'slots_subclass'
RIGHT = 'slots in a base and a dict in the subclass keep their values'

def setup():
    import a
    return NS(b=a.Base(), s=a.Sub())
def verify(s):
    a = mod("a")
    def put():
        s.s.y = 9
        return s.s.y
    return {
        "base": lambda: s.b.m() == ("new", 1) and s.b.kind == "base",
        "sub": lambda: s.s.m() == ("new", 1) and s.s.z == 3 and s.s.y == ("new", 2) and s.s.label == "sub",
        "setter": lambda: put() == ("new", 9),
        "still no dict": lambda: raises(AttributeError, lambda: setattr(s.b, "other", 1)),
        "isinstance": lambda: isinstance(s.s, a.Base) and type(s.s) is a.Sub,
    }
