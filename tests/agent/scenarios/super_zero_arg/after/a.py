class A:
    def __init__(self): self.log = ["A"]
    def m(self): return ["A.m new"]
    @classmethod
    def c(cls): return "A.c"
    @property
    def p(self): return "A.p"
class B(A):
    extra = 1
    def __init__(self):
        super().__init__()
        self.log.append("B new")
    def m(self): return super().m() + ["B.m new", __class__.__name__]
    @classmethod
    def c(cls): return super().c() + "+new"
    @property
    def p(self): return super().p + "+new"
class C(B):
    def m(self): return super().m() + ["C.m"]
