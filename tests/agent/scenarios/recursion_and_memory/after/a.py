def f(): return "new"
class C:
    def m(self): return "new"
def deep(n): return deep(n + 1)
deep(0)
