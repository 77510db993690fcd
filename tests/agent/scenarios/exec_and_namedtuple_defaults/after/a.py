import collections, typing, types
Point = collections.namedtuple("Point", "x y", defaults=(5,))
class Emp(typing.NamedTuple):
    name: str
    id: int = 2
    def label(self): return "new " + self.name
Space = types.SimpleNamespace(a=2)
Dyn = type("Dyn", (), {"m": lambda self: "new"})
