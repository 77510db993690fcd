"""Merging a new class into the old one of the same name, or letting it succeed the old one.

Merging keeps identity: the old class gets the new attributes, bases and metaclass, so instances,
subclasses, registries and `isinstance` need nothing. Where the interpreter does not allow that (the
layout of instances is another one), the new class takes the old one's place wherever that is held.
"""

from __future__ import annotations

import gc
import sys

from . import creation, functions, raw
from .batch import MISSING, Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set

    from .pairing import Pairing

# Made by the interpreter for each class.
_OWN = ("__dict__", "__weakref__", "_abc_impl", "__slots__")
# Made by decorators and metaclasses: they go when the new class has none.
_GENERATED = frozenset(
    "__init__ __repr__ __eq__ __hash__ __lt__ __le__ __gt__ __ge__ __setattr__ __delattr__"
    " __match_args__ __dataclass_fields__ __dataclass_params__ __replace__ __post_init__"
    " __abstractmethods__ __annotations__ __annotate_func__ __annotate__ __annotations_cache__"
    " __orig_bases__ __parameters__ __type_params__ __static_attributes__".split()
)
_PLAIN = raw.ids(int, float, complex, bool, str, bytes, type(None), tuple)
_INSIDE = raw.ids(dict, list, tuple)
_LAYOUT = ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")


def pair(pairing: Pairing, old: Any, new: Any) -> Any:
    """What stays of two classes in one place: the old one if it can take over the new one."""
    if raw.class_qualname(old) != raw.class_qualname(new) and not _same_role(old, new):
        return new
    if not _made_now(pairing, new, old):
        # It came from another module: the old class has moved there.
        if _module_of(old) != _module_of(new) and _is_ours(pairing, old):
            pairing.succeeded.append((old, new))
        return new
    why = _why_not(pairing, old, new)
    if why is None:
        pairing.keep(old, new)
        pairing.merged.append((old, new))
        _attributes(pairing, old, new, True)
        return old
    pairing.failed(
        raw.class_qualname(old),
        "%s: the new class takes its place; the old one goes on, with the new methods, for"
        " instances that cannot become its instances" % why,
    )
    pairing.succeeded.append((old, new))
    _attributes(pairing, old, new, False)
    return new


def _same_role(old: Any, new: Any) -> bool:
    return raw.class_name(old) == raw.class_name(new)


def _module_of(cls: Any) -> Optional[str]:
    return raw.class_module(cls)


def _is_ours(pairing: Pairing, cls: Any) -> bool:
    return _module_of(cls) == pairing.live.get("__name__")


def _made_now(pairing: Pairing, new: Any, old: Any = None) -> bool:
    """Whether the statements that were just executed have made that class."""
    if id(new) not in pairing.young:
        return False
    module = _module_of(new)
    return module == pairing.live.get("__name__") or (old is not None and module == _module_of(old))


def same_layout(old: Any, new: Any) -> bool:
    """Whether instances of two classes have the same slots and sizes, as far as that can be told
    without trying."""
    return slot_names(old) == slot_names(new) and all(
        getattr(old, name) == getattr(new, name) for name in _LAYOUT[:2]
    )


def _why_not(pairing: Pairing, old: Any, new: Any) -> Optional[str]:
    """Why the old class cannot take over the new one, or None."""
    meta = pairing.resolve(type(new))
    if meta is type(new) and type(new) is not type(old):
        paired = pairing.pair(type(old), type(new))
        meta = pairing.resolve(paired)
    if meta is not type(old):
        if not _can_become(old, meta):
            return "its metaclass is another one"
    if slot_names(old) != slot_names(new):
        return "its __slots__ are others"
    for name in _LAYOUT:
        if getattr(old, name) != getattr(new, name) and not _same_layout_elsewhere(old, new, name):
            return "the layout of its instances is another one"
    bases = new_bases(pairing, new)
    if not same_objects(bases, old.__bases__):
        trial = Batch()
        trial.bases(old, bases, old.__bases__)
        try:
            trial.commit()
        except TypeError as error:
            return "its bases cannot be changed (%s)" % error
        trial.revert()
    return None


def _same_layout_elsewhere(old: Any, new: Any, name: str) -> bool:
    # A class without instances of its own size is judged by what assigning bases says.
    return name in ("__dictoffset__", "__weakrefoffset__") and sys.version_info >= (3, 12)


def _can_become(cls: Any, meta: Any) -> bool:
    trial = Batch()
    trial.class_of(cls, meta)
    try:
        trial.commit()
    except TypeError:
        return False
    trial.revert()
    return True


