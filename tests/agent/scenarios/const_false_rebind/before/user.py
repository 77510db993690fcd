from a import LIMIT
import a
MINE = 1
NAME = "x"
FLAG = True
EMPTY = ()
def f(n=1, flag=True): return n, flag
class K:
    LIMIT = 1
state = {"LIMIT": 1}
