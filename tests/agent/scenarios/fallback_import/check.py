from scenario_lib import *
NAME = 'fallback_import'
RIGHT = "names from `try: import` and from an alias inside a function's module are new"

def setup():
    import a, user
    return NS(k=user.K(), derived=user.DERIVED, get=user.get)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "alias": lambda: user._VALUE == 2 and user._f() == "new",
        "derived": lambda: user.DERIVED == [2, 3] and user.DERIVED is s.derived,
        "default": lambda: s.get() == (2, 2, [2, 3]),
        "class": lambda: s.k.size == 20 and s.k.m() == 2 and type(s.k) is user.K,
    }
