"""Reading foreign objects calls none of their code."""

from __future__ import annotations

import functools
import sys
from typing import Any

import pytest

from modtui.agent import raw


class Loud:
    """Any touch is an error."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)

    __eq__ = __ne__ = __hash__ = __repr__ = __str__ = __bool__ = __len__ = __getattribute__  # type: ignore[assignment]


def test_modules_and_their_namespaces() -> None:
    module = type(sys)("made")
    assert raw.is_module(module)
    assert raw.module_dict(module) is vars(module)
    for other in (None, 5, type(sys), Loud(), Loud, "text"):
        assert not raw.is_module(other)
        assert raw.module_dict(other) is None
    assert not raw.module_dict(type(sys).__new__(type(sys)))  # None, or {} from 3.9 on


def test_a_subclass_of_module_is_read_past_its_own_methods() -> None:
    class Lazy(type(sys)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    lazy = Lazy("lazy")
    namespace = raw.module_dict(lazy)
    assert namespace is not None
    assert namespace["__name__"] == "lazy"


def test_classes() -> None:
    class Meta(type):
        def mro(cls) -> list[type]:
            return [cls, object]

        def __getattribute__(cls, name: str) -> Any:
            raise AssertionError(name)

    made = Meta("Made", (), {"x": 1, "__module__": "where"})
    assert raw.is_class(made)
    assert not raw.is_class(Loud())
    assert raw.class_name(made) == "Made"
    assert raw.class_module(made) == "where"
    assert raw.class_module(int) == "builtins"
    assert (raw.class_dict(made) or {})["x"] == 1
    assert raw.mro(made) == (made, object)
    assert raw.class_name(5) == "?"


def test_functions_cells_and_wrappers() -> None:
    value = object()

    def function() -> object:
        return value

    cell = raw.function_slot(function, "__closure__")[0]
    assert raw.cell_contents(cell) is value
    assert raw.function_slot(len, "__code__") is None
    assert raw.slot(property(function), "fget") is function
    assert raw.slot(functools.partial(function), "func") is function
    assert raw.attribute(functools.lru_cache(function), "__wrapped__") is function
    assert raw.slot(Loud(), "fget") is None


def test_instances() -> None:
    loud = Loud()
    object.__getattribute__(loud, "__dict__")["x"] = 1
    assert raw.instance_dict(loud) == {"x": 1}
    assert raw.attribute(loud, "x") == 1
    assert raw.instance_dict(5) is None

    class Property:
        __dict__ = property(lambda self: pytest.fail("it was called"))  # type: ignore[assignment]

    assert raw.instance_dict(Property()) is None


def test_texts() -> None:
    class Text(str):
        def __str__(self) -> str:
            raise AssertionError

    assert raw.exact_str(Text("x")) is None
    assert raw.text(Text("x")) == "x"
    assert type(raw.text(Text("x"))) is str
    assert raw.text(Loud()) is None
    assert raw.exact_strs(["a", Text("b"), 5]) == ["a"]
    assert raw.exact_strs({"a": 1}) == []


def test_get_reads_exact_dicts_only() -> None:
    class Mapping(dict):  # type: ignore[type-arg]
        def get(self, *arguments: Any) -> Any:
            raise AssertionError

    assert raw.get({"a": 1}, "a") == 1
    assert raw.get(Mapping(a=1), "a") is None
    assert raw.get(None, "a") is None
