"""The head of a function: decorators, `def` with its parameters, and the docstring."""

from __future__ import annotations

import ast
from types import CodeType

from .instructions import NOTHING, by_line
from .trial import indent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .section import Section
    from .trial import Trial

VARIADIC, KEYWORDS = 0x4, 0x8


class Parameters:
    """The names of a code object's parameters, by kind."""

    def __init__(self, code: CodeType) -> None:
        names = list(code.co_varnames)
        count = code.co_argcount
        self.only = names[: code.co_posonlyargcount]
        self.plain = names[code.co_posonlyargcount : count]
        self.keyword = names[count : count + code.co_kwonlyargcount]
        rest = names[count + code.co_kwonlyargcount :]
        self.variadic = rest.pop(0) if code.co_flags & VARIADIC else None
        self.keywords = rest.pop(0) if code.co_flags & KEYWORDS else None

    @property
    def all(self) -> tuple[Any, ...]:
        """To compare."""
        return (
            tuple(self.only),
            tuple(self.plain),
            tuple(self.keyword),
            self.variadic,
            self.keywords,
        )


def docstring(code: CodeType) -> str | None:
    """The docstring that a function's code holds."""
    first = code.co_consts[0] if code.co_consts else None
    return first if isinstance(first, str) else None


def heads(section: Section, trial: Trial) -> Iterator[list[str]]:
    """Candidates for the lines before the first one with code, as many as there were."""
    unit = section.unit
    assert unit is not None
    size = 0
    inner = by_line([unit.code])
    while size <= unit.last - unit.first and not inner.get(unit.first + size, NOTHING).core:
        size += 1
    if not size:
        return
    for source in section.sources:
        if source.unit is None:
            continue
        for lines in _from(source.reference, source.unit, unit.code):
            fitted = _fitted(lines, size)
            if fitted is not None:
                yield fitted
    fitted = _fitted(_invented(section, unit.code, size), size)
    if fitted is not None:
        yield fitted


def _invented(section: Section, code: CodeType, size: int) -> list[str]:
    """The head of a function of which no text has any version."""
    columns = [fact.first for fact in section.facts[size:] if fact.first is not None]
    depth = section.unit.qualname.replace(".<locals>", "").count(".") if section.unit else 0
    indent = " " * max(min(columns) - 4 if columns else 4 * depth, 0)
    word = "async def" if code.co_flags & 0x280 else "def"
    has = Parameters(code)
    lines = [f"{indent}{word} {code.co_name}({', '.join(_parts(has, {}))}):"]
    doc = docstring(code)
    return lines if doc is None else lines + _doc_lines(doc, indent + "    ", [])


def _from(reference: Any, other: Any, code: CodeType) -> Iterator[list[str]]:
    """The head of another version of the function, with what this one has."""
    node = _node(reference.tree, other)
    if node is None:
        return
    lines = [reference.line(number) for number in range(other.first, other.last + 1)]
    body = _first_body(node)
    doc_lines: list[str] = []
    after = body.lineno
    has_doc = _is_text(node.body[0])
    if has_doc:
        doc_lines = lines[node.body[0].lineno - other.first : _end(node.body[0]) - other.first + 1]
        after = _end(node.body[0]) + 1
    def_end = (node.body[0].lineno if has_doc else _header_end(reference, node)) - other.first
    decorators = lines[: node.lineno - other.first]
    header = lines[node.lineno - other.first : def_end]
    between = lines[def_end:def_end] if has_doc else []
    rest_end = body.lineno if body is not node.body[0] or not has_doc else after
    rest = lines[
        (after if has_doc else def_end + other.first) - other.first : rest_end - other.first
    ]
    wanted = Parameters(code)
    headers = [header]
    if wanted.all != Parameters(other.code).all or node.name != code.co_name:
        headers = list(_headers(header, node, wanted, code.co_name, reference))
    doc = docstring(code)
    docs = [doc_lines]
    if doc != docstring(other.code):
        indent = indent_of(lines[node.body[0].lineno - other.first])
        docs = [_doc_lines(doc, indent, doc_lines)] if doc is not None else [[]]
    for one in headers:
        for text in docs:
            yield [*decorators, *one, *between, *text, *rest]
            if decorators:
                yield [*one, *between, *text, *rest]


def _fitted(lines: Sequence[str], size: int) -> list[str] | None:
    """As many lines as there were, blank ones left out or added at the end."""
    found = list(lines)
    while len(found) > size:
        spare = [at for at, line in enumerate(found) if not line.strip() or _comment(line)]
        if not spare:
            return None
        found.pop(spare[-1])
    return found + [""] * (size - len(found))


def _comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _node(tree: ast.AST, unit: Any) -> Any:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == unit.name:
            first = min([node.lineno] + [each.lineno for each in node.decorator_list])
            if first == unit.first:
                return node
    return None


