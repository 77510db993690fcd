"""The lines outside of functions, where the whole code that was loaded is known."""

from __future__ import annotations

from .instructions import inside
from .repair import EXACT, Repair
from .texts import FUNCTION
from .trial import Statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from .section import Section


class Outside(Repair):
    """Works on the lines behind the function of a section, or on all of one without any."""

    def __init__(
        self, section: Section, whole: CodeType, optimize: int, over: Callable[[], bool]
    ) -> None:
        self.section, self.over = section, over
        self.trial = Statements("class _:", optimize)
        self.lines, self.grades = section.lines, section.grades
        self.begin = 0
        if section.unit is not None:
            self.begin = min(section.unit.last + 1 - section.start, len(self.lines))
        self.size = len(self.lines)
        # The top level and the bodies of classes.
        self.codes = [code for code in inside(whole) if not code.co_flags & FUNCTION]

    def run_all(self) -> None:
        """Bring the lines to do what they must, as far as that can be done."""
        if not self.unsure():
            return
        self.swap()
        if self.unsure():
            for code in self.codes:
                self.write_from(code)
        for at in self.unsure():
            if self.grades[at] != EXACT:
                self.grades[at] = max(self.grades[at], 3)
