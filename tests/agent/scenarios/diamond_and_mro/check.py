from scenario_lib import *
NAME = 'diamond_and_mro'
RIGHT = 'several bases, order of bases changed'

def setup():
    import a
    return NS(d=a.D())
def verify(s):
    a = mod("a")
    return {
        "order": lambda: s.d.who() == "C" and a.D().who() == "C",
        "mro": lambda: [k.__name__ for k in type(s.d).__mro__] == ["D", "C", "B", "A", "object"],
        "identity": lambda: type(s.d) is a.D and s.d.m() == "new",
    }
