class Mixin:
    def mixed(self): return "mixed"
class C:
    def m(self): return "old"
