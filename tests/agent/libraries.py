"""Patch module after module of a large process; its behaviour and its objects' identity stay.

python -m tests.agent.libraries [--every N] [--edit]

Loaded are the modules of the standard library that can be imported, and requests, flask,
SQLAlchemy, attrs, pydantic and rich. Each module is patched alone: with the text that it was loaded
from, or with `--edit` with a text in which a comment comes first and some functions have a line
more; that is patched back afterwards. Both times every function and class must be the object that
it was, at the end each library must do what it is for, and nothing may be left behind.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.machinery
import io
import os
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

from modtui.agent import capture, entries, hazards, reloading

LIBRARIES = (
    "requests",
    "flask",
    "sqlalchemy.orm",
    "attrs",
    "pydantic",
    "rich.table",
    "rich.markdown",
)
LIBRARIES += (
    "rich.progress",
    "rich.syntax",
    "jinja2",
    "werkzeug.test",
    "sqlalchemy.dialects.sqlite",
)
NOT_IMPORTED = {
    "antigravity",
    "this",
    "idlelib",
    "turtle",
    "turtledemo",
    "tkinter",
    "lib2to3",
    "test",
    "distutils",
}
MARK = "_modtui_was_here"
EVERY_FUNCTION = 4

_texts: dict[str, bytes] = {}
_get_data = importlib.machinery.SourceFileLoader.get_data


def get_data(self: Any, path: str) -> bytes:
    """What the import system reads: the edited text of a file that is being edited."""
    return _texts.get(path) or _get_data(self, path)


def load() -> list[str]:
    """Import everything; returns the names of the modules that have a source to patch from."""
    for name in sorted(sys.stdlib_module_names - NOT_IMPORTED):
        try:
            importlib.import_module(name)
        except (ImportError, OSError, RuntimeError):
            continue  # made for another system
    for name in LIBRARIES:
        importlib.import_module(name)
    found = [entry for entry in entries.look() if entry.status == "source" and not entry.from_agent]
    skip = ("tests.", "__main__", "modtui", "mypy")
    return [entry.name for entry in found if not entry.name.startswith(skip) and entry.source_file]


def objects(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The functions and classes of a module, and the functions in its classes, by name."""
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType):
            yield name, value
        elif isinstance(value, type):
            yield name, value
            if value.__module__ == module.__name__:
                for below, inner in list(vars(value).items()):
                    if isinstance(inner, types.FunctionType):
                        yield f"{name}.{below}", inner


def edited(text: str) -> tuple[str, set[str]]:
    """The text with a comment before everything and a line more in every fourth function or method.

    Also returns the qualified names of these functions.
    """
    lines = text.splitlines(keepends=True)
    places: list[tuple[int, str]] = []
    names: set[str] = set()
    body = ast.parse(text).body
    defined = [(one, "") for one in body]
    defined += [
        (one, f"{cls.name}.") for cls in body if isinstance(cls, ast.ClassDef) for one in cls.body
    ]
    functions = [(one, prefix) for one, prefix in defined if isinstance(one, ast.FunctionDef)]
    for function, prefix in functions[::EVERY_FUNCTION]:
        first = function.body[0]
        before = lines[first.lineno - 1][: first.col_offset]
        simple = isinstance(first, (ast.Assign, ast.Return, ast.If, ast.For, ast.Raise, ast.Try))
        if simple and first.lineno > function.lineno and not before.strip():
            places.append((first.lineno - 1, before))
            names.add(prefix + function.name)
    for index, indent in sorted(places, reverse=True):
        lines.insert(index, f"{indent}{MARK} = 1\n")
    head = "" if text.startswith(("#!", "# -*-")) else "# a comment\n"
    return head + "".join(lines), names


def marked(module: types.ModuleType, path: str) -> set[str]:
    """The functions of a module that have the line more."""
    return {name for name, one in own_functions(module, path) if MARK in one.__code__.co_varnames}


def own_functions(module: types.ModuleType, path: str) -> Iterator[tuple[str, Any]]:
    """The functions that are made of a module's own text and stand where they were defined."""
    for name, one in objects(module):
        if not isinstance(one, types.FunctionType) or one.__qualname__ != name:
            continue
        if one.__code__.co_filename == path and one.__code__.co_name == name.split(".")[-1]:
            yield name, one


def patch(name: str) -> list[str]:
    """Patch one module; returns what is not as it should be."""
    module = sys.modules[name]
    before = dict(objects(module))
    try:
        report = reloading.reload([name], patch=True, yes=True)
    except reloading.planning.Refused:
        return []
    problems = [f"failed: {one['error']['traceback']}" for one in report["modules"] if one["error"]]
    after = dict(objects(sys.modules[name]))
    other = [one for one in before if after.get(one) is not before[one]]
    if other:
        problems.append(f"other objects: {other[:5]}")
    for one in report["modules"]:
        if any(one["left_behind"].values()):
            problems.append(f"left behind: {one['left_behind']}")
        # What runs right now finishes on the old code, and of a module that puts another object in
        # its own place nobody has a record; that is no fault.
        faultless = ("that run", "nothing proves")
        problems += [
            str(said)
            for said in one["could_not_patch"]
            if not any(words in said["why"] for words in faultless)
        ]
    return [f"{name}: {problem}" for problem in problems]


