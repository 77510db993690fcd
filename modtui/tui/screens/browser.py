"""The main screen: the modules at the left, all about one of them at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingType

from modtui.tui import filtering, keys, words
from modtui.tui.config import MODES
from modtui.tui.feed import Feed
from modtui.tui.filtering import COLUMNS, ORDER_WORDS, TOGGLES, Order
from modtui.tui.memory import LEAST_SHARE, MOST_SHARE, Layout
from modtui.tui.narrowing import Narrowing
from modtui.tui.screens.browser_reload import ReloadScreen
from modtui.tui.tree import packages_of_stale, tree
from modtui.tui.widgets.bars import KeyBar, key_sign, title
from modtui.tui.widgets.column_heads import ColumnHeads
from modtui.tui.widgets.detail import TABS, Detail
from modtui.tui.widgets.filter_line import FilterLine
from modtui.tui.widgets.ground import Across, Framed
from modtui.tui.widgets.module_list import Listing, ModuleList
from modtui.tui.widgets.notice import Banner
from modtui.tui.widgets.pages import Pages
from modtui.tui.widgets.top import HeaderBar, Legend, LogLines

if TYPE_CHECKING:
    from modtui.tui.ports import Connect, Machine
    from modtui.tui.prose import Go


class BrowserScreen(ReloadScreen):
    """The browser; what flows in is `LiveScreen`'s, what changes the target `ReloadScreen`'s."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("browser")
    AUTO_FOCUS = "#modules"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    modules = getters.query_one("#modules", ModuleList)
    detail = getters.query_one("#detail", Detail)
    filter = getters.query_one(FilterLine)

    def compose(self) -> ComposeResult:
        """Header, legend, two panes, the log, the keys."""
        yield HeaderBar(self.model, id="header")
        yield Legend(self.model, id="legend")
        yield Banner(id="banner")
        with Across(id="main"):
            with Framed(id="left"):
                yield FilterLine("name  stale  is:extension  pkg:django  !stdlib")
                yield ColumnHeads(id="heads")
                yield ModuleList(id="modules")
            yield Detail(self.model, id="detail")
        if self.guide is not None:
            from modtui.tui.widgets.guide import GuideBar

            yield GuideBar(id="guide")
        yield LogLines(self.model, id="log")
        yield KeyBar(id="keys")
        yield Feed()

    def __init__(
        self, connect: Connect, machine: Machine, *, layout: Layout | None = None, **options: Any
    ) -> None:
        super().__init__(connect, machine, **options)
        config = self.config
        layout = layout or Layout(
            order=config.order, folded=config.folded, tree=config.tree, diff=config.diff
        )
        order = layout.order if layout.order in COLUMNS else config.order
        self.order = Order(order, layout.inverse)
        self.statuses: frozenset[str] = frozenset()
        self.folded = layout.folded
        self.as_tree = layout.tree
        self.diff_mode = layout.diff if layout.diff in MODES else "auto"
        self.share = layout.share
        self.opened: frozenset[str] = frozenset()  # packages of the tree
        self.closed: frozenset[str] = frozenset()  # though something in them is stale
        self._narrowing = Narrowing()
        self._home: str | None = None  # where the cursor was before the filter
        self._trail: list[str] = []
        self._ahead: list[str] = []

    def on_mount(self) -> None:
        """The list has the focus from the first key on."""
        self.modules.focus()
        self._share_out()
        self.relist()
        self.start()

    def furnished(self) -> None:
        """The detail pane is complete."""
        self.detail.diff.mode = self.diff_mode  # type: ignore[assignment]

    def remember(self) -> None:
        """Tell the app how the screen is arranged now."""
        arranged = getattr(self.app, "arranged", None)
        if arranged is not None:
            arranged(
                Layout(
                    order=self.order.column,
                    inverse=self.order.inverse,
                    tree=self.as_tree,
                    folded=self.folded,
                    diff=self.diff_mode,
                    share=self.share,
                )
            )

    def _share_out(self) -> None:
        self.query_one("#left").styles.width = f"{self.share}fr"
        self.detail.styles.width = f"{100 - self.share}fr"

    def action_share(self, by: int) -> None:
        """More room for the list, or for the detail."""
        self.share = max(LEAST_SHARE, min(self.share + by, MOST_SHARE))
        self._share_out()
        self.remember()

    # ------------------------------------------------------------ the list

    def relist(self) -> None:
        """Show what the filter, the toggles, the order and the fold leave."""
        rows = self.model.arranged(self.order)
        text = self.filter.value
        shown: list[filtering.Row] = self._narrowing.visible(
            rows, text, self.statuses, self.folded, self.modules.marked
        )
        branches = None
        total = len(shown)
        if self.as_tree:
            filtered = bool(text or self.statuses)
            opened = (self.opened | packages_of_stale(shown)) - self.closed
            shown, branches = tree(shown, opened, filtered)
        query = filtering.parse(text)
        self.modules.empty = self._empty(query) if not shown else ()
        self.modules.show(Listing(shown, branches, query))
        self.detail.refresh_words()
        row = self.modules.row
        if row is None or self.detail.module is None:
            self.detail.look_at(row.name if row else None, typing=self.filter.typing)
        self._titles(total, query)

    def _titles(self, total: int, query: filtering.Query) -> None:
        left = self.query_one("#left")
        everything = len(self.model.rows)
        marked = len(self.modules.marked)
        said = f"Modules  {total:,} of {everything:,}" if everything else "Modules"
        if marked:
            said += f" · ● {marked:,} marked"
        hidden = everything - total
        below = [ORDER_WORDS[self.order.column] + (" ↑" if self.order.inverse else "")]
        if query.problem:
            below = [query.problem]
        elif hidden and self.folded and not (query.words or self.statuses):
            more = f"{key_sign(self.app, 'fold')} shows {hidden:,} more"
            room = left.size.width - len(below[0]) - len(more) - 8
            below.append(more + " of libraries" * (room > len(" of libraries")))
        if self.has_class("-narrow"):
            said += f"  {below[-1]}"
        title(left, said)
        title(left, " · ".join(below), below=True)
        heads = self.query_one("#heads", ColumnHeads)
        heads.order = self.order

    def _empty(self, query: filtering.Query) -> list[list[tuple[str, str]]]:
        if not self.model.complete and not self.model.rows:
            return [[]] if self.failed else self.before_rows(self.modules.size.width - 2)
        if query.words or self.statuses:
            lines = [[("  No module matches.", "text")]]
            lines.append([("  esc", "key"), (" clears the filter", "muted")])
            if self.statuses:
                lines.append([("  1", "key"), (" shows all groups again", "muted")])
            return [[], *lines]
        return [
            [],
            [("  Every module here is of the standard library or a package.", "text")],
            [("  " + key_sign(self.app, "fold"), "key"), (" shows them", "muted")],
        ]

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        found = self.modules.cursor
        self.relist()
        if not self.filter.value and self._home and self.modules.cursor != found:
            self.modules.go_to(self._home)  # what was found is folded away: back to where it began

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.modules.focus()

    @on(ModuleList.Moved)
    def _moved(self, event: ModuleList.Moved) -> None:
        if event.name == self.modules.cursor and self.modules.row is not None:
            # Otherwise the list has changed since.
            self.detail.look_at(event.name, typing=self.filter.typing)

    @on(ModuleList.Chosen)
    def _chosen(self) -> None:
        self.show_detail()

    @on(ModuleList.Marked)
    def _marked(self) -> None:
        self.relist()
        self.refresh_bindings()

    @on(ModuleList.Folding)
    def _folding(self, event: ModuleList.Folding) -> None:
        branch = self.modules.branch
        open = event.open if event.open is not None else branch is None or not branch.open
        one = {event.name}
        self.opened = self.opened | one if open else self.opened - one
        self.closed = self.closed - one if open else self.closed | one
        self.relist()
        if open:
            self.modules.reveal_children()

    @on(ColumnHeads.Sort)
    def _sort_by(self, event: ColumnHeads.Sort) -> None:
        again = self.order.column == event.column
        self.order = Order(event.column, again and not self.order.inverse)
        self.relist()
        self.remember()

    # ------------------------------------------------------------ panes

    def hold_cursor(self) -> None:
        """From now on the cursor moves only when a person moves it."""
        self.modules.loose = False

    def show_detail(self) -> None:
        """Focus the detail; on a narrow screen it takes the list's place."""
        if self.detail.module is None:
            return
        self.hold_cursor()
        self.add_class("-detail")
        self.detail.focus_pane()

    def show_list(self) -> None:
        """Back to the list."""
        self.remove_class("-detail")
        self.modules.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """On a narrow screen the pane with the focus is the one that is seen."""
        inside = self.detail.has_focus_within
        self.set_class(inside, "-detail")
        self.refresh_bindings()

    def action_escape(self) -> None:
        """Back, one step at a time."""
        if self.has_class("-zoom"):
            self.action_zoom()
        elif self.detail.has_focus_within:
            self.show_list()
        elif self.modules.ranging:
            self.modules.end_range()
        elif self.filter.value:
            self.filter.value = ""
        elif self.modules.clear_marks():
            pass
        elif self.statuses:
            self.action_group(1)
        elif self.has_picker and (self.lost or self.failed or not self.model.target["pid"]):
            self.dismiss()

    def action_filter(self) -> None:
        """Type a filter."""
        self.show_list()
        if not self.filter.value:
            self._home = self.modules.cursor
        self.filter.begin()

    def action_tab(self, tab: str) -> None:
        """Bring a tab to the front; on a narrow screen also the pane."""
        self.detail.tab = tab
        if self.has_class("-narrow"):
            self.show_detail()

    def action_step_tab(self, by: int) -> None:
        """To the next tab or the one before."""
        names = [tab[0] for tab in TABS]
        self.detail.tab = names[(names.index(self.detail.tab) + by) % len(names)]

    def action_split(self) -> None:
        """One column, two sides, or as the width allows."""
        if not self.detail.ready:
            return
        self.detail.tab = "diff"
        diff = self.detail.diff
        if self.diff_mode == "auto":
            self.diff_mode = "unified" if diff.is_split else "split"
        else:
            self.diff_mode = "auto"
        diff.mode = self.diff_mode  # type: ignore[assignment]
        self.say(DIFF_WORDS[self.diff_mode])
        self.remember()

    def action_change(self, by: int) -> None:
        """To the next change, or the one before."""
        self.detail.tab = "diff"
        if self.detail.ready:
            self.detail.diff.action_hunk(by)

    def action_zoom(self) -> None:
        """The pane with the focus takes all of the screen, or gives it back."""
        self.toggle_class("-zoom")

    # ------------------------------------------------------------ what the list shows

    def action_group(self, number: int) -> None:
        """Show only that group of the legend, together with others that are on."""
        chosen = TOGGLES[number - 1].id
        self.statuses = frozenset() if chosen == "all" else self.statuses ^ {chosen}
        self.query_one("#legend", Legend).on = self.statuses
        self.relist()

    def action_sort(self) -> None:
        """By the next column."""
        column = COLUMNS[(COLUMNS.index(self.order.column) + 1) % len(COLUMNS)]
        self.order = Order(column)
        self.relist()
        self.remember()
        self.say(f"Sorted by {ORDER_WORDS[column]}")

    def action_invert(self) -> None:
        """The other way round."""
        self.order = Order(self.order.column, not self.order.inverse)
        self.relist()
        self.remember()

    def action_tree(self) -> None:
        """Flat or as a tree."""
        self.as_tree = not self.as_tree
        if self.as_tree and self.modules.cursor:
            parts = self.modules.cursor.split(".")
            above = {".".join(parts[:i]) for i in range(1, len(parts))}
            self.opened, self.closed = self.opened | above, self.closed - above
        self.relist()
        self.remember()

    def action_fold(self) -> None:
        """The standard library and site-packages: folded away or shown."""
        self.folded = not self.folded
        self.relist()
        self.remember()
        self.say("Libraries folded away" if self.folded else "Libraries shown")

    def action_mark(self) -> None:
        """Mark the module under the cursor, wherever the focus is."""
        self.modules.action_mark()

    # ------------------------------------------------------------ walking along imports

    @on(Pages.Follow)
    def _follow(self, event: Pages.Follow) -> None:
        self.follow(event.go)

    def follow(self, go: Go) -> None:
        """Go where a link leads."""
        if go.kind == "module":
            if go.value not in self.model.rows:
                self.say(f"{go.value} is not in sys.modules", "warning")
                return
            if self.detail.module:
                self._trail.append(self.detail.module)
                self._ahead.clear()
            self.visit(go.value)
        elif go.kind == "line":
            self.detail.go_to_line(go.line or 1)

    def visit(self, name: str) -> None:
        """Look at that module, in the list too if it is shown there."""
        if not self.modules.go_to(name):
            self.detail.look_at(name)

    def action_back(self) -> None:
        """To the module before."""
        if self._trail:
            if self.detail.module:
                self._ahead.append(self.detail.module)
            self.visit(self._trail.pop())

    def action_forward(self) -> None:
        """Forward again."""
        if self._ahead:
            if self.detail.module:
                self._trail.append(self.detail.module)
            self.visit(self._ahead.pop())

    # ------------------------------------------------------------ copy, edit, journal

    def action_copy(self) -> None:
        """Copy names, or what the pane shows."""
        if self.detail.has_focus_within:
            text, what = self.detail.text_to_copy()
        else:
            names = self.chosen()
            text, what = "\n".join(names), words.count(len(names), "name")
        self.app.copy_to_clipboard(text)
        self.say(f"Copied {what}")

    def action_edit(self) -> None:
        """Open the file in $EDITOR at the line that is looked at."""
        row = self.model.rows.get(self.detail.module or "")
        if row is None or row.path is None:
            self.say("This module has no file to edit", "warning")
            return
        self.edit(row.path, self.detail.line_to_edit())

    def chosen(self) -> list[str]:
        """The marked modules, else the one under the cursor or in the pane."""
        marked = [row.name for row in self.model.arranged(self.order)
                  if row.name in self.modules.marked]  # fmt: skip
        return marked or ([self.detail.module] if self.detail.module else [])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys apply now."""
        typing = self.filter.typing
        if typing and action in _NOT_WHILE_TYPING:
            return False
        if action in _WITH_ROWS and not self.model.rows:
            return False
        if action == "guide":
            return self.guide_bar is not None and self.guide_bar.waiting
        if action == "output":
            return self.running is not None
        answer = self.may_change(action)
        return True if answer is None else answer


DIFF_WORDS = {
    "auto": "Diff: side by side where there is room for it",
    "unified": "Diff: one column",
    "split": "Diff: side by side",
}
_WITH_ROWS = frozenset(("filter", "mark", "tab", "sort", "tree", "fold", "edit", "again"))
_NOT_WHILE_TYPING = frozenset(
    ("reload", "undo", "tab", "sort", "fold", "journal", "edit", "mark", "reattach", "guide")
)
