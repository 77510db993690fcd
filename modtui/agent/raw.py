"""Reading foreign objects without touching them.

`isinstance`, `hasattr`, `getattr`, `repr`, `==`, `hash`, `len`, `bool`: all run code of the object
that they are asked about; a lazily loaded module is executed by one of them. Here objects are read
through the C slots of their real type only (`type(x)`, member descriptors of the built-in types,
exact dicts), so that nothing of the target's is called, imported or loaded.
"""

from __future__ import annotations

import sys
from _operator import is_

from .errors import UnknownModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, List, Optional, Tuple

    Key = Any
    Entries = List[Tuple[str, Key, Any]]


class _Sample:
    """Only the types of what is in it matter."""

    def method(self) -> Any:
        return lambda: self


# `types` says the same, but need not be imported in a target.
ModuleType: Any = type(sys)
FunctionType: Any = type(_Sample.method)
CodeType: Any = type(_Sample.method.__code__)
MethodType: Any = type(_Sample().method)
CellType: Any = type(_Sample().method().__closure__[0])
BuiltinFunctionType: Any = type(len)
MappingProxyType: Any = type(type.__dict__)
GetSetDescriptorType: Any = type(type.__dict__["__dict__"])
MemberDescriptorType: Any = type(FunctionType.__dict__["__globals__"])

_module_dict = ModuleType.__dict__["__dict__"].__get__
_type_dict = type.__dict__["__dict__"].__get__
_type_mro = type.__dict__["__mro__"].__get__
_type_name = type.__dict__["__name__"].__get__
_type_qualname = type.__dict__["__qualname__"].__get__
_type_module = type.__dict__["__module__"].__get__
_type_flags = type.__dict__["__flags__"].__get__
_cell_contents = CellType.__dict__["cell_contents"].__get__
_text = str.__str__
_dict_items = dict.items
_dict_keys, _dict_values = dict.keys, dict.values
_function_slots = {
    name: FunctionType.__dict__[name].__get__
    for name in (
        "__code__",
        "__globals__",
        "__closure__",
        "__defaults__",
        "__kwdefaults__",
        "__dict__",
        "__name__",
        "__qualname__",
        "__module__",
    )
}


def is_class(value: object) -> bool:
    """Whether it is a class, whatever its metaclass; `isinstance` would ask `__class__`."""
    try:
        _type_mro(value)
    except TypeError:
        return False
    return True


def is_module(value: object) -> bool:
    """Whether it is a module object, of `types.ModuleType` or of a real subclass."""
    try:
        _module_dict(value)
    except TypeError:
        return False
    return True


def module_dict(value: object) -> Optional[Dict[Any, Any]]:
    """The namespace of a module object; None when it is no module object or has none."""
    try:
        found = _module_dict(value)
    except TypeError:
        return None
    return found if type(found) is dict else None


def class_dict(value: object) -> Optional[Dict[Any, Any]]:
    """A copy of a class's own namespace; None when it is not a class."""
    try:
        found = _type_dict(value)
    except TypeError:
        return None
    return found.copy() if type(found) is MappingProxyType else None


def stored(cls: object, name: str, default: Any = None) -> Any:
    """What a class's own namespace has under a name; the default without, or if it is no class."""
    try:
        found = _type_dict(cls)
    except TypeError:
        return default
    return found.get(name, default) if type(found) is MappingProxyType else default


def mro(cls: object) -> Tuple[Any, ...]:
    """The method resolution order of a class; () when it has none or is not a class."""
    try:
        found = _type_mro(cls)
    except TypeError:
        return ()
    return found if type(found) is tuple else ()


def derives(cls: object, base: type) -> bool:
    """Whether a class is in the method resolution order, by identity: `==` of classes is their
    metaclass's, and so is `in`."""
    return any(one is base for one in mro(cls))


def ids(*kinds: object) -> FrozenSet[int]:
    """The ids of classes, in which `id(type(x))` can be looked for without asking a metaclass."""
    return frozenset(map(id, kinds))


def class_name(cls: object) -> str:
    """The `__name__` of a class; "?" when it is not a class."""
    try:
        return _text(_type_name(cls))
    except TypeError:
        return "?"


def class_qualname(cls: object) -> str:
    """The `__qualname__` of a class; "?" when it is not a class."""
    try:
        return _text(_type_qualname(cls))
    except TypeError:
        return "?"


def class_module(cls: object) -> Optional[str]:
    """The `__module__` of a class as far as it is a plain str; None when it is not a class."""
    try:
        namespace = _type_dict(cls)
    except TypeError:
        return None
    # A static type that nobody has used yet has no dict so far.
    found = None if namespace is None else exact_str(namespace.get("__module__"))
    if found is None and not _is_heap_type(cls):
        found = _static_type_module(cls)
    return found


def _is_heap_type(cls: object) -> bool:
    return bool(_type_flags(cls) & (1 << 9))  # Py_TPFLAGS_HEAPTYPE


def _static_type_module(cls: object) -> Optional[str]:
    # Of a static C type the getter only cuts the name in tp_name; it runs nothing.
    try:
        return exact_str(_type_module(cls))
    except (AttributeError, TypeError):
        return None


def type_name(value: object) -> str:
    """The name of a value's real type."""
    return class_name(type(value))


def function_slot(function: object, slot: str) -> Any:
    """A slot such as `__code__` or `__closure__` of a plain function; None of anything else."""
    if type(function) is not FunctionType:
        return None
    return _function_slots[slot](function)


