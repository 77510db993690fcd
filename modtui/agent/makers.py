"""What stays the same object, but gives something else: functions with other code, classes with
other attributes, containers with other content. What was computed from them is computed anew, in
their module and elsewhere.

From a container or a value of a class everything is; with a function or a method only numbers and
texts are: what else it made stays, and for functions that is said.
"""

from __future__ import annotations

from . import agreeing, codes, functions, raw, statements, syntax
from .batch import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

    from .foreign import Foreign
    from .pairing import Pairing
    from .selecting import Selection
    from .statements import Statement

    Names = Set[str]
    Same = List[Tuple[str, Any, Names]]  # (what texts contain that use it, object, attributes)

_PLAIN = raw.ids(int, float, complex, bool, str, bytes, type(None))

# What an expression reads.
VALUE = "value"  # a value of a class that is another one now, or a container with other content
CODE = "code"  # a function, a method or a property that gives something else


def gave(
    selection: Selection, statement: Statement, foreign: Foreign, space: Optional[Any] = None
) -> bool:
    """Whether a statement computes plain values with a function that gives something else; `space`
    has the values of what it binds, if not the module has."""
    if not foreign.said(0) or statement.is_import:
        return False
    live = selection.space
    if statement.is_class:
        body = raw.class_dict(live.get(statement.node.name))
        return any(gave(selection, one, foreign, body or {}) for one in statement.inner)
    if syntax.kind(statement.node) not in ("Assign", "AnnAssign") and not _has_defaults(statement):
        return False
    chains = {name for name in statement.called | statement.passed if name in live}
    found = _first(live, chains | statement.chains, foreign)
    for name in sorted(statement.called & set(selection.bodies)):
        found = found or _below(selection, name, foreign)
    if not found:
        return False
    values = live if space is None else space
    if statement.is_def or all(_is_plain(values.get(name)) for name in statement.binds):
        return True
    if space is None and type(live.get(found)) is raw.FunctionType:
        selection.made_by.update((name, found) for name in statement.binds)
    return False


def _has_defaults(statement: Statement) -> bool:
    node = statement.node
    return statement.is_def and not node.decorator_list and bool(node.args.defaults)


def _below(selection: Selection, name: str, foreign: Foreign) -> str:
    """What one of the functions that a function calls, or it itself, calls of them; or nothing."""
    for reached in sorted({name} | (selection.reach(name) & set(selection.bodies))):
        for node in selection.bodies[reached]:
            names, chains = statements.read_in(node)
            found = _first(selection.space, names | chains, foreign)
            if found:
                return found
    return ""


def _first(space: Dict[Any, Any], chains: Names, foreign: Foreign) -> str:
    return next((one for one in sorted(chains) if read(space, one, foreign) == CODE), "")


def read(space: Dict[Any, Any], chain: str, foreign: Foreign) -> str:
    """VALUE or CODE if `a.b.c`, by what `a` is now, is something that is another one; else ""."""
    first, *rest = chain.split(".")
    value: Any = space.get(first)
    if foreign.attributes(value) is not None and not raw.is_class(value):
        return _kind_of(value)
    for name in rest:
        if name == statements.EVERYTHING:
            return VALUE if name in (foreign.attributes(value) or ()) else ""
        inside = raw.module_dict(value)
        if inside is None and not raw.is_class(value):
            inside = raw.instance_dict(value) or {}
            inside = inside if name in inside else None
        if inside is not None:
            value = inside.get(name)
            if foreign.attributes(value) is not None and not raw.is_class(value):
                return _kind_of(value)
            continue
        definer, value = _defined(value if raw.is_class(value) else type(value), name)
        others = foreign.attributes(definer)
        if others is not None and (name in others or (name + "." in others and name != rest[-1])):
            return VALUE
        if others is not None and functions.holds_code(value) and not raw.is_class(value):
            return CODE
    return ""


def _kind_of(value: Any) -> str:
    return CODE if type(value) is raw.FunctionType else VALUE


def _defined(cls: Any, name: str) -> Tuple[Any, Any]:
    """(the class that has it, value) of what a class, or an instance of it, has under a name."""
    for one in raw.mro(cls):
        space = raw.class_dict(one) or {}
        if name in space:
            return one, space[name]
    return None, None


