from scenario_lib import *
NAME = 'super_zero_arg'
RIGHT = 'super() without arguments works in old and new methods of old instances'

def setup():
    import a, user
    d = user.D()
    return NS(b=a.B(), d=d, bm=d.m)
def verify(s):
    a, user = mod("a"), mod("user")
    M = ["A.m new", "B.m new", "B"]
    return {
        "old B": lambda: s.b.m() == M,
        "old D": lambda: s.d.m() == M + ["C.m", "D.m"] and s.bm() == M + ["C.m", "D.m"],
        "new D": lambda: user.D().m() == M + ["C.m", "D.m"] and user.D().log == ["A", "B new"],
        "classmethod": lambda: user.D.c() == "A.c+new" and s.d.c() == "A.c+new",
        "property": lambda: s.d.p == "A.p+new",
        "class cell": lambda: a.B.m.__closure__[0].cell_contents is a.B,
    }
