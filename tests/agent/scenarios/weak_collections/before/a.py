import weakref
class C:
    live = weakref.WeakSet()
    def __init__(self): C.live.add(self)
    def m(self): return "old"
def f(): return "old"
by_class = weakref.WeakKeyDictionary()
by_class[C] = "c"
