import functools
@functools.lru_cache(maxsize=None)
def f(x): return ("new", x)
def helper(): return "new"
@functools.lru_cache()
def g(): return helper()
class C:
    @functools.lru_cache()
    def m(self): return "new"
    @staticmethod
    @functools.lru_cache()
    def s(): return "new"
@functools.lru_cache(maxsize=5)
def sized(x): return x