def cell_contents(cell: object) -> Any:
    """What a closure's cell holds; None when it is empty or not a cell."""
    try:
        return _cell_contents(cell)
    except (TypeError, ValueError):
        return None


def exact_str(value: object) -> Optional[str]:
    """The value itself if it is a plain str, otherwise None."""
    return value if type(value) is str else None


def text(value: object) -> Optional[str]:
    """The text of a str or of an instance of a subclass of it, as a plain str; otherwise None."""
    if type(value) is str:
        return value
    try:
        return _text(value)
    except TypeError:
        return None


def exact_strs(value: object) -> List[str]:
    """The plain strs in an exact list or tuple; [] of anything else."""
    if type(value) is not list and type(value) is not tuple:
        return []
    return [item for item in value[:] if type(item) is str]


def get(mapping: object, key: str) -> Any:
    """A value of an exact dict; None when it is missing or it is not an exact dict."""
    return mapping.get(key) if type(mapping) is dict else None


def items(mapping: Dict[Any, Any]) -> List[Tuple[Any, Any]]:
    """The items of a dict that other threads may change meanwhile; no key is hashed or compared."""
    for _ in range(100):
        try:
            return list(_dict_items(mapping))
        except RuntimeError:  # it changed size while it was copied
            continue
    return []


def instance_dict(value: object) -> Optional[Dict[Any, Any]]:
    """The `__dict__` of an instance, read through the real type's own descriptor; None without."""
    for cls in mro(type(value)):
        descriptor = (_type_dict(cls) or {}).get("__dict__")
        if descriptor is None:
            continue
        if not _is_c_descriptor(descriptor):
            return None  # somebody's property
        try:
            found = descriptor.__get__(value)
        except (AttributeError, TypeError):
            return None
        return found if type(found) is dict else None
    return None


def slot(value: object, name: str) -> Any:
    """An attribute that the real type keeps in a C slot or member (`property.fget`...), or None."""
    for cls in mro(type(value)):
        descriptor = (_type_dict(cls) or {}).get(name)
        if descriptor is None:
            continue
        if not _is_c_descriptor(descriptor):
            return None
        try:
            return descriptor.__get__(value)
        except (AttributeError, TypeError):
            return None
    return None


def _is_c_descriptor(value: object) -> bool:
    kind = type(value)
    return kind is GetSetDescriptorType or kind is MemberDescriptorType


def attribute(value: object, name: str) -> Any:
    """An attribute as stored: in the instance's dict, else in a slot of its type; else None."""
    namespace = instance_dict(value)
    if namespace is not None and name in namespace:
        return namespace[name]
    return slot(value, name)


def modules() -> Dict[Any, Any]:
    """`sys.modules` itself, as the dict that it must be; an empty one when it was replaced."""
    found: Dict[Any, Any] = _module_dict(sys).get("modules")
    kind = type(found)
    if kind is dict or any(cls is dict for cls in mro(kind)):
        return found
    return {}


def module(key: str) -> Any:
    """The value of an entry whose key is a plain str, such as an interpreter's module; or None."""
    return dict.get(modules(), key)


def namespace(key: str) -> Optional[Dict[Any, Any]]:
    """The namespace of that module; None when it is not there or no module object."""
    return module_dict(module(key))


def entries() -> Entries:
    """(name, key, value) of every entry of `sys.modules`, names being unique and plain strs.

    The name is the key where that is a plain str; other keys get a name that says what they are.
    """
    keys, values = _modules_now()
    names = None
    result = []
    for key, value in zip(keys, values):
        name = key
        if type(key) is not str:
            if names is None:
                names = {key for key in keys if type(key) is str}
            name = _name_of_odd_key(key, names)
        result.append((name, key, value))
    return result


def _modules_now() -> Tuple[List[Any], List[Any]]:
    """The keys and the values of `sys.modules` at one time; no key is hashed or compared.

    No tuple is made for each: thousands of new objects would make the garbage collector run.
    """
    mapping = modules()
    for _ in range(100):
        try:
            keys, values = list(_dict_keys(mapping)), list(_dict_values(mapping))
            again = list(_dict_keys(mapping))
        except RuntimeError:  # it changed size while it was copied
            continue
        if len(keys) == len(values) == len(again) and all(map(is_, keys, again)):
            return keys, values
    found = items(mapping)
    return [key for key, _ in found], [value for _, value in found]


def entries_of(names: FrozenSet[str]) -> Entries:
    """Those of `entries` that have one of these names."""
    if any(name[:1] == "<" for name in names):  # as those are called whose key is no plain str
        return [entry for entry in entries() if entry[0] in names]
    pairs = zip(*_modules_now())
    return [(key, key, value) for key, value in pairs if type(key) is str and key in names]


def entry(name: str) -> Tuple[Any, Any]:
    """(key, value) of the entry that `entries` calls so. Raises UnknownModule."""
    for _, key, value in entries_of(frozenset((name,))):
        return key, value
    raise UnknownModule("there is no module %r in sys.modules" % (name,))


def _name_of_odd_key(key: object, taken: Any) -> str:
    named = type_name(key)
    said = text(key)
    if said is None and any(type(key) is kind for kind in (int, float, bool, bytes, type(None))):
        said = repr(key)
    stem = "<%s>" % named if said is None else "<%s %s>" % (named, said)
    name, number = stem, 2
    while name in taken:
        name, number = "%s (%d)" % (stem, number), number + 1
    taken.add(name)
    return name


def find(name: str) -> Any:
    """The value of the entry that `entries` calls so, which may be None. Raises UnknownModule."""
    return entry(name)[1]
