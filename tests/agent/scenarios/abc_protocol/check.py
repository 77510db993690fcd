from scenario_lib import *
NAME = 'abc_protocol'
RIGHT = 'abstract methods and protocol members are those of the new text, for old instances too'

def setup():
    import a, user
    ok = (isinstance(a.Impl(), a.Runs), isinstance(user.OnlyRun(), a.Runs), isinstance(user.Virtual(), a.Base))
    return NS(o=a.Impl(), ok=ok)
def verify(s):
    a, user = mod("a"), mod("user")
    def half():
        class Half(user.Base):
            def run(self): pass
        return Half()
    return {
        "before": lambda: s.ok == (True, True, True),
        "old instance": lambda: s.o.run() == "new" and s.o.stop() == "stopped" and s.o.hello() == "new",
        "new abstract method counts": lambda: raises(TypeError, half),
        "abstract set": lambda: user.Base.__abstractmethods__ == frozenset({"run", "stop"}),
        "implementation is concrete": lambda: user.Impl().stop() == "stopped",
        "old instance fits the new protocol": lambda: isinstance(s.o, user.Runs),
        "no stale positive": lambda: not isinstance(user.OnlyRun(), user.Runs),
        "virtual subclass kept": lambda: isinstance(user.Virtual(), a.Base) and issubclass(user.Virtual, user.Base),
        "one class": lambda: a.Base is user.Base and a.Runs is user.Runs,
    }
