from scenario_lib import *
NAME = 'dataclass_changed'
RIGHT = 'fields added and removed, defaults and generated methods are new'

import dataclasses
def setup():
    import a, user
    return NS(p=a.P(1), f=a.F(), q=a.Q(1))
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "new instance": lambda: user.P(1) == a.P(1, 2, []),
        "fields": lambda: [f.name for f in dataclasses.fields(user.P)] == ["x", "y", "added"],
        "old instance": lambda: s.p.m() == "new" and s.p.y == 1,
        "order": lambda: user.P(1) < a.P(2),
        "repr": lambda: repr(user.P(1)) == "P(x=1, y=2, added=[])",
        "frozen": lambda: user.F().w == 2 and s.f.m() == "new" and raises(dataclasses.FrozenInstanceError, lambda: setattr(s.f, "x", 3)),
        "class default removed": lambda: "gone" not in a.P.__dict__,
        "derived": lambda: user.Q(1).added == [] and [f.name for f in dataclasses.fields(a.Q)] == ["x", "y", "added", "z"],
        "isinstance": lambda: isinstance(s.p, user.P) and isinstance(s.q, a.P),
    }
