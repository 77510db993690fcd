from scenario_lib import *
NAME = 'annotations_and_docs'
RIGHT = 'docstrings, annotations and signatures of held objects are new'

import inspect, typing
def setup():
    import a, user
    return NS(f=a.f, g=a.g, C=a.C, bm=a.C().m)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "doc": lambda: s.f.__doc__ == "new doc" and s.g.__doc__ == "new g" and s.C.__doc__ == "new class doc",
        "method doc": lambda: s.bm.__doc__ == "new m",
        "annotations": lambda: typing.get_type_hints(s.f)["x"] is float and typing.get_type_hints(s.f)["return"] is float,
        "class annotations": lambda: typing.get_type_hints(user.C) == {"attr": float, "other": str},
        "method annotations": lambda: typing.get_type_hints(s.C.m)["v"] is float,
        "signature": lambda: list(inspect.signature(user.f).parameters) == ["x", "y", "k"],
    }
