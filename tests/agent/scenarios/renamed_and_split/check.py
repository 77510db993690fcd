from scenario_lib import *
NAME = 'renamed_and_split'
RIGHT = 'a function is renamed, a class is split in two, holders of the old names go on'

def setup():
    import a, user
    return NS(o=a.Big())
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "new name": lambda: a.new_name() == "new" and not hasattr(a, "old_name"),
        "holder of the old name": lambda: user.old_name() == "old",
        "user": lambda: user.use() == "new",
        "split": lambda: s.o.a() == "a new" and s.o.b() == "b new" and isinstance(s.o, a.Part),
        "one class": lambda: user.Big is a.Big and type(s.o) is a.Big,
    }
