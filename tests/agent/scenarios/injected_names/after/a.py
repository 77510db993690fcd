X = 2
def f(): return "new"
class C:
    def m(self): return "new"
    def n(self): return "n"
