"""Every key of the app: its id, what it does, where, and the words for the footer and the help.

The ids are what a `[keys]` table of the config file names, so they never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """One binding."""

    scope: str
    id: str
    keys: str
    action: str
    label: str  # for the footer
    help: str  # a sentence for the help screen
    show: bool = False
    display: str | None = None
    priority: bool = False


SCOPES: dict[str, str] = {
    "app": "Everywhere",
    "browser": "Modules",
    "list": "In the list",
    "filter": "While typing a filter",
    "pages": "In a pane of text",
    "picker": "Picking a process",
    "processes": "In the list of processes",
    "preview": "Before a reload",
    "report": "After a reload",
    "journal": "The journal",
    "output": "The program's output",
    "dialog": "In a dialog",
}

KEYS: tuple[Key, ...] = (
    # ---- everywhere
    Key("app", "help", "question_mark,f1", "app.help", "help", "This help", True, "?"),
    Key("app", "commands", "ctrl+p", "app.command_palette", "commands", "Every action by name"),
    Key("app", "quit", "q,ctrl+q", "app.quit", "quit", "Leave; the target runs on", True, "q"),
    Key(
        "app",
        "interrupt",
        "ctrl+c",
        "app.interrupt",
        "",
        "Twice: leave (once: copy, if text is selected)",
    ),
    # ---- browser
    Key(
        "browser",
        "filter",
        "slash",
        "filter",
        "filter",
        "Filter the list (see the filter's words below)",
        True,
        "/",
    ),
    Key(
        "browser",
        "reload",
        "r",
        "reload",
        "reload…",
        "Preview a reload of the marked modules, or of this one",
        True,
    ),
    Key(
        "browser",
        "mark",
        "space",
        "mark",
        "mark",
        "Mark this module for a reload of several",
        True,
        "space",
    ),
    Key("browser", "undo", "u", "undo", "undo…", "Take the last reload back", True),
    Key("browser", "tab-diff", "d", "tab('diff')", "diff", "What changed since load", True),
    Key(
        "browser", "tab-source", "v", "tab('source')", "source", "View the source as it is on disk"
    ),
    Key(
        "browser", "tab-names", "n", "tab('names')", "names", "The module's names with their types"
    ),
    Key(
        "browser",
        "tab-imports",
        "i",
        "tab('imports')",
        "imports",
        "Importers and imports; enter follows one",
    ),
    Key(
        "browser",
        "tab-spec",
        "s",
        "tab('spec')",
        "spec",
        "Spec, loader and the evidence for the verdict",
    ),
    Key(
        "browser",
        "tab-history",
        "h",
        "tab('history')",
        "history",
        "What happened to this module in this session",
    ),
    Key("browser", "next-tab", "greater_than_sign", "step_tab(1)", "", "Next tab", False, ">"),
    Key(
        "browser", "previous-tab", "less_than_sign", "step_tab(-1)", "", "Previous tab", False, "<"
    ),
    Key(
        "browser", "back", "backspace,alt+left", "back", "", "Back to the module before", False, "⌫"
    ),
    Key("browser", "forward", "alt+right", "forward", "", "Forward again"),
    Key("browser", "sort", "o", "sort", "sort", "Sort by the next column", True),
    Key("browser", "invert", "O", "invert", "", "Turn the order round"),
    Key("browser", "tree", "t", "tree", "tree", "Flat list or package tree"),
    Key(
        "browser",
        "fold",
        "f",
        "fold",
        "libraries",
        "Show or fold away the standard library and site-packages",
        True,
    ),
    Key("browser", "zoom", "z", "zoom", "", "Give the pane all of the screen, or take it back"),
    Key("browser", "again", "c", "again", "", "Check every file again now"),
    Key("browser", "pause", "p", "pause", "", "Pause or resume the live view"),
    Key(
        "browser", "log", "l", "journal", "log", "Journal: reloads and events of this session", True
    ),
    Key("browser", "edit", "e", "edit", "edit", "Open the file in $EDITOR at this line", True),
    Key("browser", "copy", "y", "copy", "", "Copy what the pane shows: names, path, diff, text"),
    Key("browser", "output", "ctrl+t", "output", "", "The output of the program that modtui runs"),
    Key(
        "browser",
        "guide",
        "g",
        "guide",
        "edit for me",
        "Demo: let the guide edit the file",
        True,
        None,
        True,
    ),
    Key(
        "browser",
        "reattach",
        "R",
        "reattach",
        "reattach",
        "Attach again when the target has gone",
        True,
    ),
    Key(
        "browser",
        "escape",
        "escape",
        "escape",
        "",
        "Back: from the pane to the list, clear the filter, clear marks",
    ),
    *(
        Key(
            "browser",
            f"toggle-{n}",
            str(n),
            f"group({n})",
            "",
            f"Show only group {n} of the legend; again: all",
        )
        for n in range(1, 10)
    ),
    # ---- list
    Key("list", "up", "up,k", "move(-1)", "", "Up"),
    Key("list", "down", "down,j", "move(1)", "", "Down"),
    Key("list", "page-up", "pageup", "page(-1)", "", "A page up"),
    Key("list", "page-down", "pagedown", "page(1)", "", "A page down"),
    Key("list", "top", "home,g", "top", "", "First row"),
    Key("list", "bottom", "end,G", "bottom", "", "Last row"),
    Key("list", "open", "enter", "choose", "open", "Go to the detail pane"),
    Key("list", "open-branch", "right", "unfold(True)", "", "Tree: open the package"),
    Key("list", "close-branch", "left", "unfold(False)", "", "Tree: close it, or go to the parent"),
    Key("list", "range", "V", "range", "", "Begin or end a range of marks"),
    Key("list", "extend-up", "shift+up", "extend(-1)", "", "Extend the range up"),
    Key("list", "extend-down", "shift+down", "extend(1)", "", "Extend the range down"),
    Key("list", "mark-all", "a", "mark_all", "", "Mark all rows shown, or unmark them"),
    # ---- processes
    Key("processes", "process-up", "up,k", "move(-1)", "", "Up"),
    Key("processes", "process-down", "down,j", "move(1)", "", "Down"),
    Key("processes", "process-page-up", "pageup", "page(-1)", "", "A page up"),
    Key("processes", "process-page-down", "pagedown", "page(1)", "", "A page down"),
    Key("processes", "process-top", "home,g", "top", "", "The first"),
    Key("processes", "process-bottom", "end,G", "bottom", "", "The last"),
    # ---- filter
    Key("filter", "filter-down", "down", "leave", "", "Into the list"),
    Key("filter", "filter-clear", "escape", "clear", "", "Clear the filter"),
    # ---- text panes
    Key("pages", "pages-up", "up,k", "line(-1)", "", "Up, or to the link above"),
    Key("pages", "pages-down", "down,j", "line(1)", "", "Down, or to the link below"),
    Key("pages", "pages-page-up", "pageup", "page(-1)", "", "A page up"),
    Key("pages", "pages-page-down", "pagedown,ctrl+f", "page(1)", "", "A page down"),
    Key("pages", "pages-top", "home,g", "top", "", "To the top"),
    Key("pages", "pages-bottom", "end,G", "bottom", "", "To the bottom"),
    Key("pages", "pages-follow", "enter", "follow", "", "Follow the link"),
    # ---- picker
    Key("picker", "attach", "enter", "attach", "attach", "Attach to this process", True),
    Key(
        "picker",
        "picker-filter",
        "slash",
        "filter",
        "filter",
        "Filter by pid, user, version or command",
        True,
        "/",
    ),
    Key("picker", "refresh", "r", "refresh_list", "refresh", "Look for processes again", True),
    Key(
        "picker", "picker-all", "a", "all", "all", "Show or hide those that cannot be reached", True
    ),
    Key("picker", "picker-copy", "y", "copy", "", "Copy the command line, or the remedy"),
    Key("picker", "picker-escape", "escape", "escape", "", "Clear the filter"),
    # ---- preview
    Key("preview", "go", "y", "go", "reload now", "Reload now, as shown", True),
    Key(
        "preview",
        "patch",
        "p",
        "choice('patch')",
        "patch",
        "Plain reload, or patch old objects in place too",
        True,
    ),
    Key(
        "preview",
        "dependents",
        "x",
        "choice('dependents')",
        "importers",
        "Also reload the modules that import it",
        True,
    ),
    Key(
        "preview",
        "thread",
        "t",
        "choice('thread')",
        "thread",
        "On the main thread, or on the agent's",
        True,
    ),
    Key("preview", "preview-copy", "c", "copy", "", "Copy the plan"),
    # ---- report
    Key(
        "report",
        "patch-now",
        "p",
        "patch",
        "patch now",
        "Patch: bring what was left behind up to date in place",
        True,
    ),
    Key(
        "report",
        "holders",
        "h",
        "holders",
        "reload holders",
        "Reload the modules that hold old names",
        True,
    ),
    Key("report", "report-undo", "u", "undo", "undo…", "Take this reload back", True),
    Key("report", "report-copy", "y", "copy", "copy", "Copy the report", True),
    # ---- journal
    Key("journal", "journal-undo", "u", "undo", "undo last…", "Take the last reload back", True),
    Key(
        "journal",
        "markdown",
        "m",
        "export('md')",
        "Markdown",
        "Write the journal as Markdown",
        True,
    ),
    Key("journal", "json", "J", "export('json')", "JSON", "Write the journal as JSON", True),
    Key("journal", "journal-copy", "y", "copy", "copy", "Copy the journal", True),
    # ---- dialogs
    Key("dialog", "close", "escape", "cancel", "close", "Close; nothing is done", True, "esc"),
)


def bindings(*scopes: str) -> list[BindingType]:
    """The Textual bindings of these scopes."""
    return [
        Binding(
            key.keys,
            key.action,
            key.label or key.help,
            show=key.show,
            key_display=key.display,
            tooltip=key.help,
            id=key.id,
            priority=key.priority,
        )
        for key in KEYS
        if key.scope in scopes
    ]


def by_scope() -> Iterator[tuple[str, list[Key]]]:
    """The keys for the help, by the title of their scope."""
    for scope, title in SCOPES.items():
        found = [key for key in KEYS if key.scope == scope]
        if found:
            yield title, found


IDS = frozenset(key.id for key in KEYS)
