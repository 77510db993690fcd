from scenario_lib import *
NAME = 'exec_and_namedtuple_defaults'
RIGHT = 'generated classes keep working for held instances'

import pickle
def setup():
    import a, user
    return NS(p=a.Point(1), e=a.Emp("n"), d=a.Dyn())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "defaults": lambda: user.Point(1) == (1, 5) and user.Emp("q").id == 2,
        "old tuples": lambda: s.p == (1, 0) and s.p.y == 0 and s.e.label() == "new n" and s.e.id == 1,
        "isinstance": lambda: isinstance(s.p, a.Point) and isinstance(s.e, user.Emp),
        "dynamic class": lambda: s.d.m() == "new" and user.Dyn().m() == "new",
        "namespace": lambda: user.Space.a == 2,
        "pickle": lambda: pickle.loads(pickle.dumps(s.p)) == s.p and type(pickle.loads(pickle.dumps(s.e))) is a.Emp,
    }
