class Mixin:
    def mixed(self): return "mixed"
class C(Mixin):
    def m(self): return "new"
