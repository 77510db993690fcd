"""A real little web server to attach to, in a process of its own, whose module gets edited."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

MAIN = """\
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from till import views

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = views.answer(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[1], "w").write("%d\\n" % server.server_port)
server.serve_forever()
"""
VIEWS = """\
from till import pricing

def answer(path):
    return pricing.price(path.strip("/"))
"""
PRICING = """\
VAT = 19

def price(item):
    return "%s costs 10 + %d" % (item, VAT)
"""
EDITED = PRICING.replace("VAT = 19", "VAT = 21").replace("costs 10", "now costs 12")
OLD, NEW = "tea costs 10 + 19", "tea now costs 12 + 21"


class Server:
    """The running server: where its files are and what it answers."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.pid = process.pid
        self.folder = folder
        self.pricing = folder / "till" / "pricing.py"

    @property
    def port(self) -> int:
        return int((self.folder.parent / "run" / "port").read_text())

    def ask(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}/tea", timeout=10) as answer:
            return answer.read().decode()

    def edit(self, text: str = EDITED) -> None:
        """Save as an editor does: a new file renamed over the old one."""
        draft = self.pricing.with_suffix(".tmp")
        draft.write_text(text)
        os.replace(draft, self.pricing)


def write_program(folder: Path) -> None:
    package = folder / "till"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(MAIN)
    (package / "views.py").write_text(VIEWS)
    (package / "pricing.py").write_text(PRICING)


@contextmanager
def running_server(
    folder: Path, python: Sequence[str] = (sys.executable,), first: str = ""
) -> Iterator[Server]:
    """Run it; `first` is what its main module does before all else."""
    port_file = folder / "run" / "port"
    port_file.parent.mkdir()
    folder = folder / "program"
    folder.mkdir()
    write_program(folder)
    (folder / "till" / "__main__.py").write_text(first + MAIN)
    time.sleep(0.05)  # the files are older than the process, as in life; ctime ticks are coarse
    process = subprocess.Popen(
        [*python, "-m", "till", str(port_file)], cwd=folder, stdin=subprocess.DEVNULL
    )
    try:
        server = Server(process, folder)
        until(lambda: port_file.exists() and port_file.read_text().endswith("\n"))
        yield server
    finally:
        process.kill()
        process.wait()


def until(condition, seconds: float = 30.0, what: str = "") -> None:
    """Wait for something to become true; fails loudly, with no timing in the test itself."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never became true: {what or condition}")
