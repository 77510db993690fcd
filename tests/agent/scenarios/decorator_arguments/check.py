from scenario_lib import *
NAME = 'decorator_arguments'
RIGHT = 'arguments of a decorator change, state in its closure of others stays'

def setup():
    import a, user, deco
    a.f(1)
    a.g(1)
    return NS(f=a.f)
def verify(s):
    a, user, deco = mod("a"), mod("user"), mod("deco")
    return {
        "held": lambda: s.f(2)[:3] == (("new", 2), 5, ["a", "b"]),
        "registry": lambda: deco.registry["f"] is a.f and user.f is a.f,
        "untouched decoration": lambda: a.g(1) == (("new g", 1), 1, ["z"], 2),
    }
