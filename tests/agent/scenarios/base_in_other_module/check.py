from scenario_lib import *
NAME = 'base_in_other_module'
RIGHT = 'a base is edited, subclasses and their instances in other modules follow'

def setup():
    import base, mid, top
    return NS(t=top.Top(), o=top.Other(), b=base.Base())
def verify(s):
    base, mid, top = mod("base"), mod("mid"), mod("top")
    return {
        "deep instance": lambda: s.t.template() == ("new", "top:mid:base", "added"),
        "instance": lambda: repr(s.o) == "new" and s.o.template() == ("new", "base", "added"),
        "root": lambda: s.t.root() == "root" and isinstance(s.t, base.Root) and issubclass(mid.Mid, base.Root),
        "eq": lambda: s.b == 5 and s.t == 5,
        "new init": lambda: top.Top().v == 2 and s.t.v == 1,
        "registry": lambda: base.Base.registry["mid"] is mid.Mid,
        "isinstance": lambda: isinstance(s.t, base.Base) and isinstance(top.Other(), base.Base),
        "removed class": lambda: not hasattr(base, "Gone"),
    }