def patch_edited(name: str) -> list[str]:
    """Patch one module with an edited text, and back."""
    module = sys.modules[name]
    path = module.__spec__.loader.get_filename(module.__spec__.name)  # type: ignore[union-attr]
    if os.path.exists(module.__spec__.cached or ""):  # type: ignore[union-attr]
        return []  # it was loaded before this program began; its compiled file would be taken
    source = _get_data(module.__spec__.loader, path)  # type: ignore[union-attr]
    try:
        text, names = edited(source.decode())
    except UnicodeDecodeError:
        return []
    there = {qualname for qualname, _ in own_functions(module, path)}
    _texts[path] = text.encode()
    found = patch(name)
    missed = (names & there) - marked(module, path)
    if missed and not found and name not in hazards.INTERPRETER:
        found = [f"{name}: these functions have not the new code: {sorted(missed)[:5]}"]
    del _texts[path]
    found += patch(name)
    if marked(module, path):
        found.append(f"{name}: some functions still have the edited code")
    return found


def smoke() -> None:
    """Each library does what it is for. Raises AssertionError and what they raise."""
    import asyncio
    import dataclasses
    import decimal
    import enum
    import json
    import re
    import threading

    assert json.loads(json.dumps({"a": [1, 2.5, None]})) == {"a": [1, 2.5, None]}
    assert re.sub(r"(\w+) (\w+)", r"\2 \1", "a b") == "b a"
    assert decimal.Decimal("1.1") + 1 == decimal.Decimal("2.1")
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()

    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: int = 0

    class Color(enum.Flag):
        RED = 1
        BLUE = 2

    assert Point(1) < Point(2)
    assert (Color.RED | Color.BLUE).value == 3
    smoke_of_web()
    smoke_of_data()


def smoke_of_web() -> None:
    """requests, flask and what they stand on."""
    import flask
    import requests

    app = flask.Flask("smoke")
    app.add_url_rule("/<int:number>", view_func=lambda number: {"n": number}, endpoint="view")
    app.add_url_rule(
        "/t", view_func=lambda: flask.render_template_string("{{ 6 * 7 }}"), endpoint="t"
    )
    assert app.test_client().get("/3").json == {"n": 3}
    assert app.test_client().get("/t").data == b"42"
    assert app.test_client().get("/none").status_code == 404
    prepared = requests.Request(
        "POST", "http://host/a", params={"q": "x y"}, json={"k": 1}
    ).prepare()
    assert prepared.url == "http://host/a?q=x+y"
    assert prepared.body == b'{"k": 1}'


def smoke_of_data() -> None:
    """SQLAlchemy, attrs, pydantic, rich."""
    import attrs
    import pydantic
    import rich.console
    import rich.table
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    base = type("Base", (DeclarativeBase,), {})
    notes = {"id": Mapped[int], "name": Mapped[str]}
    body = {
        "__tablename__": "user",
        "__annotations__": notes,
        "id": mapped_column(primary_key=True),
    }
    user: Any = type("User", (base,), body)
    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)  # type: ignore[attr-defined]
    with Session(engine) as session:
        session.add(user(name="ann"))
        session.commit()
        assert session.scalars(select(user).where(user.name == "ann")).one().id == 1

    made = attrs.make_class("Made", {"x": attrs.field(validator=attrs.validators.instance_of(int))})
    assert made(1) == made(1)
    model = pydantic.create_model("Model", a=(int, ...), b=(list[str], []))
    assert model(a="3").a == 3
    try:
        model(a="no")
    except pydantic.ValidationError:
        pass
    else:
        raise AssertionError("pydantic took a text for a number")
    out = io.StringIO()
    table = rich.table.Table("A")
    table.add_row("[bold]x[/bold]")
    rich.console.Console(file=out, width=20).print(table)
    assert "x" in out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1, help="only every Nth module")
    parser.add_argument("--edit", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.edit:
        # Edited texts are given to the import system, not written: no compiled file may be taken
        # for theirs. What was loaded is known from the recorder, as under `modtui run`.
        sys.pycache_prefix = "/nowhere"
        sys.dont_write_bytecode = True
        capture.start()
    names = load()[:: options.every]
    smoke()
    if options.edit:
        importlib.machinery.SourceFileLoader.get_data = get_data  # type: ignore[method-assign]
    problems = []
    for name in [options.only] if options.only else names:
        found = patch_edited(name) if options.edit else patch(name)
        problems += found
        print("\n".join(found), end="\n" if found else "", flush=True)
    smoke()
    print(f"{len(names)} modules patched, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