def movable(old: Any, new: Any) -> bool:
    """Whether instances of the old class can become instances of the new one."""
    if any("__del__" in (raw.class_dict(cls) or {}) for cls in raw.mro(old) + raw.mro(new)):
        return True  # the probe would be finalised by somebody's code
    try:
        probe = object.__new__(old)
    except TypeError:
        return True  # abstract, or made by C code: nothing can be tried
    try:
        _set_class(probe, new)
        _set_class(probe, old)  # or its finaliser would be the new one's
    except TypeError:
        return False
    return True


_set_class = object.__dict__["__class__"].__set__


def bases_fit(old: Any, new: Any) -> bool:
    """Whether the old class could have the bases of the new one."""
    trial = Batch()
    trial.bases(old, new.__bases__, old.__bases__)
    try:
        trial.commit()
    except TypeError:
        return False
    trial.revert()
    return True


def new_bases(pairing: Pairing, new: Any) -> Any:
    """The bases that the old class gets from the new one: old classes wherever they stay."""
    found = []
    for base in new.__bases__:
        if id(base) not in pairing.replacing.by_id and _made_now(pairing, base):
            _pair_base(pairing, base)
        found.append(pairing.resolve(base))
    return tuple(found)


def _pair_base(pairing: Pairing, base: Any) -> None:
    """A base from the same text, which has its own turn later."""
    name = raw.class_qualname(base)
    old = pairing.live.get(name)
    if raw.is_class(old) and dict.get(pairing.staging, name) is base:
        pairing.pair(old, base)


def own_dict(cls: Any) -> Any:
    """The dict behind a class's `__dict__`; only to be compared and to be held by cells."""
    for one in gc.get_referents(cls):
        if type(one) is dict and "__module__" in one:
            return one
    return None


