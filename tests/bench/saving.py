"""From the saving of a file to the badge in the app, beside jurigged's new code in its process."""

from __future__ import annotations

import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.engines import PACKAGES
from tests.bench.environment import NOTHING, environment
from tests.bench.screen import importing, opened, read_until
from tests.bench.table import Median, Row

TIMES = 7
PATIENCE = 10.0  # seconds
JURIGGED = """
import sys, time
folder, poll = sys.argv[1], float(sys.argv[2])
sys.path.insert(0, folder)
from jurigged import watch
watch(folder + "/*.py", logger=lambda event: None, poll=poll or False)
import saved
print("up", flush=True)
known = saved.f()
while True:
    now = saved.f()
    if now != known:
        print(time.monotonic(), flush=True)
        known = now
    time.sleep(0.001)
"""


def rows() -> Iterator[Row]:
    """Ours, then jurigged as it comes and as it polls where nothing tells of changes."""
    with tempfile.TemporaryDirectory() as folder:
        ours = Median(badges(folder))
    beside = []
    for name, poll in (("jurigged", 0), ("jurigged, polling each second", 1)):
        with jurigged(poll) as (process, path):
            beside.append((name, Median(patches(process, path))))
    yield Row("save to badge", ours, tuple(beside), 150)


def badges(folder: str) -> Iterator[float]:
    """The time from each save to the word in the terminal, in milliseconds."""
    with importing(300, folder) as pid, opened(pid, folder) as terminal:
        time.sleep(3)  # the texts as loaded are kept, all directories are watched
        for number in range(TIMES):
            read_until(terminal, b"", 0.3)
            path = Path(folder) / "many" / f"m{number:05}.py"
            begun = time.monotonic()
            path.write_text("def f():\n    return 'saved'\n")
            shown = read_until(terminal, b"stale", PATIENCE)
            yield (time.monotonic() - begun) * 1000 if shown else NOTHING


@contextmanager
def jurigged(poll: float) -> Iterator[tuple[subprocess.Popen[str] | None, Path]]:
    """A process that watches one module, and the module's file."""
    python = environment("reload-peers", PACKAGES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.py"
        path.write_text("def f():\n    return -1\n")
        if python is None:
            yield None, path
            return
        command = [python, "-c", JURIGGED, folder, str(poll)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(1)
            try:
                yield process, path
            finally:
                process.kill()


def patches(process: subprocess.Popen[str] | None, path: Path) -> Iterator[float]:
    """The time from each save to the function that returns something else."""
    for number in range(TIMES):
        if process is None:
            yield NOTHING
            continue
        assert process.stdout is not None
        time.sleep(0.3 + number * 0.13)  # so that a poll is met at all its moments
        begun = time.monotonic()
        path.write_text(f"def f():\n    return {number}\n")
        ready = select.select([process.stdout], [], [], PATIENCE)[0]
        yield (float(process.stdout.readline()) - begun) * 1000 if ready else NOTHING
