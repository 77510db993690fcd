from scenario_lib import *
NAME = 'callbacks'
RIGHT = 'bound methods, partials and functions in containers run new code'

import functools, weakref
def setup():
    import a, user
    return NS(p=functools.partial(a.f, 9), s={a.handler}, w=weakref.ref(a.handler), wm=weakref.WeakMethod(user.obj.m), add=a.add)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "bound": lambda: user.callbacks["m"]() == "new" and user.callbacks["c"]() == "new",
        "deque": lambda: [user.queue[0](1), user.queue[1]()] == ["new", "new"],
        "held partial": lambda: s.p() == ("new", 9, 0),
        "module partial": lambda: a.add() == ("new", 1, 3) and user.add() == ("new", 1, 3),
        "slot": lambda: user.signal.fn(1) == "new",
        "set": lambda: a.handler in s.s and next(iter(s.s))(1) == "new",
        "weak references": lambda: s.w()(1) == "new" and s.wm()() == "new",
    }
