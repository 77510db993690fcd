from scenario_lib import *
NAME = 'generic_mixin_empty_slots'
RIGHT = 'a class without bases gets an ABC with empty slots, a Generic, a Protocol'

def setup():
    import a, user
    return NS(b=a.Bag(), q=a.Seq(), mine=user.MyBag())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "generic": lambda: a.Bag[int]().m() == "new" and s.b.m() == "new",
        "old is instance": lambda: isinstance(s.b, a.Bag) and s.b.items == [1],
        "subclass": lambda: isinstance(s.mine, a.Bag) and s.mine.m() == "new",
        "sequence": lambda: list(s.q) == [1, 2] and s.q.index(2) == 1 and isinstance(s.q, a.collections.abc.Sequence),
        "holders": lambda: user.Bag is a.Bag and user.Seq is a.Seq and type(s.q) is a.Seq,
    }
