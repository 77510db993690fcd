import enum
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2
    def tag(self): return "old"
class Perm(enum.Flag):
    R = 1
    W = 2
class Kind(str, enum.Enum):
    A = "a"
    B = "b"
