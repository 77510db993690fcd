from scenario_lib import *
NAME = 'closures_alive'
RIGHT = 'counters and callbacks made by factories go on with new code and their own state'

def setup():
    import a
    step, reset = a.counter()
    step()
    m = a.Maker()
    return NS(step=step, reset=reset, add=a.adder(5), inner=m.make(), m=m)
def verify(s):
    a = mod("a")
    return {
        "state and code": lambda: s.step() == ("new", 11) and (s.reset(), s.step())[1] == ("new", 110),
        "lambda": lambda: s.add(1) == ("new", 6),
        "method's closure": lambda: s.inner() == ("new", s.m),
        "new closures": lambda: a.counter()[0]() == ("new", 10),
    }
