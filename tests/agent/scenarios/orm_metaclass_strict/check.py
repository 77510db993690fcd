from scenario_lib import *
NAME = 'orm_metaclass_strict'
RIGHT = 'a registry that refuses a name twice does not stop the patch'

def setup():
    import a, user, orm
    return NS(o=a.User(), g=a.Group())
def verify(s):
    a, user, orm = mod("a"), mod("user"), mod("orm")
    return {
        "no error": lambda: s.error is None,
        "methods": lambda: s.o.label() == "new" and s.g.label() == "new",
        "fields": lambda: a.User.fields == ["name", "age"],
        "registry": lambda: orm.Meta.registry["User"] is a.User and orm.Meta.registry["Group"] is a.Group and set(orm.Meta.registry) == {"Model", "User", "Group", "Extra"},
        "one class": lambda: a.User is user.User and type(s.o) is a.User,
        "owner": lambda: a.User.__dict__["age"].owner is a.User and a.User.__dict__["name"].owner is a.User,
        "subclasses": lambda: sorted(c.__name__ for c in orm.Model.__subclasses__()) == ["Extra", "Group", "User"],
    }
