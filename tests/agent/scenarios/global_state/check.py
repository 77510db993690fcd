from scenario_lib import *
NAME = 'global_state'
RIGHT = 'module state behind `global` and `if not in globals()` survives'

def setup():
    import a, user
    a.up(); a.up()
    a.cache["k"] = 1
    return NS(cache=a.cache)
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "counter kept": lambda: user.up() == ("new", 3),
        "cache kept": lambda: a.cache is s.cache is user.cache and a.cache == {"made": 1, "k": 1},
        "not started again": lambda: a.started == [1] and user.started is a.started,
    }
