from one import C, X
class D(C):
    def n(self): return "new"
y = X * 2
z = 1
