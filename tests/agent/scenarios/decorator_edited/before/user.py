from deco import loud, times
@loud
def f(x): return x
class C:
    @loud
    def m(self): return "m"
@times(2)
def g(): return 1
