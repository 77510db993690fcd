from scenario_lib import *
NAME = 'computed_tables'
RIGHT = 'dispatch tables, comprehensions and conditionals built from changed functions'

def setup():
    import a, user
    return NS(t=a.TABLE, b=a.HANDLERS["b"], k=a.K())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "table": lambda: a.TABLE == {0: 0, 1: 10, 2: 20} and user.TABLE == a.TABLE,
        "list": lambda: user.SQUARES == [0, 10, 20],
        "handlers": lambda: user.HANDLERS["a"](1) == 10 and s.b(1) == 10,
        "conditional": lambda: user.MODE == "fast",
        "map": lambda: a.total == 30,
        "class": lambda: s.k.best == 20 and user.K.best == 20,
    }