def _is_text(node: Any) -> bool:
    value = getattr(node, "value", None)
    return isinstance(node, ast.Expr) and isinstance(getattr(value, "value", None), str)


def _first_body(node: Any) -> Any:
    return node.body[1] if _is_text(node.body[0]) and len(node.body) > 1 else node.body[0]


def _end(node: Any) -> int:
    return int(node.end_lineno or node.lineno)


def _header_end(reference: Any, node: Any) -> int:
    """The line after the one that the header ends on."""
    last = node.lineno
    args = node.args
    parts = [*args.args, *args.kwonlyargs, *args.defaults, args.vararg, args.kwarg, node.returns]
    for part in [*parts, *getattr(args, "posonlyargs", []), *args.kw_defaults]:
        if part is not None:
            last = max(last, _end(part))
    while last < node.body[0].lineno:
        if reference.line(last).split("#")[0].rstrip().endswith(":"):
            return int(last) + 1
        last += 1
    return int(last)


def _doc_lines(doc: str, indent: str, before: Sequence[str]) -> list[str]:
    """A docstring as it was probably written; 3.13+ keeps it without its indentation."""
    import sys

    quote, prefix = '"""', ""
    if before:
        start = before[0].strip()
        prefix = start[: len(start) - len(start.lstrip("rRuUbB"))]
        if start[len(prefix) :].startswith("'''"):
            quote = "'''"
        elif not start[len(prefix) :].startswith('"""') and "\n" not in doc:
            quote = start[len(prefix) : len(prefix) + 1]
    text = doc
    if "\\" in text and "r" not in prefix.lower():
        text = text.replace("\\", "\\\\")
    text = text.replace(quote, "\\" + quote)
    if text.endswith(quote[0]):
        text = text[:-1] + "\\" + quote[0]
    lines = text.split("\n")
    if sys.version_info >= (3, 13):
        lines = lines[:1] + [indent + line if line.strip() else line for line in lines[1:]]
        if len(lines) > 1 and not lines[-1].strip():
            lines[-1] = indent
    return (
        [indent + prefix + quote + lines[0], *lines[1:-1], lines[-1] + quote][: len(lines)]
        if len(lines) > 1
        else [indent + prefix + quote + text + quote]
    )


# Parameters.


def _headers(
    header: Sequence[str], node: Any, wanted: Parameters, name: str, reference: Any
) -> Iterator[list[str]]:
    """The `def` with other parameters; those that it had keep annotation and default."""
    known = _written(node, reference)
    indent = indent_of(header[0])
    start = f"{indent}{_keyword_of(node)} {name}("
    returns = _segment(reference, node.returns)
    end = f") -> {returns}:" if returns else "):"
    parts = list(_parts(wanted, known))
    one = [start + ", ".join(parts) + end]
    many = [start, *(f"{indent}    {part}," for part in parts), indent + end]
    middle = [start, "{}    {}".format(indent, ", ".join(parts)), indent + end]
    orders = [many, one, middle] if len(header) > 2 else [one, many, middle]
    yield from orders


def _keyword_of(node: Any) -> str:
    return "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"


def _written(node: Any, reference: Any) -> dict[str, str]:
    """How each parameter is written: with annotation and default."""
    args = node.args
    found: dict[str, str] = {}
    plain = [*getattr(args, "posonlyargs", []), *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    pairs = [*zip(plain, defaults), *zip(args.kwonlyargs, args.kw_defaults)]
    pairs += [(each, None) for each in (args.vararg, args.kwarg) if each is not None]
    for arg, default in pairs:
        text = arg.arg
        annotation = _segment(reference, arg.annotation)
        if annotation:
            text += ": " + annotation
        if default is not None:
            equals = " = " if annotation else "="
            text += equals + (_segment(reference, default) or "None")
        found[arg.arg] = text
    return found


def _segment(reference: Any, node: Any) -> str | None:
    return ast.get_source_segment(reference.text, node) if node is not None else None


def _parts(wanted: Parameters, known: dict[str, str]) -> Iterator[str]:
    optional = False
    plain = [*wanted.only, *wanted.plain]
    for at, name in enumerate(plain):
        text = known.get(name, name)
        if optional and "=" not in text:
            text += "=None"
        optional = optional or "=" in text
        yield text
        if wanted.only and at == len(wanted.only) - 1:
            yield "/"
    if wanted.variadic is not None:
        yield "*" + known.get(wanted.variadic, wanted.variadic)
    elif wanted.keyword:
        yield "*"
    for name in wanted.keyword:
        yield known.get(name, name)
    if wanted.keywords is not None:
        yield "**" + known.get(wanted.keywords, wanted.keywords)
