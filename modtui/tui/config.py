"""The config file: `config.toml` in the platform's place. Errors name the line.

theme = "modtui-dark"
folded = true            # libraries folded away at the start
fold = ["vendor"]        # packages that are folded away with them
tree = false             # the package tree at the start
order = "freshness"      # freshness, name, status, file, import
diff = "auto"            # auto, unified, split
remember = true          # what you arrange on the screen, for the next time
patch = false            # a reload patches, if not said otherwise
look_only = false        # true: neither app nor commands change anything in any process

[keys]                   # ids as the help and docs list them
reload = "r,f5"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from modtui.tui.filtering import COLUMNS


class Config(NamedTuple):
    """What a user may set, with what holds otherwise; `problems` are told on the screen."""

    path: Path
    theme: str = "modtui-dark"
    folded: bool = True
    tree: bool = False
    order: str = "freshness"
    patch: bool = False
    look_only: bool = False
    diff: str = "auto"
    remember: bool = True
    fold: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()  # what stands in the file
    keys: Mapping[str, str] = MappingProxyType({})
    problems: tuple[str, ...] = ()
    theme_line: int = 0  # where the file says which theme

    def no_theme(self, there_are: Sequence[str]) -> str:
        """What to say if there is no such theme; only the app knows them all."""
        import difflib  # deferred: nearly never needed

        near = difflib.get_close_matches(self.theme, there_are, 3, 0.3) or there_are[:6]
        return (
            f"{self.path}, line {self.theme_line}: there is no theme {self.theme!r}; "
            f"there are {', '.join(near)} and more (ctrl+p, theme)"
        )


def place() -> Path:
    """Where the file is looked for."""
    from platformdirs import user_config_path

    return user_config_path("modtui", appauthor=False) / "config.toml"


def load(path: Path | None = None) -> Config:
    """Read the file; what is wrong in it is left out and told, never raised."""
    path = path or place()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config(path)
    except (OSError, UnicodeDecodeError) as error:
        return Config(path, problems=(f"{path}: {error}",))
    import tomllib  # deferred: most have no such file

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Config(path, problems=(f"{path}: {error}",))
    return _checked(path, text, found)


MODES = ("auto", "unified", "split")
_KINDS: dict[str, type] = {
    "theme": str,
    "folded": bool,
    "tree": bool,
    "order": str,
    "patch": bool,
    "look_only": bool,
    "diff": str,
    "remember": bool,
    "fold": list,
    "keys": dict,
}


def _checked(path: Path, text: str, found: dict[str, Any]) -> Config:
    good: dict[str, Any] = {}
    problems: list[str] = []

    def wrong(name: str, why: str) -> None:
        problems.append(f"{path}, line {_line_of(text, name)}: {why}")

    for name in found:
        value: Any = found[name]
        kind = _KINDS.get(name)
        if kind is None:
            wrong(name, f"unknown setting {name!r}; there are {', '.join(_KINDS)}")
        elif not isinstance(value, kind):
            wrong(name, f"{name} must be a {_WORDS[kind]}, not {value!r}")
        elif name == "order" and value not in COLUMNS:
            wrong(name, f"order must be one of {', '.join(COLUMNS)}, not {value!r}")
        elif name == "diff" and value not in MODES:
            wrong(name, f"diff must be one of {', '.join(MODES)}, not {value!r}")
        elif isinstance(value, list):
            if all(isinstance(one, str) for one in value):
                good[name] = tuple(value)
            else:
                wrong(name, f"{name} must be a list of packages in quotes, not {value!r}")
        elif name == "keys":
            good["keys"] = MappingProxyType(_keys(found[name], wrong))
        else:
            good[name] = value
    return Config(
        path,
        **good,
        given=frozenset(good),
        problems=tuple(problems),
        theme_line=_line_of(text, "theme"),
    )


_WORDS = {str: "text in quotes", bool: "true or false", dict: "table", list: "list"}


def _keys(table: dict[str, Any], wrong: Any) -> dict[str, str]:
    # Deferred: it needs Textual, which commands that print do not.
    from modtui.tui.keys import IDS, clashes, is_key

    good = {}
    for name, value in table.items():
        if name not in IDS:
            wrong(name, f"no key has the id {name!r}; the help (?) lists them")
        elif not isinstance(value, str) or not value.strip():
            wrong(name, f'the keys of {name} must be text such as "r,f5", not {value!r}')
        elif unknown := [key for key in value.split(",") if not is_key(key)]:
            wrong(
                name, f"there is no key {unknown[0].strip()!r}; keys are written as f5, ctrl+x, R"
            )
        else:
            good[name] = value
    for name, key, other in clashes(good):
        wrong(name, f"{key} is the key of {other} already; give that one another")
    return good


def _line_of(text: str, name: str) -> int:
    pattern = re.compile(rf"""^\s*\[?["']?{re.escape(name)}["']?\s*[=\].]""")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return number
    return 1
