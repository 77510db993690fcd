X = 1
gone = 2
def f(): return "old"
class C:
    z = 1
    def m(self): return "old"
