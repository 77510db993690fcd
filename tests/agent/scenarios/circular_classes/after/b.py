import a
class B:
    def m(self): return ("new", a.A().m())
    def extra(self): return 1
from a import A
TYPES = {A: B}
