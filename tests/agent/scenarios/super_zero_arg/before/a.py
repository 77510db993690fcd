class A:
    def __init__(self): self.log = ["A"]
    def m(self): return ["A.m old"]
class B(A):
    def __init__(self):
        super().__init__()
        self.log.append("B")
    def m(self): return super().m() + ["B.m old"]
    @classmethod
    def c(cls): return "old"
    @property
    def p(self): return "old"
class C(B):
    def m(self): return super().m() + ["C.m"]
