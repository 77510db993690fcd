__all__ = ["f", "K", "C", "added"]
K = 2
def f(): return "new"
class C:
    def m(self): return "new"
def added(): return "added"
hidden = 2
