from scenario_lib import *
NAME = 'recursion_and_memory'
RIGHT = 'an endless recursion and an out-of-memory at the top level are survived'

def setup():
    import a
    return NS(f=a.f, o=a.C())
def verify(s):
    a = mod("a")
    return {
        "reported": lambda: s.error is not None,
        "old": lambda: s.f() == "old" and a.f() == "old" and s.o.m() == "old",
        "gone": lambda: not hasattr(a, "deep"),
    }
