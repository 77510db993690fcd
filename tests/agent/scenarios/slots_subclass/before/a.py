class Base:
    __slots__ = ("x", "_y")
    def __init__(self): self.x, self._y = 1, 2
    def m(self): return ("old", self.x)
class Sub(Base):
    def __init__(self):
        super().__init__()
        self.z = 3
    @property
    def y(self): return ("old", self._y)
