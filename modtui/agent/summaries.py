"""Values in a few words. Only exact built-in types are looked into; nobody's `repr` is called."""

from __future__ import annotations

from . import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    from . import shapes

LENGTH = 80
MAX_BITS = 256
CO_VARARGS, CO_VARKEYWORDS = 0x4, 0x8
_SIZED: Dict[int, Callable[[Any], int]] = {
    id(kind): vars(kind)["__len__"] for kind in (list, tuple, dict, set, frozenset, bytearray)
}


def name_info(key: object, value: object) -> shapes.NameInfo:
    """One name of a namespace; `kept` is for those to fill in who know of reloads."""
    kind = kind_of(value)
    return {
        "name": key if type(key) is str else "<%s>" % raw.type_name(key),
        "type": raw.type_name(value),
        "kind": kind,
        "defined_in": _defined_in(value),
        "line": _line(value),
        "summary": summary(value),
        "kept": False,
    }


def kind_of(value: object) -> Any:
    """ "module", "class", "function" or "value"."""
    kind = type(value)
    if kind is raw.FunctionType or kind is raw.BuiltinFunctionType or kind is raw.MethodType:
        return "function"
    if raw.is_module(value):
        return "module"
    return "class" if raw.is_class(value) else "value"


def _defined_in(value: object) -> Optional[str]:
    if type(value) is raw.FunctionType:
        return raw.exact_str(raw.function_slot(value, "__module__"))
    if raw.is_class(value):
        return raw.class_module(value)
    return None


def _line(value: object) -> Optional[int]:
    code = raw.function_slot(value, "__code__")
    return None if code is None else int(code.co_firstlineno)


def summary(value: object) -> str:
    """A value of an exact built-in type in at most some 80 characters; else what it is."""
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is complex:
        return repr(value)
    if kind is int:
        bits = int.bit_length(value)  # type: ignore[arg-type]
        return repr(value) if bits <= MAX_BITS else "an int of %d bits" % bits
    if kind is str or kind is bytes:
        return _start(value)
    size = _SIZED.get(id(kind))
    if size is not None:
        count = size(value)
        return "%d item%s" % (count, "" if count == 1 else "s")
    return _foreign(value)


def _start(value: Any) -> str:
    said = repr(value[:LENGTH])
    if len(value) > LENGTH:
        said += "... (%d in all)" % len(value)
    return said


def _foreign(value: object) -> str:
    if type(value) is raw.FunctionType:
        return signature(value)
    if raw.is_class(value):
        bases = [raw.class_name(cls) for cls in raw.mro(value)[1:] if cls is not object]
        return "class %s%s" % (raw.class_qualname(value), "(%s)" % bases[0] if bases else "")
    if raw.is_module(value):
        name = raw.exact_str(raw.get(raw.module_dict(value), "__name__"))
        return "module %s" % name if name else "a module"
    if type(value) is raw.BuiltinFunctionType:
        return "built-in %s" % raw.slot(value, "__qualname__")
    return "a %s" % raw.class_qualname(type(value))


def signature(function: object) -> str:
    """A function's name and the names of its arguments, from its code."""
    code = raw.function_slot(function, "__code__")
    names = list(code.co_varnames)
    count, keywords = code.co_argcount, code.co_kwonlyargcount
    shown = names[:count]
    if code.co_posonlyargcount:
        shown.insert(code.co_posonlyargcount, "/")
    rest = names[count + keywords :]
    if code.co_flags & CO_VARARGS:
        shown.append("*" + rest.pop(0))
    elif keywords:
        shown.append("*")
    shown += names[count : count + keywords]
    if code.co_flags & CO_VARKEYWORDS:
        shown.append("**" + rest.pop(0))
    name = raw.text(raw.function_slot(function, "__name__")) or code.co_name
    return "%s(%s)" % (name, ", ".join(shown))
