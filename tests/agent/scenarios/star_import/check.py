from scenario_lib import *
NAME = 'star_import'
RIGHT = 'what a star import brought is new, and what it newly brings is there'

def setup():
    import a, user
    return NS(o=user.C())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "run": lambda: user.run() == ("new", 2, "new"),
        "instance": lambda: s.o.m() == "new",
        "own name": lambda: user.hidden == "mine",
        "added": lambda: user.added() == "added",
    }
