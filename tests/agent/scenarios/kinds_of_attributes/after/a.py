class C:
    @property
    def a(self): return "new"
    def b(self): return "new"
    @classmethod
    def c(cls): return "new " + cls.__name__
    @staticmethod
    def d(): return "new"
    def e(self): return "new"
    g = "new"
    @property
    def h(self): return "new"
    @h.deleter
    def h(self): self.deleted = True
