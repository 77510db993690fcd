from scenario_lib import *
NAME = 'becomes_abc'
RIGHT = 'a plain class gets ABCMeta; instances, subclasses and holders follow'

def setup():
    import a, user
    return NS(o=a.Square())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "abstract": lambda: raises(TypeError, a.Shape) and raises(TypeError, user.Shape),
        "instance": lambda: s.o.area() == "new square",
        "isinstance": lambda: isinstance(s.o, a.Shape) and isinstance(s.o, a.Square) and isinstance(a.Square(), user.Shape),
        "holders": lambda: user.Shape is a.Shape and user.Square is a.Square and user.shapes == [a.Shape, a.Square],
    }
