import weakref
class C:
    live = weakref.WeakSet()
    def __init__(self): C.live.add(self)
    def m(self): return "new"
    def n(self): return "n"
def f(): return "new"
by_class = weakref.WeakKeyDictionary()
by_class[C] = "c"
