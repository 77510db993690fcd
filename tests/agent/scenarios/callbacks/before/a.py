import functools
class C:
    def m(self): return "old"
    @classmethod
    def c(cls): return "old"
def f(x, y=0): return ("old", x, y)
add = functools.partial(f, 1, y=2)
def handler(event): return "old"
