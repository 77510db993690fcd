from scenario_lib import *
NAME = 'untouched_identity'
RIGHT = 'a comment or a new line of blank changes no identity and no state'

import inspect
def setup():
    import a
    a.STATE["n"] = 5
    a.C.items.append(1)
    return NS(ids={k: id(v) for k, v in vars(a).items() if not k.startswith("__")}, keep=dict(vars(a)), A=a.E.A, m=a.C.__dict__["m"])
def verify(s):
    a = mod("a")
    return {
        "identities": lambda: {k: id(v) for k, v in vars(a).items() if not k.startswith("__")} == s.ids,
        "state": lambda: a.STATE == {"n": 5} and a.C.items == [1],
        "members": lambda: a.E.A is s.A and a.C.__dict__["m"] is s.m,
        "lines": lambda: inspect.getsource(a.f).startswith("def f") and inspect.getsource(a.C).startswith("class C"),
    }
