from typing import Generic, TypeVar
import collections.abc
T = TypeVar("T")
class Bag(Generic[T]):
    def __init__(self): self.items = [1]
    def m(self): return "new"
class Seq(collections.abc.Sequence):
    def __init__(self): self.items = [1, 2]
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]
