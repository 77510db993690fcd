"""Is what came over the wire of the shape that it should have? Checks made from `shapes`.

A target can say what it likes: what does not have the right type in some place would surface
somewhere else, as an exception that nobody expects. A check is one expression, compiled once, as
lists of ten thousand records are checked too.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import (
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Check = Callable[[Any], bool]
MOST = 2**63  # no honest number is larger


@functools.cache
def check_of(shape: Any) -> Check:
    """The check of a type: of `shapes`, or made of these, lists, dicts, literals and Optional."""
    names: dict[str, Any] = {"isfinite": math.isfinite}
    text = _expression(shape, "x", names)
    made: Check = eval(f"lambda x: {text}", names)
    return made


def _named(shape: Any, names: dict[str, Any]) -> str:
    """The name under which an expression calls the check of a TypedDict."""
    name = f"is_{shape.__name__}"
    names[name] = check_of(shape)
    return name


def _expression(shape: Any, x: str, names: dict[str, Any]) -> str:
    origin, arguments = get_origin(shape), get_args(shape)
    if shape is Any:
        return "True"
    if shape is float:
        return f"(type({x}) in (float, int) and -{MOST} <= {x} < {MOST})"  # no nan either
    if shape is int:
        return f"(type({x}) is int and -{MOST} <= {x} < {MOST})"
    if shape is type(None):
        return f"({x} is None)"
    if shape in (str, bool):
        return f"(type({x}) is {shape.__name__})"
    if origin is Literal:
        choices = f"choices_{len(names)}"
        names[choices] = frozenset(arguments)
        return f"(type({x}) is str and {x} in {choices})"
    if origin is Union:
        return "(" + " or ".join(_expression(one, x, names) for one in arguments) + ")"
    if origin is list:
        inner = _inner(arguments[0], names)
        return f"(type({x}) is list and all(map({inner}, {x})))"
    if origin is dict:  # the keys of an object are always str
        inner = _inner(arguments[1], names)
        return f"(type({x}) is dict and all(map({inner}, {x}.values())))"
    if is_typeddict(shape):
        if x != "x":
            return f"{_named(shape, names)}({x})"
        return _fields(shape, names)
    raise TypeError(f"no check is known for {shape!r}")


def _inner(shape: Any, names: dict[str, Any]) -> str:
    if is_typeddict(shape):
        return _named(shape, names)
    name = f"inner_{len(names)}"
    names[name] = check_of(shape)
    return name


def _fields(shape: Any, names: dict[str, Any]) -> str:
    tests = ["type(x) is dict"]
    for key, kind in get_type_hints(shape, include_extras=True).items():
        if get_origin(kind) is NotRequired:
            (kind,) = get_args(kind)
            tests.append(f"({key!r} not in x or {_expression(kind, f'x[{key!r}]', names)})")
        else:
            kind = get_args(kind)[0] if get_origin(kind) is Required else kind
            tests.append(f"{key!r} in x and {_expression(kind, f'x[{key!r}]', names)}")
    return "(" + " and ".join(tests) + ")"
