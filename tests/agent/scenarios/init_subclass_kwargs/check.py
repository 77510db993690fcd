from scenario_lib import *
NAME = 'init_subclass_kwargs'
RIGHT = 'plugin registries keyed by class arguments hold the living class'

def setup():
    import base, a
    return NS(o=a.One(), t=a.Two())
def verify(s):
    base, a = mod("base"), mod("a")
    return {
        "instances": lambda: s.o.run() == "new" and s.t.run() == "new" and s.t.flag,
        "argument": lambda: a.One.plugin_name == "uno" and s.o.plugin_name == "uno",
        "registry": lambda: base.Base.plugins["uno"] is a.One and base.Base.plugins["two"] is a.Two,
        "subclasses": lambda: len(base.Base.__subclasses__()) == 2,
    }
