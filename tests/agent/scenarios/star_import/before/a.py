__all__ = ["f", "K", "C"]
K = 1
def f(): return "old"
class C:
    def m(self): return "old"
hidden = 1
