"""A `sys.modules` of hostile objects: each notes every way in which it is touched."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from modtui.agent import census as agent_census
from modtui.agent import detail, freshness
from modtui.agent.calls import Calls
from modtui.agent.errors import AgentError

touched: list[str] = []


def _note(name: str) -> Any:
    def method(*_: Any, **__: Any) -> Any:
        touched.append(name)
        raise RuntimeError(f"{name} was called")

    return method


_DUNDERS = (  # noqa: SIM905
    "__getattribute__ __getattr__ __setattr__ __delattr__ __repr__ __str__ __bytes__ __format__ "
    "__eq__ __ne__ __lt__ __hash__ __bool__ __len__ __iter__ __next__ __contains__ __getitem__ "
    "__call__ __dir__ __index__ __int__ __fspath__ __enter__ __instancecheck__ __subclasscheck__ "
    "__get__ __set__ __reduce_ex__ __sizeof__ __length_hint__ __missing__ __await__"
).split()


class Meta(type):
    """The class of classes that note being touched, too."""


for _name in _DUNDERS:
    if _name != "__call__":
        setattr(Meta, _name, _note(f"type.{_name}"))

_SPACE = {name: _note(name) for name in _DUNDERS}
Touchy: Any = type.__call__(Meta, "Touchy", (), dict(_SPACE))
TouchyModule: Any = type.__call__(Meta, "TouchyModule", (ModuleType,), dict(_SPACE))
TouchyStr: Any = type.__call__(
    Meta, "TouchyStr", (str,), {n: f for n, f in _SPACE.items() if n not in ("__hash__", "__eq__")}
)
TouchyDict: Any = type.__call__(Meta, "TouchyDict", (dict,), dict(_SPACE))
TouchyList: Any = type.__call__(Meta, "TouchyList", (list,), dict(_SPACE))


_KINDS: dict[str, Any] = {
    "touchy": lambda _: object.__new__(Touchy),
    "touchy str": lambda text: str.__new__(TouchyStr, text),
    "touchy dict": lambda _: dict.__new__(TouchyDict),
    "touchy list": lambda _: list.__new__(TouchyList),
    "plain": lambda value: value,
    "space": lambda space: SimpleNamespace(**{k: _made(v) for k, v in space.items()}),
    "module": lambda space: _module(ModuleType, space),
    "touchy module": lambda space: _module(TouchyModule, space),
    "several": lambda values: tuple(_made(value) for value in values),
}


def _made(described: tuple[str, Any]) -> Any:
    # Only here, and not by a strategy: Hypothesis itself looks at what its strategies give.
    kind, value = described
    return _KINDS[kind](value)


def _module(kind: Any, space: dict[str, Any]) -> Any:
    made = ModuleType.__new__(kind)
    ModuleType.__init__(made, "made")
    names = ModuleType.__dict__["__dict__"].__get__(made)
    names.update((name, _made(value)) for name, value in space.items())
    return made


_texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ("/etc/passwd", "/", "/dev/zero", "\0", "x.py", "/proc/self/mem", "\udcff", "a" * 300)
)
_plain = st.one_of(
    st.none(), _texts, st.integers(), st.binary(max_size=4), st.floats(), st.booleans(),
    st.lists(_texts, max_size=3), st.dictionaries(_texts, _texts, max_size=3),
)  # fmt: skip
_values = st.one_of(
    st.tuples(st.just("plain"), _plain),
    st.tuples(st.sampled_from(("touchy", "touchy dict", "touchy list")), st.none()),
    st.tuples(st.just("touchy str"), _texts),
)
_NAMES = ("__file__", "__spec__", "__loader__", "__path__", "__cached__", "__package__", "__doc__",
          "__name__", "__dict__", "__class__", "value")  # fmt: skip
_SPEC = ("name", "origin", "loader", "cached", "submodule_search_locations", "has_location",
         "parent", "loader_state")  # fmt: skip
_specs = st.tuples(st.just("space"), st.dictionaries(st.sampled_from(_SPEC), _values, max_size=8))
_spaces = st.dictionaries(st.sampled_from(_NAMES) | _texts, _values | _specs, max_size=8)
_entries = st.tuples(st.sampled_from(("module", "touchy module")), _spaces) | _values
_lines = _values | st.tuples(st.just("several"), st.lists(_values, min_size=4, max_size=4))
worlds = st.tuples(
    st.dictionaries(_texts.map(lambda text: "fuzzed." + text), _entries, min_size=1, max_size=6),
    st.dictionaries(_texts, _lines, max_size=3),
)


def look(world: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Everything that looks, at such a world: nothing in it is touched."""
    entries, lines = world
    kept = dict(linecache.cache)
    sys.modules.update((name, _made(entry)) for name, entry in entries.items())
    linecache.cache.update((name, _made(line)) for name, line in lines.items())
    touched.clear()
    try:
        page = agent_census.Census().page(0, 0)
        assert entries.keys() <= {record["name"] for record in page["modules"]}
        calls = Calls()
        names = list(entries)
        freshness.verdicts(names)
        for name in names:
            for ask in (detail.show, calls.source, calls.baseline, calls.live_code):
                try:
                    ask(name)
                except AgentError:
                    continue
        calls.plan(names, True, True)
        assert touched == []
    finally:
        for key in entries:
            sys.modules.pop(key, None)
        linecache.cache.clear()
        linecache.cache.update(kept)


census = SimpleNamespace(look=look, worlds=worlds)
