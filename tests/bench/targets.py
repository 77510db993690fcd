"""Processes to measure on: they do nothing but be in a state, or tell how long they were held."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STATES = {
    "busy": "while True: sum(range(1000))",
    "sleeping": "import time; time.sleep(3600)",
    "http.server": (
        "import http.server as s; s.HTTPServer(('127.0.0.1', 0), "
        "s.SimpleHTTPRequestHandler).serve_forever()"
    ),
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(3600))",
}

# A thread of its own counts the longest time during which it could not run.
HEARTBEAT = """
import sys, time, threading
def beat():
    last = time.perf_counter()
    longest = 0.0
    while True:
        time.sleep(0.0005)
        now = time.perf_counter()
        longest = max(longest, now - last)
        last = now
        if asked.is_set():
            asked.clear()
            print(longest * 1000, flush=True)
            longest = 0.0
asked = threading.Event()
threading.Thread(target=beat, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    asked.set()
"""


@contextmanager
def target(code: str, python: str = sys.executable) -> Iterator[subprocess.Popen[str]]:
    """A process that runs this code and has begun to."""
    process = subprocess.Popen(
        [python, "-c", f"print('up', flush=True)\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
