from typing import Generic, TypeVar
import collections.abc
T = TypeVar("T")
class Bag:
    def __init__(self): self.items = [1]
    def m(self): return "old"
class Seq:
    def __init__(self): self.items = [1, 2]
