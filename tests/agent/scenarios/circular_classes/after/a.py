class A:
    def peer(self):
        from b import B
        return B
    def m(self): return "new"
    def extra(self): return 1
import b
class A2(b.B):
    tag = "new"
