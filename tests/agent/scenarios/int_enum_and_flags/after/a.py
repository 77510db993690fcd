import enum
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 3
    TOP = 9
    def tag(self): return "new"
class Perm(enum.Flag):
    R = 1
    W = 2
    X = 4
class Kind(str, enum.Enum):
    A = "a"
    B = "b"
    C = "c"
