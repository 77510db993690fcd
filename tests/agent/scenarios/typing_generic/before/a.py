from typing import Generic, TypeVar, List, NewType, TypedDict
T = TypeVar("T")
class Box(Generic[T]):
    def __init__(self, v: T): self.v = v
    def m(self) -> str: return "old"
UserId = NewType("UserId", int)
class Movie(TypedDict):
    name: str
def f(x: "List[int]", b: "Box[int]" = None) -> int: return 1
