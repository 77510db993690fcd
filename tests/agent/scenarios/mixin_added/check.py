from scenario_lib import *
NAME = 'mixin_added'
RIGHT = "the old instances and all holders have the mixin's methods"

import pickle
def setup():
    import a, user
    o = a.C(); o.x = 1
    return NS(o=o, d=user.D(), C=a.C, lst=[a.C])
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "new instance": lambda: a.C().mixed() == "mixed" and a.C().m() == "new",
        "old instance": lambda: s.o.mixed() == "mixed" and s.o.m() == "new" and s.o.x == 1,
        "isinstance": lambda: isinstance(s.o, a.Mixin) and isinstance(s.o, a.C) and isinstance(a.C(), user.C),
        "subclass elsewhere": lambda: s.d.mixed() == "mixed" and user.D().m() == "new" and issubclass(user.D, a.C),
        "from-import": lambda: user.C().mixed() == "mixed",
        "held": lambda: s.C is a.C and s.lst[0] is a.C and user.table[a.C] == "c" and user.table["k"][0] is a.C and user.table["k"][1][0] is a.C,
        "default argument": lambda: user.make().mixed() == "mixed",
        "pickle": lambda: pickle.loads(pickle.dumps(s.o)).x == 1,
    }
