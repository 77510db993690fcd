import abc
from typing import Protocol, runtime_checkable
class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
    @abc.abstractmethod
    def stop(self): ...
    def hello(self): return "new"
@runtime_checkable
class Runs(Protocol):
    def run(self): ...
    def stop(self): ...
class Impl(Base):
    def run(self): return "new"
    def stop(self): return "stopped"
