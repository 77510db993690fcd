import functools
class C:
    def m(self): return "new"
    @classmethod
    def c(cls): return "new"
def f(x, y=0): return ("new", x, y)
add = functools.partial(f, 1, y=3)
def handler(event): return "new"
