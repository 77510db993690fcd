import collections, typing, types
Point = collections.namedtuple("Point", "x y", defaults=(0,))
class Emp(typing.NamedTuple):
    name: str
    id: int = 1
    def label(self): return "old " + self.name
Space = types.SimpleNamespace(a=1)
Dyn = type("Dyn", (), {"m": lambda self: "old"})
