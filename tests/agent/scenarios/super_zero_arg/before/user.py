from a import B, C
class D(C):
    def m(self): return super().m() + ["D.m"]
