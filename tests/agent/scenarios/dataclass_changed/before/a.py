from dataclasses import dataclass, field
@dataclass
class P:
    x: int
    y: int = 1
    gone: int = 5
    def m(self): return "old"
@dataclass(frozen=True)
class F:
    x: int = 1
    def m(self): return "old"
@dataclass
class Q(P):
    z: int = 3
