X = 5
class Base: pass
class C(Base):
    def m(self): return "new"
    added = 1
def f(): return "new"
