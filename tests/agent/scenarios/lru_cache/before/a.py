import functools
@functools.lru_cache(maxsize=None)
def f(x): return ("old", x)
def helper(): return "old"
@functools.lru_cache()
def g(): return helper()
class C:
    @functools.lru_cache()
    def m(self): return "old"
    @staticmethod
    @functools.lru_cache()
    def s(): return "old"
@functools.lru_cache(maxsize=2)
def sized(x): return x
