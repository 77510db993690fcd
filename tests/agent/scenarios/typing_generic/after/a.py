from typing import Generic, TypeVar, List, NewType, TypedDict
T = TypeVar("T")
class Box(Generic[T]):
    kind = "box"
    def __init__(self, v: T): self.v = v
    def m(self) -> str: return "new"
UserId = NewType("UserId", int)
class Movie(TypedDict):
    name: str
    year: int
def f(x: "List[str]", b: "Box[str]" = None) -> str: return "s"
