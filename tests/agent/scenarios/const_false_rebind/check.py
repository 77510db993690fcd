from scenario_lib import *
NAME = 'const_false_rebind'
RIGHT = 'only what an import bound is rebound, not what is equal by accident'

def setup():
    import a, user, other
    user.K.LIMIT = 1
    return NS()
def verify(s):
    a, user, other = mod("a"), mod("user"), mod("other")
    return {
        "imported": lambda: user.LIMIT == 2,
        "own equal constants": lambda: (user.MINE, user.NAME, user.FLAG, user.EMPTY) == (1, "x", True, ()),
        "defaults": lambda: user.f() == (1, True),
        "class attribute": lambda: user.K.LIMIT == 1,
        "container": lambda: user.state == {"LIMIT": 1},
        "other: own name": lambda: other.LIMIT == 1,
        "other: alias": lambda: other.N2 == "y",
        "other: rebound by itself": lambda: other.L2 == 1,
    }
