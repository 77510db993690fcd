from scenario_lib import *
NAME = 'kinds_of_attributes'
RIGHT = 'a method becomes a property, static, class method, a value, and back'

def setup():
    import a, user
    o = a.C()
    return NS(o=o, bm=o.a)
def verify(s):
    a, user = mod("a"), mod("user")
    def delete():
        del s.o.h
        return s.o.deleted
    return {
        "method to property": lambda: s.o.a == "new",
        "property to method": lambda: s.o.b() == "new",
        "static to class method": lambda: s.o.c() == "new C" and user.C.c() == "new C",
        "class to static method": lambda: user.C.d() == "new",
        "value to method": lambda: s.o.e() == "new",
        "method to value": lambda: s.o.g == "new",
        "deleter": delete,
    }
