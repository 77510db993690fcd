import abc
from typing import Protocol, runtime_checkable
class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
    def hello(self): return "old"
@runtime_checkable
class Runs(Protocol):
    def run(self): ...
class Impl(Base):
    def run(self): return "old"
