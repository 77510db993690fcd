"""What a reload leaves behind is told whatever holds it, be it one reference, on each Python."""

from __future__ import annotations

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

TEXT = """
import abc, contextlib, dataclasses
class Plain: pass
class Error(Exception):
    def __init__(self): super().__init__()
class Slots:
    __slots__ = ("a", "b")
    @property
    def both(self): return __class__, self.a
    @classmethod
    def make(cls): return super().__new__(cls)
class Outer:
    class Inner: pass
class Abstract(abc.ABC):
    @abc.abstractmethod
    def work(self): super().work()
class Real(Abstract):
    def work(self): pass
@dataclasses.dataclass
class Data:
    field: int = 0
def plain(): pass
@contextlib.contextmanager
def manager(): yield
Alias = Plain
"""

SCRIPT = """
import gc, left
from modtui.agent import planning, reloading

TEXT = %r
HELD = "Plain() Error() Slots() Outer.Inner() Real() Data()"
def told(found):
    return sorted("%%s %%s" %% (one.get("class") or one["function"], one.get("count", ""))
                  for kind in ("instances", "subclasses", "functions") for one in found[kind])
def reload(version):
    with open(left.__file__, "w") as file:
        file.write(TEXT + "version = %%d\\n" %% version)
    gc.collect()
    before = planning.plan(["left"])["steps"][0]["would_leave"]
    after = reloading.reload(["left"])["modules"][0]["left_behind"]
    return [told(before), told(after)]

found = [reload(1), reload(2)]
kept = eval("[%%s]" %% ", ".join("left." + one for one in HELD.split()))
found += [reload(3), reload(4)]
kept.clear()
found += [reload(5)]
class Sub(left.Data): pass
kept = [left.manager]
found += [reload(6)]
del Sub, kept[0]
found += [reload(7)]
tell(found)
"""


def test_whatever_is_held_is_told_and_nothing_else(inside: Inside) -> None:
    inside.write("left.py", TEXT)
    instances = ["Data 1", "Error 1", "Outer.Inner 1", "Plain 1", "Real 1", "Slots 1"]
    others = ["__main__.Sub ", "manager "]
    # (what a plan tells, what the reload does), each time
    assert inside.run(SCRIPT % TEXT) == [
        *([[], []] for _ in range(2)),
        *([instances, instances] for _ in range(2)),
        [[], []],
        [others, others],
        [[], []],
    ]
