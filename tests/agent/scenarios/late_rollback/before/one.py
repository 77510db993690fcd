X = 1
class C:
    def m(self): return "old"
def f(): return "old"
