from scenario_lib import *
NAME = 'missing_dependency'
RIGHT = 'an import that fails is reported and everything stays'

def setup():
    import a, user
    return NS(f=a.f, d=dict(vars(a)))
def verify(s):
    a, user = mod("a"), mod("user")
    return {
        "reported": lambda: s.error is not None and "a_package_that_is_not_there" in str(s.error),
        "old": lambda: a.X == 1 and a.f() == "old" and user.f() == "old" and user.X == 1,
        "namespace": lambda: all(vars(a)[k] is v for k, v in s.d.items()) and set(vars(a)) == set(s.d),
    }
