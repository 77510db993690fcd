"""What a module or a class does itself to bring state up to date after a patch."""

from __future__ import annotations

import gc
import sys

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

MIGRATE = "__modtui_migrate__"
UPGRADE = "__modtui_upgrade__"


def run(live: Dict[Any, Any], before: Dict[Any, Any], classes: List[Any]) -> int:
    """Call `__modtui_migrate__(old, new)` of the module, with its namespaces before and after, and
    `__modtui_upgrade__(self)` of the classes, for each of their instances.

    Returns for how many instances it was called. Raises what they raise: the patch is taken back.
    """
    migrate: Any = live.get(MIGRATE)
    if type(migrate) is raw.FunctionType:
        migrate(before, live)
    wanted = _upgraded(live, classes)
    count = 0
    for instance in instances_of(wanted):
        upgrade = getattr(type(instance), UPGRADE)
        upgrade(instance)
        count += 1
    return count


def _upgraded(live: Dict[Any, Any], classes: List[Any]) -> List[Any]:
    found: List[Any] = []
    for cls in classes + [value for value in live.values() if raw.is_class(value)]:
        if raw.class_module(cls) == live.get("__name__") and UPGRADE in (raw.class_dict(cls) or {}):
            if not any(cls is one for one in found):
                found.append(cls)
    return found


def instances_of(classes: List[Any]) -> List[Any]:
    """All instances of these classes and of their subclasses that the collector knows."""
    every: List[Any] = []
    queue = list(classes)
    while queue:
        cls = queue.pop()
        if not any(cls is one for one in every):
            every.append(cls)
            queue.extend(type.__subclasses__(cls))
    if not every:
        return []
    ids = {id(cls) for cls in every}
    objects = gc.get_referrers(*every) if sys.version_info >= (3, 9) else gc.get_objects()
    return [one for one in objects if id(type(one)) in ids]
