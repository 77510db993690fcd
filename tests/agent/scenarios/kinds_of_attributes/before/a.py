class C:
    def a(self): return "old"
    @property
    def b(self): return "old"
    @staticmethod
    def c(): return "old"
    @classmethod
    def d(cls): return "old"
    e = "old"
    def g(self): return "old"
    @property
    def h(self): return "old"
