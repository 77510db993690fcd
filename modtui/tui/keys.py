"""Every key of the app: its id, what it does, where, and the words for the footer and the help.

The ids are what a `[keys]` table of the config file names, so they never change.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key


class Key(NamedTuple):
    """One binding. With a label it is shown in the footer when it applies."""

    scope: str
    id: str
    keys: str
    action: str
    label: str
    help: str


SCOPES: dict[str, str] = {
    "app": "Everywhere",
    "browser": "Modules",
    "list": "In the list",
    "filter": "While typing a filter",
    "pages": "In a pane of text",
    "code": "In the diff and the source",
    "diff": "In the diff",
    "source": "In the source",
    "output": "In the program's output",
    "processes": "In the list of processes",
    "picker": "Picking a process",
    "preview": "Before a reload",
    "report": "After a reload",
    "journal": "The journal",
    "dialog": "In a dialog",
    "buttons": "Between two buttons",
    "question": "When asked",
}

# scope: rows of id, keys, action, label, help
_ROWS: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "app": (
        ("help", "question_mark,f1", "app.help", "help", "This help"),
        ("commands", "ctrl+p", "app.command_palette", "commands", "Every action by name"),
        ("quit", "q", "app.quit", "quit", "Leave; the target runs on"),
        ("leave", "ctrl+q", "app.quit", "quit", "Leave, also out of a dialog or while typing"),
        ("interrupt", "ctrl+c", "app.interrupt", "", "Twice: leave. Once: copy selected text"),
    ),
    "browser": (
        ("filter", "slash", "filter", "filter", "Filter the list, see the words below"),
        ("reload", "r", "reload", "reload…", "Preview a reload of the marked, or of this module"),
        ("undo", "u", "undo", "undo…", "Take the last reload back"),
        ("guide", "g", "guide", "edit for me", "Demo: let the guide edit the file"),
        ("reattach", "R", "reattach", "attach again", "Attach again when the target has gone"),
        ("mark", "space", "mark", "mark", "Mark this module, to reload several"),
        ("tab-diff", "d", "tab('diff')", "diff", "What changed since load"),
        ("tab-source", "c", "tab('source')", "", "The source as it is on disk now"),
        ("tab-names", "n", "tab('names')", "", "The module's names with their types"),
        ("tab-imports", "i", "tab('imports')", "", "Importers and imports; enter follows one"),
        ("tab-spec", "p", "tab('spec')", "", "Spec, loader and the evidence for the verdict"),
        ("tab-history", "h", "tab('history')", "", "What happened to it in this session"),
        ("next-tab", "greater_than_sign", "step_tab(1)", "", "Next tab"),
        ("previous-tab", "less_than_sign", "step_tab(-1)", "", "Previous tab"),
        ("split", "s", "split", "", "The diff side by side, in one column, or as the width allows"),
        ("next-change", "right_square_bracket", "change(1)", "", "Next change of the diff"),
        ("previous-change", "left_square_bracket", "change(-1)", "", "Previous change"),
        ("back", "backspace,alt+left", "back", "", "Back to the module before"),
        ("forward", "alt+right", "forward", "", "Forward again"),
        ("sort", "o", "sort", "sort", "Sort by the next column; a click on a title does too"),
        ("invert", "O", "invert", "", "Turn the order round"),
        ("tree", "t", "tree", "tree", "Flat list or package tree"),
        ("fold", "f", "fold", "libraries", "Fold away libraries or show them"),
        ("wider", "plus", "share(5)", "", "More room for the list"),
        ("narrower", "minus", "share(-5)", "", "More room for the detail pane"),
        ("zoom", "m", "zoom", "", "Give this pane all of the screen, or take it back"),
        ("edit", "e", "edit", "edit", "Open the file in $EDITOR at this line"),
        ("copy", "y", "copy", "", "Copy what the pane shows: names, diff, source, text"),
        ("log", "l", "journal", "log", "Journal: reloads and events of this session"),
        ("again", "f5", "again", "", "Check every file again now"),
        ("pause", "P", "pause", "", "Pause or resume the live view"),
        ("output", "ctrl+t", "output", "output", "What the program that modtui runs prints"),
        ("escape", "escape", "escape", "", "Back to the list; clear the filter; clear marks"),
        *(
            (f"toggle-{n}", str(n), f"group({n})", "", f"Only group {n} of the legend, or not")
            for n in range(1, 10)
        ),
    ),
    "list": (
        ("up", "up,k", "move(-1)", "", "Up"),
        ("down", "down,j", "move(1)", "", "Down"),
        ("page-up", "pageup", "page(-1)", "", "A page up"),
        ("page-down", "pagedown", "page(1)", "", "A page down"),
        ("top", "home", "top", "", "First row"),
        ("bottom", "end,G", "bottom", "", "Last row"),
        ("open", "enter", "choose", "open", "Go to the detail pane"),
        ("open-branch", "right", "unfold(True)", "", "Tree: open the package"),
        ("close-branch", "left", "unfold(False)", "", "Tree: close it, or go to the parent"),
        ("range", "V", "range", "", "Begin or end a range of marks"),
        ("extend-up", "shift+up", "extend(-1)", "", "Extend the range up"),
        ("extend-down", "shift+down", "extend(1)", "", "Extend the range down"),
        ("mark-all", "a", "mark_all", "", "Mark all rows shown, or unmark them"),
    ),
    "filter": (
        ("filter-down", "down,enter", "leave", "to the list", "Into the list"),
        ("filter-clear", "escape", "clear", "clear", "Clear the filter"),
    ),
    "pages": (
        ("pages-up", "up,k", "line(-1)", "", "Up, or to the link above"),
        ("pages-down", "down,j", "line(1)", "", "Down, or to the link below"),
        ("pages-page-up", "pageup", "page(-1)", "", "A page up"),
        ("pages-page-down", "pagedown", "page(1)", "", "A page down"),
        ("pages-top", "home", "top", "", "To the top"),
        ("pages-bottom", "end,G", "bottom", "", "To the bottom"),
        ("pages-follow", "enter", "follow", "", "Follow the link"),
    ),
    "code": (
        ("code-up", "up,k", "move(-1)", "", "Up"),
        ("code-down", "down,j", "move(1)", "", "Down"),
        ("code-page-up", "pageup", "page(-1)", "", "A page up"),
        ("code-page-down", "pagedown", "page(1)", "", "A page down"),
        ("code-top", "home", "move(-10000000)", "", "To the first line"),
        ("code-bottom", "end,G", "move(10000000)", "", "To the last line"),
        ("code-left", "left", "sideways(-8)", "", "Scroll long lines back"),
        ("code-right", "right", "sideways(8)", "", "Scroll long lines"),
    ),
    "diff": (
        ("diff-fold", "enter", "toggle_fold", "", "Open or close the unchanged lines here"),
        ("diff-folds", "z", "toggle_all_folds", "all lines", "Show or hide all unchanged lines"),
    ),
    "source": (
        ("source-search", "slash", "search", "search", "Find text in this file"),
        ("source-next", "n", "match(1)", "", "The next place, while something is sought"),
        ("source-previous", "N", "match(-1)", "", "The place before"),
        ("source-forget", "escape", "forget", "", "End the search"),
    ),
    "output": (
        ("output-close", "escape,ctrl+t", "cancel", "close", "Back to the modules"),
        ("output-copy", "ctrl+y", "copy", "copy", "Copy all of it"),
    ),
    "processes": (
        ("process-up", "up,k", "move(-1)", "", "Up"),
        ("process-down", "down,j", "move(1)", "", "Down"),
        ("process-page-up", "pageup", "page(-1)", "", "A page up"),
        ("process-page-down", "pagedown", "page(1)", "", "A page down"),
        ("process-top", "home", "top", "", "The first"),
        ("process-bottom", "end,G", "bottom", "", "The last"),
    ),
    "picker": (
        ("attach", "enter", "attach", "attach", "Attach to this process"),
        ("picker-filter", "slash", "filter", "filter", "Filter by pid, user, version, command"),
        ("refresh", "r", "refresh_list", "refresh", "Look for processes again"),
        ("picker-all", "a", "all", "all", "Show or hide those that cannot be reached"),
        ("picker-copy", "y", "copy", "copy", "Copy the remedy, or the command line"),
        ("picker-escape", "escape", "escape", "", "Clear the filter"),
    ),
    "preview": (
        ("go", "y", "go", "reload now", "Reload now, as shown"),
        ("patch", "p", "choice('patch')", "", "Patch old objects in place too, or not"),
        ("dependents", "x", "choice('dependents')", "", "Reload its importers too, or not"),
        ("thread", "t", "choice('thread')", "", "On the main thread, or on the agent's"),
        ("preview-copy", "c", "copy", "", "Copy the plan"),
    ),
    "report": (
        ("patch-now", "p", "patch", "patch now", "Bring what was left behind up to date in place"),
        ("holders", "h", "holders", "reload holders", "Reload the modules that hold old names"),
        ("report-undo", "u", "undo", "undo…", "Take this reload back"),
        ("report-edit", "e", "edit", "edit", "Open the line that failed in $EDITOR"),
        ("report-copy", "y", "copy", "copy", "Copy the report"),
    ),
    "journal": (
        ("journal-undo", "u", "undo", "undo last…", "Take the last reload back"),
        ("markdown", "m", "export('md')", "as Markdown", "Write the journal as Markdown"),
        ("json", "J", "export('json')", "as JSON", "Write the journal as JSON"),
        ("journal-copy", "y", "copy", "copy", "Copy the journal"),
    ),
    "dialog": (("close", "escape,q", "cancel", "close", "Close; nothing is done"),),
    "buttons": (("other-button", "left,right", "other", "", "To the other button"),),
    "question": (
        ("yes", "y", "yes", "yes", "Do it"),
        ("no", "n", "cancel", "no", "Do nothing"),
    ),
}
# Before the keys of what has the focus: the guide's (in the demo only), and the ways out.
_PRIORITY = frozenset(("guide", "leave", "interrupt"))

KEYS: tuple[Key, ...] = tuple(Key(scope, *row) for scope, rows in _ROWS.items() for row in rows)
IDS = frozenset(key.id for key in KEYS)
KEYS_OF = {key.id: key.keys for key in KEYS}

_SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "plus": "+",
    "minus": "−",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "backspace": "⌫",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def sign(key: str) -> str:
    """How one key is written: `shift+up` as `shift+↑`, `ctrl+p` as `^p`."""
    *modifiers, name = key.strip().split("+")
    shown = _SIGNS.get(name, name)
    if modifiers == ["ctrl"]:
        return "^" + shown
    return "+".join([*modifiers, shown])


def signs(keys: str) -> str:
    """How all keys of a binding are written."""
    return " ".join(sign(key) for key in keys.split(","))


def bindings(*scopes: str) -> list[BindingType]:
    """The Textual bindings of these scopes."""
    return [
        Binding(
            key.keys,
            key.action,
            key.label or key.help,
            show=bool(key.label),
            tooltip=key.help,
            id=key.id,
            priority=key.id in _PRIORITY,
        )
        for scope in scopes
        for key in KEYS
        if key.scope == scope
    ]


# Scopes whose keys apply at the same time: what is bound twice in them would hide one of the two.
TOGETHER = (
    ("app", "browser", "list"),
    ("app", "browser", "pages"),
    ("app", "picker", "processes"),
    ("preview", "buttons"),
)


def is_key(text: str) -> bool:
    """Whether it is how a key is written."""
    *modifiers, name = [text.strip()] if text.strip() == "+" else text.strip().split("+")
    if not {"ctrl", "shift", "alt", "super", "hyper", "meta"}.issuperset(modifiers):
        return False
    if len(name) == 1 or name in {key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values()):
        return True
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return False
    return True


def clashes(own: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Of the keys that a user has set, by id: those that do something else, too.

    Gives the id, the key, and the id of what else it does.
    """
    used = {id: {_plain(key) for key in keys.split(",")} for id, keys in {**KEYS_OF, **own}.items()}
    for name in own:
        scope = next(key.scope for key in KEYS if key.id == name)
        near = {one for group in TOGETHER if scope in group for one in group}
        for other in KEYS:
            both = used[name] & used[other.id]
            if other.id != name and other.scope in near and both:
                yield name, sign(min(both)), other.id


def _plain(key: str) -> str:
    """A key by its long name."""
    key = key.strip()
    return _character_to_key(key) if len(key) == 1 else key


def by_scope() -> Iterator[tuple[str, list[Key]]]:
    """The keys for the help, by the title of their scope."""
    for scope, title in SCOPES.items():
        yield title, [key for key in KEYS if key.scope == scope]
