from scenario_lib import *
NAME = 'descriptor_class_edited'
RIGHT = 'the class of descriptors that other modules use is edited'

def setup():
    import desc, user
    return NS(o=user.C())
def verify(s):
    desc, user = mod("desc"), mod("user")
    def put():
        s.o.x = 4
        return s.o.x
    return {
        "get": lambda: s.o.x == ("new", 1),
        "set added": lambda: put() == ("new", 8),
        "class": lambda: isinstance(user.C.x, desc.Field) and user.C.x.default == 1,
    }
