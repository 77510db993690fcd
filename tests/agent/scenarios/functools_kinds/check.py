from scenario_lib import *
NAME = 'functools_kinds'
RIGHT = 'singledispatchmethod, cached_property, total_ordering, partialmethod'

def setup():
    import a, user
    return NS(o=a.V(1), p=a.V(2))
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "dispatch": lambda: (s.o.show(1.5), s.o.show(1), s.o.show("x")) == ("new base", "new int", "new str"),
        "ordering": lambda: s.p < s.o and s.o > s.p and s.o >= s.p,
        "partial method": lambda: s.o.on() == ("new", "on") and s.o.off() == ("new", "off"),
        "cached property": lambda: s.o.c == "new",
        "one class": lambda: user.V is a.V,
    }