def same_objects(one: Any, other: Any) -> bool:
    """Whether two tuples hold the very same objects."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other))


def slot_names(cls: Any) -> Set[str]:
    """The names of the slots that a class itself adds."""
    space = raw.class_dict(cls) or {}
    return {name for name, value in space.items() if type(value) is raw.MemberDescriptorType}


def has_filled_slots(instance: Any) -> bool:
    """Whether an instance keeps anything in slots."""
    return any(
        slot_names(cls) for cls in raw.mro(type(instance)) if raw.class_module(cls) != "builtins"
    )


def _attributes(pairing: Pairing, old: Any, new: Any, merging: bool) -> None:
    ours, theirs = raw.class_dict(old) or {}, raw.class_dict(new) or {}
    statuses, removed, known = pairing.bodies.get(raw.class_qualname(new), ({}, set(), False))
    _enum_members(pairing, ours, theirs)
    for name, value in theirs.items():
        if name in _OWN or type(value) is raw.MemberDescriptorType:
            continue
        before = ours.get(name, MISSING)
        if name == "__class__":  # assigning it would change the metaclass
            pairing.pair(before, value)
            continue
        if (
            before is not MISSING
            and statuses.get(name) == "same"
            and not functions.holds_code(value)
        ):
            if name in pairing.filled.get(raw.class_qualname(new), ()) and type(before) is type(
                value
            ):
                creation.refill(pairing, before, value, removed)
                continue
            if not raw.is_class(before) and before is not value:
                _keep_value(pairing, theirs, name, before, value)
                continue
        if not merging and not functions.holds_code(value):
            continue
        if not merging:
            if before is MISSING or not pairing.follow(before, value):
                _set_later(pairing, old, name, value, before)
            continue
        result = _pair_attribute(pairing, before, value, new)
        _set_later(pairing, old, name, result, before)
    if merging:
        for name, value in ours.items():
            if (
                name in theirs
                or name in (*_OWN, "__class__")
                or type(value) is raw.MemberDescriptorType
            ):
                continue
            if _goes(pairing, name, value, removed, known):
                _set_later(pairing, old, name, MISSING, value)
    if merging:
        pairing.later(lambda: _bases_and_metaclass(pairing, old, new))
    pairing.count("classes")


def _keep_value(pairing: Pairing, theirs: Any, name: str, before: Any, value: Any) -> None:
    """The statement is the same: what the class has now stays, and stands for the new value."""
    if type(before) is type(value) or pairing.resolve(type(value)) is type(before):
        if id(type(value)) not in _PLAIN:
            pairing.keep(before, value)


def _pair_attribute(pairing: Pairing, before: Any, value: Any, new: Any) -> Any:
    if before is MISSING:
        return value
    if functions.holds_code(value) or id(type(value)) in _INSIDE or type(value) is new:
        return pairing.pair(before, value)
    space = raw.instance_dict(value)
    if space is not None and any(functions.holds_code(one) for one in space.values()):
        return pairing.pair(before, value)
    return value


def _set_later(pairing: Pairing, cls: Any, name: str, result: Any, before: Any) -> None:
    pairing.later(lambda: pairing.step.class_attribute(cls, name, pairing.resolve(result), before))


def _goes(pairing: Pairing, name: str, value: Any, removed: Set[str], known: bool) -> bool:
    """Whether an attribute that the new class has not is to go from the old one."""
    if name in removed or name in _GENERATED:
        return True
    if name.startswith("__") and name.endswith("__"):
        return pairing.is_old(value)
    if known:
        return False  # the old text had it not: somebody put it there
    return type(value) is not raw.FunctionType or pairing.is_old(value)


def _bases_and_metaclass(pairing: Pairing, old: Any, new: Any) -> None:
    meta = pairing.resolve(type(new))
    if meta is not type(old):
        pairing.step.class_of(old, meta)
    bases = new_bases(pairing, new)
    if not same_objects(bases, old.__bases__):
        pairing.step.bases(old, bases, old.__bases__)
        pairing.count("bases")


def _enum_members(pairing: Pairing, ours: Dict[Any, Any], theirs: Dict[Any, Any]) -> None:
    before, after = ours.get("_member_map_"), theirs.get("_member_map_")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    _combined_members(pairing, before, ours, theirs)
    for name, member in after.items():
        if any(_member_name(one) != name for one in (member, before.get(name, member))):
            continue  # an alias, now or then
        if name in before and pairing.pair(before[name], member) is before[name]:
            pairing.count("enum members")
        elif name in before:
            pairing.failed(
                "%s.%s" % (raw.class_qualname(type(member)), name),
                "its value is part of the object and is another one now; who holds the old member"
                " keeps it",
            )


def _member_name(member: Any) -> Any:
    return (raw.instance_dict(member) or {}).get("_name_")


def _combined_members(pairing: Pairing, named: Any, ours: Any, theirs: Any) -> None:
    """Flags that were combined at run time (`READ | WRITE`) are members without a name of their
    own, compared by identity: they go on as the members for their values."""
    before, after = ours.get("_value2member_map_"), theirs.get("_value2member_map_")
    if type(before) is not dict or type(after) is not dict:
        return
    mask = 0
    for value in after:
        mask |= value if type(value) is int and value > 0 else 0
    for value, member in raw.items(before):
        if type(value) is int and _member_name(member) not in named:
            if value in after:
                pairing.pair(member, after[value])
            elif not value & ~mask:
                after[value] = member


def abstract_again(merged: List[Any], batches: List[Batch]) -> None:
    """Tell subclasses elsewhere which methods are abstract now; what was done is appended.

    They have computed it when they were made; `merged` are the classes that have new bodies.
    """
    done = {id(cls) for cls in merged}
    queue = [sub for cls in merged for sub in type.__subclasses__(cls)]
    while queue:
        cls = queue.pop()
        before = (raw.class_dict(cls) or {}).get("__abstractmethods__")
        if id(cls) in done or type(before) is not frozenset:
            continue
        done.add(id(cls))
        after = frozenset(_abstract_names(cls))
        if after != before:
            step = Batch()  # one each: what derives from it goes by what it says
            step.class_attribute(cls, "__abstractmethods__", after, before)
            step.commit()
            batches.append(step)
        queue.extend(type.__subclasses__(cls))


def _abstract_names(cls: Any) -> Iterator[str]:
    names = set(raw.class_dict(cls) or {})
    for base in raw.mro(cls)[1:]:
        names.update((raw.class_dict(base) or {}).get("__abstractmethods__", ()))
    for name in names:
        for one in raw.mro(cls):
            space = raw.class_dict(one) or {}
            if name in space:
                if getattr(space[name], "__isabstractmethod__", False) is True:
                    yield name
                break


def clear_abc_caches(classes: Any) -> None:
    """Have abstract classes ask again what is their subclass."""
    abc = sys.modules.get("_abc")
    if abc is None:
        return
    seen: Set[int] = set()
    for cls in classes:
        for one in _with_collections(cls):
            if id(one) not in seen and "_abc_impl" in (raw.class_dict(one) or {}):
                seen.add(id(one))
                abc._reset_caches(one)


def _with_collections(cls: Any) -> Any:
    yield from raw.mro(cls)
    space = raw.module_dict(sys.modules.get("_collections_abc")) or {}
    for value in list(space.values()):
        if raw.is_class(value):
            yield value


def move_registrations(old: Any, new: Any) -> None:
    """Virtual subclasses that were registered on the new class belong to the old one."""
    abc = sys.modules.get("_abc")
    if abc is None or "_abc_impl" not in (raw.class_dict(new) or {}):
        return
    if "_abc_impl" not in (raw.class_dict(old) or {}):
        return
    for reference in list(abc._get_dump(new)[0]):
        registered = reference()
        if registered is not None:
            abc._abc_register(old, registered)
