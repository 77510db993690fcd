from a import C, Mixin
class D(C): pass
table = {C: "c", "k": (C, [C])}
def make(cls=C): return cls()