def changed(live: Dict[Any, Any], touched: Names, foreign: Foreign) -> Same:
    """The functions of a module that give something else now, because they, or what they read by a
    global name, are among the names that were touched."""
    reads = {
        name: _names(value.__code__)
        for name, value in raw.items(live)
        if type(value) is raw.FunctionType and value.__globals__ is live and type(name) is str
    }
    dirty = set(touched)
    for names in reads.values() if foreign.said(0) else ():
        dirty |= {name for name in names if _is_of(live.get(name), names, foreign)}
    found: List[str] = []
    while True:
        news = [name for name in reads if name not in found]
        news = [name for name in news if name in dirty or reads[name] & dirty]
        if not news:
            return [(name, live[name], set()) for name in found if name in live]
        found += news
        dirty |= set(news)


def _names(code: Any) -> Names:
    found = set(code.co_names)
    for inner in codes.nested(code):
        found |= _names(inner)
    return found


def _is_of(value: Any, names: Names, foreign: Foreign) -> bool:
    """Whether it is a changed function of another module, or a module of which one is named."""
    space = raw.module_dict(value)
    if space is None:
        return foreign.attributes(value) is not None
    return any(foreign.attributes(space.get(name)) is not None for name in names)


def classes_of(pairing: Pairing) -> Same:
    """The classes that take over other values; asked before the patch is committed."""
    found: Same = []
    for old, new in pairing.merged:
        name = raw.class_qualname(old)
        statuses = pairing.bodies.get(name, ({}, set(), False))[0]
        others = set(_other_values(old, new, statuses)) | set(_other_members(pairing, old, new))
        last = name.rpartition(".")[2]
        found.append((last + ".", old, others))
        if statements.EVERYTHING in others:
            found += [("in " + last, old, others), ("(%s" % last, old, others)]
    return found


def instances_of(live: Dict[Any, Any], same: Same) -> Same:
    """What texts contain that use an instance which a module has of one of these classes."""
    classes = {id(value): (value, others) for _, value, others in same if raw.is_class(value)}
    found: Same = []
    for name, value in raw.items(live) if classes else ():
        known = classes.get(id(type(value)))
        if known is not None and type(name) is str:
            found.append((name + ".", *known))
    return found


def owners(live: Dict[Any, Any], names: Names) -> Same:
    """The classes under these names, of which only methods have other code."""
    found = [(name, live.get(name)) for name in sorted(names)]
    return [(name + ".", value, set()) for name, value in found if raw.is_class(value)]


def _other_values(old: Any, new: Any, statuses: Dict[str, str]) -> Iterator[str]:
    ours, theirs = raw.class_dict(old) or {}, raw.class_dict(new) or {}
    members = theirs.get("_member_map_") or ()
    for name, value in theirs.items():
        if name in members:
            continue  # see below
        if type(name) is not str or name[:2] == "__" or statuses.get(name) == statements.SAME:
            continue
        if not functions.holds_code(value) and not _alike(ours.get(name, MISSING), value):
            yield name


def _other_members(pairing: Pairing, old: Any, new: Any) -> Iterator[str]:
    """The members of an enum with other values; with a dot after it where the member is the same
    object, so that only what is in it is another one."""
    before, after = ((raw.class_dict(one) or {}).get("_member_map_") for one in (old, new))
    if type(before) is dict and type(after) is dict:
        if list(before) != list(after):
            yield statements.EVERYTHING
        for name, member in after.items():
            known = before.get(name, MISSING)
            if known is not MISSING and not _alike(_value(known), _value(member)):
                yield name + "." if pairing.resolve(member) is known else name
                yield statements.EVERYTHING


def _alike(one: Any, other: Any) -> bool:
    return bool(agreeing.same_data(one, other))


def _value(member: Any) -> Any:
    return (raw.instance_dict(member) or {}).get("_value_")


def complaints(module: str, selection: Selection) -> List[Dict[str, str]]:
    """What to say of what stays as a function made it before."""
    why = "%s made it, which was changed: it stays what it is, reload its module to have it anew"
    return [
        {"what": "%s.%s" % (module, name), "why": why % maker}
        for name, maker in sorted(selection.made_by.items())
    ]


def _is_plain(value: Any) -> bool:
    if type(value) is tuple or type(value) is frozenset:
        return all(map(_is_plain, value))
    return id(type(value)) in _PLAIN
