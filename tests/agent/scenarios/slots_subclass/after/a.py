class Base:
    __slots__ = ("x", "_y")
    kind = "base"
    def __init__(self): self.x, self._y = 1, 2
    def m(self): return ("new", self.x)
class Sub(Base):
    label = "sub"
    def __init__(self):
        super().__init__()
        self.z = 3
    @property
    def y(self): return ("new", self._y)
    @y.setter
    def y(self, v): self._y = v
