import functools
@functools.total_ordering
class V:
    def __init__(self, n): self.n = n
    def __eq__(self, o): return self.n == o.n
    def __lt__(self, o): return self.n > o.n
    @functools.singledispatchmethod
    def show(self, x): return "new base"
    @show.register
    def _(self, x: int): return "new int"
    @show.register
    def _s(self, x: str): return "new str"
    def set(self, what): return ("new", what)
    on = functools.partialmethod(set, "on")
    off = functools.partialmethod(set, "off")
    @functools.cached_property
    def c(self): return "new"
