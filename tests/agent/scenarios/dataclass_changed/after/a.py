from dataclasses import dataclass, field
@dataclass(order=True)
class P:
    x: int
    y: int = 2
    added: list = field(default_factory=list)
    def m(self): return "new"
@dataclass(frozen=True)
class F:
    x: int = 1
    w: int = 2
    def m(self): return "new"
@dataclass
class Q(P):
    z: int = 3
