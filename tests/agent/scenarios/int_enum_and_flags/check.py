from scenario_lib import *
NAME = 'int_enum_and_flags'
RIGHT = 'members whose value is part of the object are new, all others stay'

import pickle
def setup():
    import a, user
    return NS(low=a.Level.LOW, r=a.Perm.R, a=a.Kind.A, high=a.Level.HIGH, rw=a.Perm.R | a.Perm.W)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "kept member": lambda: a.Level.LOW is s.low is user.low and s.low.tag() == "new",
        "changed member": lambda: a.Level.HIGH == 3 and a.Level(3) is a.Level.HIGH and user.Level.HIGH.tag() == "new",
        "added": lambda: user.Level(9) is a.Level.TOP and [m.name for m in user.Level] == ["LOW", "HIGH", "TOP"],
        "type": lambda: type(a.Level.TOP) is user.Level and isinstance(a.Level.HIGH, user.Level),
        "flag": lambda: a.Perm.R is s.r and (user.Perm.R | user.Perm.X).value == 5 and s.r in s.rw,
        "str enum": lambda: a.Kind("a") is s.a and user.Kind.C == "c",
        "dict": lambda: user.table[a.Kind.A] == 1 and user.table[a.Level.LOW] == 2,
        "pickle": lambda: pickle.loads(pickle.dumps(s.low)) is a.Level.LOW,
    }
