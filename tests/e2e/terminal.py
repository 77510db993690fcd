"""A real terminal for the app: tmux, with what is on its screen as text."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.server import until

TMUX = shutil.which("tmux")


class Terminal:
    """One tmux session of its own server, so that nobody's configuration or sessions matter."""

    def __init__(self, name: str, state: str) -> None:
        self._name = name
        self._state = state

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._name, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def start(self, command: Sequence[str], columns: int, rows: int) -> None:
        # The shell stays, so that what the app leaves on the screen can be read after it has ended.
        after = "code=$?; echo; echo ended with $code; exec sleep 1000"
        # What the app remembers of a layout or a target is this terminal's own.
        own = f"XDG_STATE_HOME={shlex.quote(self._state)}; export XDG_STATE_HOME"
        line = f"unset COLUMNS LINES; {own}; {shlex.join(command)}; {after}"
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("new-session", "-d", *size, "sh", "-c", line)

    def screen(self) -> str:
        """What the screen shows now."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Type keys, by tmux's names for them."""
        for key in keys:
            self._tmux("send-keys", key)

    def type(self, text: str) -> None:
        """Type a text, letter by letter."""
        self._tmux("send-keys", "-l", text)

    def shows(self, *texts: str, seconds: float = 30.0) -> str:
        """Wait until the screen shows all of these; returns the screen."""

        def seen() -> bool:
            screen = self.screen()
            return all(text in screen for text in texts)

        try:
            until(seen, seconds)
        except AssertionError:
            raise AssertionError(f"{texts} never on the screen:\n{self.screen()}") from None
        return self.screen()

    def kill(self) -> None:
        subprocess.run(["tmux", "-L", self._name, "kill-server"], capture_output=True, check=False)


@contextmanager
def terminal(
    command: Sequence[str], columns: int = 160, rows: int = 45, state: str = ""
) -> Iterator[Terminal]:
    """Run a command in a terminal of that size; everything in it is killed at the end.

    What the app remembers is kept in the folder `state`, or forgotten.
    """
    with tempfile.TemporaryDirectory() as folder:
        running = Terminal(f"modtui-{uuid.uuid4().hex[:8]}", state or folder)
        running.start(command, columns, rows)
        try:
            yield running
        finally:
            running.kill()
