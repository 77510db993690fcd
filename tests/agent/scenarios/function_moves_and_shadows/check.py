from scenario_lib import *
NAME = 'function_moves_and_shadows'
RIGHT = 'functions swap places, a builtin is shadowed, an import replaces a def'

def setup():
    import a, user
    return NS(f=a.first, g=a.second, use=a.use)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "swapped": lambda: s.f() == "first new" and s.g() == "second new" and user.first() == "first new",
        "names": lambda: s.f.__name__ == "first" and a.first is s.f,
        "builtin again": lambda: s.use() == 2,
        "import instead of def": lambda: a.join("x", "y") == "x/y" and user.join("x", "y") == "x/y",
    }
