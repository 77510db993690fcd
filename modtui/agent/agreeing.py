"""Whether an expression of a text may have made a live object; nothing of the program is called."""

from __future__ import annotations

import sys

from . import batch, codes, raw, syntax
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_EMPTY = {"List": list, "Dict": dict}
_PLAIN = raw.ids(int, float, complex, bool, str, bytes, type(None), tuple, frozenset)
_BOUND = raw.ids(staticmethod, classmethod)
_DEEP = 20
_BUILT_IN = ("property", "staticmethod", "classmethod")


def agrees(expression: Any, value: Any, live: Dict[Any, Any], deep: int = 0) -> bool:
    """Whether the expression, evaluated in a module, would give that value or its first state."""
    kind = syntax.kind(expression)
    if deep > _DEEP:
        return False
    if kind in ("Constant", "Num", "Str", "Bytes", "NameConstant", "UnaryOp"):
        known = literal(expression)
        return known is value or (known is not MISSING and codes._same_value(known, value))
    if kind in ("Name", "Attribute"):
        found = resolved(expression, live)
        return found is not MISSING and found is value
    if kind in ("Tuple", "List", "Dict"):
        return _display_agrees(expression, kind, value, live, deep)
    if kind == "Set":
        wanted = [literal(one) for one in expression.elts]
        return type(value) is set and MISSING not in wanted and value == set(wanted)
    if kind == "Call":
        return _call_agrees(expression, value, live)
    return False


def same_data(one: Any, other: Any, deep: int = 0) -> bool:
    """Whether two objects are the same, or hold the same numbers, texts and objects."""
    kind = type(one)
    if one is other or kind is not type(other) or deep > _DEEP:
        return one is other
    if kind is dict:
        ours, theirs = raw.items(one), raw.items(other)
        one, other = (tuple(part for pair in items for part in pair) for items in (ours, theirs))
    elif not (kind is list or kind is tuple):
        return codes._same_value(one, other)
    return len(one) == len(other) and all(
        same_data(a, b, deep + 1) for a, b in zip(list(one), list(other))
    )


def literal(expression: Any) -> Any:
    """The value of a constant, or of a negative number; MISSING for anything else."""
    kind = syntax.kind(expression)
    if kind == "UnaryOp" and syntax.kind(expression.op) == "USub":
        value = literal(expression.operand)
        return -value if type(value) in (int, float, complex) else MISSING
    if kind == "Constant":
        return expression.value
    return MISSING


def resolved(expression: Any, live: Dict[Any, Any]) -> Any:
    """What a name, or a dotted one over modules and classes, is now; MISSING if nobody knows."""
    kind = syntax.kind(expression)
    if kind == "Name":
        found = live.get(expression.id, MISSING)
        if found is MISSING:
            found = (raw.module_dict(sys.modules.get("builtins")) or {}).get(expression.id, MISSING)
        return found
    if kind == "Attribute":
        value = resolved(expression.value, live)
        space = raw.class_dict(value) if raw.is_class(value) else raw.module_dict(value)
        return (space or {}).get(expression.attr, MISSING)
    return MISSING


def _display_agrees(expression: Any, kind: str, value: Any, live: Any, deep: int) -> bool:
    if kind == "Dict":
        if type(value) is not dict:
            return False
        if not expression.keys:
            return True  # it starts empty: what is in it now is state
        items = raw.items(value)
        return len(items) == len(expression.keys) and all(
            key is not None
            and agrees(key, there, live, deep + 1)
            and agrees(one, inside, live, deep + 1)
            for key, one, (there, inside) in zip(expression.keys, expression.values, items)
        )
    wanted = list if kind == "List" else tuple
    if type(value) is not wanted:
        return False
    if kind == "List" and not expression.elts:
        return True
    elements = list(value)
    return len(elements) == len(expression.elts) and all(
        agrees(one, inside, live, deep + 1) for one, inside in zip(expression.elts, elements)
    )


