from scenario_lib import *
NAME = 'typing_generic'
RIGHT = 'classes with Generic and aliases made of them'

import typing
def setup():
    import a, user
    return NS(o=a.Box(1), s=user.Special("x"), T=a.T, u=a.UserId)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "old instance": lambda: s.o.m() == "new" and s.o.kind == "box",
        "alias": lambda: user.IntBox(3).m() == "new" and user.IntBox.__origin__ is a.Box,
        "subclass": lambda: s.s.m() == "new" and user.Special("y").kind == "box",
        "untouched lines": lambda: a.T is s.T and a.UserId is s.u,
        "typed dict": lambda: set(user.Movie.__annotations__) == {"name", "year"},
        "hints": lambda: typing.get_type_hints(user.f)["return"] is str,
        "parameters": lambda: a.Box.__parameters__ == (a.T,),
    }
