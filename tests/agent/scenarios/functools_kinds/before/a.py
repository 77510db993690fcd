import functools
@functools.total_ordering
class V:
    def __init__(self, n): self.n = n
    def __eq__(self, o): return self.n == o.n
    def __lt__(self, o): return self.n < o.n
    @functools.singledispatchmethod
    def show(self, x): return "old base"
    @show.register
    def _(self, x: int): return "old int"
    def set(self, what): return ("old", what)
    on = functools.partialmethod(set, "on")
    @functools.cached_property
    def c(self): return "old"
