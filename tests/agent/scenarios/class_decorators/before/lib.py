plugins = {}
order = []
def plugin(name):
    def deco(cls):
        plugins[name] = cls
        order.append(cls)
        cls.plugin = name
        return cls
    return deco
def wrapped(cls):
    class Wrapper(cls):
        def extra(self): return "extra"
    Wrapper.__name__, Wrapper.__qualname__ = cls.__name__, cls.__qualname__
    return Wrapper