def _call_agrees(call: Any, value: Any, live: Any) -> bool:
    maker = resolved(call.func, live)
    if maker is MISSING or id(type(value)) in _PLAIN:
        return False
    arguments = list(call.args) + [keyword.value for keyword in call.keywords]
    if raw.is_class(maker):
        if type(value) is not maker:
            return False
    elif type(maker) is raw.FunctionType:
        if raw.class_module(type(value)) == "builtins":
            return False  # what a function of the program gives may depend on anything
    if not arguments:
        return True
    if raw.class_module(type(value)) == "typing":
        known = literal(arguments[0])
        return type(known) is str and getattr(value, "__name__", None) == known
    if raw.class_name(maker) == "ContextVar" and type(value) is maker:
        return bool(literal(arguments[0]) == value.name)  # its default cannot be asked for
    return _all_in(arguments, _parts(value), live)


def _parts(value: Any) -> List[Any]:
    """What an object keeps of the arguments that it was made with."""
    space = raw.instance_dict(value)
    if space is not None:
        return list(space.values())
    kind = raw.class_name(type(value))
    if raw.class_module(type(value)) != "collections" or kind not in ("deque", "defaultdict"):
        return []
    return [value.maxlen if kind == "deque" else value.default_factory]


def _all_in(arguments: List[Any], held: List[Any], live: Any) -> bool:
    """Whether all arguments of a call are among what its result holds."""
    return all(any(agrees(one, value, live) for value in held) for one in arguments)


# Functions


def replaced_by_hand(bound: Any, live: Any) -> bool:
    """Whether an object that stands where a plain definition would is somebody else's: a mock.

    It might be what a decorator made that the text has no longer; then it holds the function.
    """
    if bound is MISSING or raw.is_class(bound) or unwrapped(bound) is not bound:
        return False
    if type(bound) is raw.FunctionType:
        cells = [batch.contents_of(cell) for cell in bound.__closure__ or ()]
        held = cells + list(bound.__dict__.values())
        own = bound.__globals__ is live
    else:
        held, own = list((raw.instance_dict(bound) or {}).values()), id(type(bound)) in _PLAIN
    return not own and not any(
        type(one) is raw.FunctionType and one.__globals__ is live for one in held
    )


def unwrapped(value: Any) -> Any:
    """The function that a descriptor or a wrapper says that it is made of."""
    for _ in range(_DEEP):
        kind = type(value)
        if kind is raw.FunctionType:
            inner = value.__dict__.get("__wrapped__")
            if type(inner) is not raw.FunctionType:
                return value
            value = inner
        elif id(kind) in _BOUND:
            value = value.__func__
        elif kind is property:
            value = value.fget
        else:
            space = raw.instance_dict(value) or {}
            found = [space[name] for name in ("__wrapped__", "func") if name in space]
            if not found:
                return value
            value = found[0]
    return value


def defaults_agree(node: Any, function: Any, live: Any) -> bool:
    """Whether a function has the defaults and annotations of a definition."""
    arguments = node.args
    known = function.__defaults__ or ()
    if len(known) != len(arguments.defaults):
        return False
    pairs = list(zip(arguments.defaults, known))
    keywords = function.__kwdefaults__ or {}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if default is not None:
            pairs.append((default, keywords.get(argument.arg, MISSING)))
    if sum(one is not None for one in arguments.kw_defaults) != len(keywords):
        return False
    return all(agrees(one, value, live) for one, value in pairs) and _notes_agree(
        node, function, live
    )


def _notes_agree(node: Any, function: Any, live: Any) -> bool:
    arguments = node.args
    named = getattr(arguments, "posonlyargs", []) + arguments.args + arguments.kwonlyargs
    named += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    notes = {one.arg: one.annotation for one in named if one.annotation is not None}
    if node.returns is not None:
        notes["return"] = node.returns
    if sys.version_info >= (3, 14):
        return not notes and function.__annotate__ is None  # asking would run code of the program
    known = function.__annotations__
    return set(known) == set(notes) and all(
        note_agrees(one, known[name], live) for name, one in notes.items()
    )


