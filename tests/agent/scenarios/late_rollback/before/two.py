from one import C, X
class D(C):
    def n(self): return "old"
y = X * 2
