from scenario_lib import *
NAME = 'late_rollback'
RIGHT = 'the third of three modules fails; all three and what they imported are as before'

import sys
def setup():
    import one, two, three
    return NS(c=one.C(), d=two.D(), f=one.f, C=one.C, D=two.D, names=[dict(vars(m)) for m in (one, two, three)], attrs=dict(vars(one.C)))
def verify(s):
    one, two, three = mod("one"), mod("two"), mod("three")
    now = [dict(vars(m)) for m in (one, two, three)]
    return {
        "reported, not escaped": lambda: s.error is not None and not s.escaped,
        "namespaces": lambda: all(list(a) == list(b) and all(a[k] is b[k] for k in a if k != "__builtins__") for a, b in zip(now, s.names)),
        "class": lambda: s.c.m() == "old" and not hasattr(s.C, "added") and s.C.__bases__ == (object,),
        "attributes": lambda: all(vars(one.C)[k] is v for k, v in s.attrs.items()) and set(vars(one.C)) == set(s.attrs),
        "subclass": lambda: s.d.n() == "old" and s.d.m() == "old" and type(s.d) is two.D and two.D.__mro__[1] is one.C,
        "function": lambda: s.f() == "old" and one.f is s.f,
        "imported": lambda: "fresh" not in sys.modules,
    }
