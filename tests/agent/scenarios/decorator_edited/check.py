from scenario_lib import *
NAME = 'decorator_edited'
RIGHT = 'a decorator of another module is edited; what it made runs the new wrapper'

def setup():
    import deco, user
    return NS(f=user.f, o=user.C(), g=user.g)
def verify(s):
    deco, user = mod("deco"), mod("user")
    return {
        "module": lambda: user.f(1) == ("new", 1) and user.g() == ("new", [1, 1]),
        "held": lambda: s.f(2) == ("new", 2) and s.g() == ("new", [1, 1]),
        "method": lambda: s.o.m() == ("new", "m"),
        "wrapped": lambda: user.f.__name__ == "f" and user.f.__wrapped__(3) == 3,
    }
