"""Run by a target's Python: edits files of its library, and rebuilds what was loaded.

`rebuild_trials.py HOUSE SEED COUNT` prints how many functions an edit changed, how many of them
were proved, and for which that was not true. What was loaded is the library's file, what is on disk
is the edited text, so that every kind of edit is undone.
"""

from __future__ import annotations

import ast
import json
import os
import random
import re
import sys
import warnings

MODULES = ["textwrap", "shlex", "configparser", "fractions", "csv", "cmd", "calendar", "heapq"]
MODULES += ["gettext", "mimetypes", "netrc", "pprint", "queue", "sched", "string", "tempfile"]


def edits(lines, node, rng):
    """The text with one function edited, once for each kind of edit."""
    first, last = node.body[0].lineno - 1, node.end_lineno
    indent = " " * node.body[0].col_offset
    for name, change in [
        ("constant", lambda line: re.sub(r"\b\d+\b", lambda m: m[0] + "1", line, count=1)),
        ("text", lambda line: re.sub(r"'(\w)", r"'z\1", line, count=1)),
        ("operator", lambda line: re.sub(r" (\+|-) ", " * ", line, count=1)),
        ("comparison", lambda line: line.replace(" == ", " != ", 1)),
        ("name", lambda line: re.sub(r"\bself\.(\w+)", r"self.\1_", line, count=1)),
        ("call", lambda line: re.sub(r"(\w)\(\)", r"\1(None)", line, count=1)),
        ("argument", lambda line: re.sub(r"(\w)\((\w+)\)", r"\1(\2, 0)", line, count=1)),
        ("comment", lambda line: line + "  # why"),
        ("removed", lambda line: None),
    ]:
        places = list(range(first, last))
        rng.shuffle(places)
        for at in places:
            changed = change(lines[at])
            if changed != lines[at]:
                yield name, lines[:at] + ([] if changed is None else [changed]) + lines[at + 1 :]
                break
    at = node.body[-1].lineno - 1
    guard = [indent + "if not helped(1, x='y'):", indent + "    return None"]
    yield "guard added", lines[:at] + guard + lines[at:]
    head = node.lineno - 1
    if lines[head].rstrip().endswith("):"):
        more = re.sub(r"\):\s*$", ", extra=None):", lines[head])
        yield "parameter", [*lines[:head], more, *lines[head + 1 :]]
    if ast.get_docstring(node) and first + 1 < last:
        other = indent + '"""Other."""'
        yield "docstring", [*lines[:first], other, *lines[node.body[0].end_lineno :]]
    begin = min([node.lineno] + [each.lineno for each in node.decorator_list]) - 1
    yield "function removed", lines[:begin] + lines[last:]
    outer = " " * node.col_offset
    added = [outer + "def added(x):", outer + "    return x", ""]
    yield "function added", [*lines[:begin], *added, *lines[begin:]]


def is_true(truth, found, code, last, codes):
    """Whether the lines that were found, put into the very text, make the function."""
    from modtui.source.rebuilding.texts import functions

    start = code.co_firstlineno - 1
    text = "\n".join(truth[:start] + found[start:last] + truth[last:])
    for _, other in functions(compile(text, "<truth>", "exec", dont_inherit=True)):
        if other.co_name == code.co_name and other.co_firstlineno == code.co_firstlineno:
            return codes.same(code, other) and codes.same_place(code, other)
    return False


def main(house, seed, count):
    sys.path.insert(0, house)
    from modtui.agent import codes
    from modtui.source.rebuilding.texts import functions, outermost
    from modtui.source.rebuilding.work import Work

    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    told = {}
    lies = []
    while sum(seen for seen, _ in told.values()) < count:
        path = os.path.join(os.path.dirname(os.__file__), rng.choice(MODULES) + ".py")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lines = text.split("\n")
        live = dict(outermost(compile(text, "<m>", "exec", dont_inherit=True)))
        nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
        ends = {(n.name, _first(n)): n.end_lineno for n in nodes}
        node = rng.choice(nodes)
        options = [(n, "\n".join(e)) for n, e in edits(lines, node, rng)]
        name, edited = rng.choice(options)
        try:
            there = list(functions(compile(edited, "<e>", "exec", dont_inherit=True)))
        except SyntaxError:
            continue
        found = Work(list(live.items()), None, [edited], -1, 20, codes).run()
        for qualname, code in live.items():
            if not any(codes.same(code, other) for known, other in there if known == qualname):
                seen = told.setdefault(name, [0, 0])
                seen[0] += 1
                seen[1] += qualname in found["proved"]
            last = ends[code.co_name, code.co_firstlineno]
            proved = qualname in found["proved"]
            if proved and not is_true(lines, found["lines"], code, last, codes):
                lies.append([path, qualname, name])
    print(json.dumps({"told": told, "lies": lies}))


def _first(node):
    return min([node.lineno] + [each.lineno for each in node.decorator_list])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