def decorators_agree(decorators: List[Any], function: Any, bound: Any, live: Any) -> bool:
    """Whether a decorated definition may have made what is bound: a decorator without arguments
    made the wrapper, those with arguments are believed if the arguments are held somewhere."""
    held: List[Any] = []
    for decorator in decorators:
        if syntax.kind(decorator) != "Call":
            if not _made_by(decorator, function, bound, live):
                return False
            continue
        held = held or _held(function, bound)
        arguments = list(decorator.args) + [one.value for one in decorator.keywords]
        if not _all_in(arguments, held, live):
            return False
    return True


def _made_by(decorator: Any, function: Any, bound: Any, live: Any) -> bool:
    maker = resolved(decorator, live)
    if syntax.dotted(decorator) in _BUILT_IN:
        return raw.class_name(type(bound)) == syntax.dotted(decorator)
    if maker is MISSING:
        return False
    if raw.is_class(maker):
        return type(bound) is maker
    if type(maker) is raw.FunctionType and type(bound) is raw.FunctionType:
        return bound is function or bound.__code__ in codes.nested(maker.__code__)
    return True


def _held(function: Any, bound: Any) -> List[Any]:
    """What wrappers keep beside the function: in cells, attributes, parameters of a cache."""
    found: List[Any] = list(function.__dict__.values())
    found += list((raw.instance_dict(bound) or {}).values())
    if type(bound) is raw.FunctionType:
        found += [batch.contents_of(cell) for cell in bound.__closure__ or ()]
    if raw.class_name(type(bound)) == "_lru_cache_wrapper":
        found.append(bound.cache_info().maxsize)
    return found


# Classes


def is_plain(cls: Any) -> bool:
    """Whether no metaclass of the program's makes something else of the body of a class."""
    return raw.class_name(type(cls)) in ("type", "ABCMeta")


def header_agrees(node: Any, cls: Any, live: Any) -> bool:
    """Whether a class has the bases, the metaclass and the simple decorators of a definition."""
    space = raw.class_dict(cls) or {}
    bases = space.get("__orig_bases__", cls.__bases__)
    if not node.bases:
        if len(bases) != 1 or bases[0] is not object:
            return False
    elif len(bases) != len(node.bases) or not all(
        resolved(one, live) is base for one, base in zip(node.bases, bases)
    ):
        return False
    if type(cls) is not type and not (node.keywords or any(type(cls) is type(b) for b in bases)):
        return False
    for keyword in node.keywords:
        if keyword.arg != "metaclass" or resolved(keyword.value, live) is not type(cls):
            return False
    made_dataclass = "__dataclass_fields__" in space
    names = [syntax.dotted(one).rpartition(".")[2] for one in node.decorator_list]
    calls = any(syntax.kind(one) == "Call" for one in node.decorator_list)
    return not calls and made_dataclass == ("dataclass" in names)


def annotations_agree(nodes: List[Any], space: Dict[Any, Any], live: Any) -> bool:
    """Whether a namespace has the annotations of a text. Since 3.14 they come from a function."""
    wanted = {
        one.target.id: one.annotation
        for one in nodes
        if syntax.kind(one) == "AnnAssign" and syntax.kind(one.target) == "Name"
    }
    known = space.get("__annotations__")
    if type(known) is not dict:
        return not wanted and "__annotate_func__" not in space and "__annotate__" not in space
    return set(known) == set(wanted) and all(
        note_agrees(one, known[name], live) for name, one in wanted.items()
    )


def note_agrees(annotation: Any, note: Any, live: Any) -> bool:
    """Whether an annotation gives what is there: the object, or its name where it is postponed."""
    if type(note) is str and syntax.kind(annotation) in ("Name", "Attribute"):
        return bool(syntax.dotted(annotation) == note)
    return agrees(annotation, note, live)
