from scenario_lib import *
NAME = 'many_handlers'
RIGHT = 'several registrations of several kinds stay single and keep their order'

def setup():
    import reg, a
    return NS()
def verify(s):
    reg, a = mod("reg"), mod("a")
    return {
        "subscribers": lambda: [fn() for _, fn in reg.bus.subscribers] == ["new first", "new second", "third"],
        "by event": lambda: [fn() for fn in reg.by_event["start"]] == ["new first", "new second"],
        "bound method": lambda: [fn() for fn in reg.rules] == ["new"],
        "class in a tuple": lambda: [c is a.H for _, c in reg.tuples] == [True],
    }
