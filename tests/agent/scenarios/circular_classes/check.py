from scenario_lib import *
NAME = 'circular_classes'
RIGHT = 'modules that import each other late, classes that know each other'

MODULES = ["a", "b"]
def setup():
    import a, b
    return NS(a=a.A(), b=b.B(), a2=a.A2())
def verify(s):
    a, b = mod("a"), mod("b")
    return {
        "no error": lambda: s.error is None,
        "old instances": lambda: s.a.m() == "new" and s.b.m() == ("new", "new") and s.a2.m() == ("new", "new") and s.a2.tag == "new",
        "identity": lambda: type(s.a) is a.A is b.A and type(s.b) is b.B and s.a.peer() is b.B,
        "keys": lambda: b.TYPES[a.A] is b.B,
        "added": lambda: s.a.extra() == 1 and s.a2.extra() == 1,
    }
