from scenario_lib import *
NAME = 'lru_cache'
RIGHT = 'cached functions run new code and forget what the old code gave'

def setup():
    import a, user
    o = a.C()
    a.f(1), a.g(), o.m(), a.C.s(), a.sized(1)
    return NS(f=a.f, g=a.g, o=o, s=a.C.s)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "module": lambda: a.f(1) == ("new", 1),
        "held": lambda: s.f(1) == ("new", 1) and user.f(1) == ("new", 1),
        "what it calls is new": lambda: s.g() == "new",
        "method": lambda: s.o.m() == "new",
        "static method": lambda: s.s() == "new" and a.C.s() == "new",
        "parameters": lambda: a.sized.cache_info().maxsize == 5 and user.sized.cache_info().maxsize == 5,
        "identity": lambda: a.f is s.f and a.f is user.f,
        "still caches": lambda: a.f(7) is a.f(7),
    }
