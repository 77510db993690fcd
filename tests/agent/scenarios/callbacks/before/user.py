from a import C, f, add, handler
import collections
obj = C()
queue = collections.deque([handler, obj.m])
callbacks = {"m": obj.m, "c": C.c, "h": handler}
class Signal:
    __slots__ = ("fn", "__weakref__")
    def __init__(self, fn): self.fn = fn
signal = Signal(handler)
