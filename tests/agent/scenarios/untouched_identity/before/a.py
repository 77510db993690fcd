import enum
class C:
    items = []
    def m(self): return 1
class E(enum.Enum):
    A = 1
def f(): return 1
STATE = {"n": 0}
OBJ = object()
TUPLE = (1, [2])
L = lambda: 1
