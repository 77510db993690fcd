"""Processes to measure on: they do nothing but be in a state, or tell how long they were held."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STATES = {
    "busy": "while True: sum(range(1000))",
    "two busy threads, main joins": (
        "import threading\ndef work():\n while True: sum(range(1000))\n"
        "threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]\n"
        "[thread.start() for thread in threads]; threads[0].join()"
    ),
    "six allocating threads": (
        "import threading\ndef work():\n"
        " while True: [bytearray(n % 3000 + 1) for n in range(200)]\n"
        "[threading.Thread(target=work, daemon=True).start() for _ in range(5)]; work()"
    ),
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


# The same for a main thread that is never idle.
BUSY_HEARTBEAT = """
import sys, time, threading
asked = []
def listen():
    for line in sys.stdin:
        asked.append(line)
threading.Thread(target=listen, daemon=True).start()
print("ready", flush=True)
longest, last, clock = 0.0, time.perf_counter(), time.perf_counter
while True:
    now = clock()
    if now - last > longest:
        longest = now - last
    last = now
    if asked:
        asked.clear()
        print(longest * 1000, flush=True)
        longest, last = 0.0, clock()
"""


@contextmanager
def target(code: str, *python: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs this code and has begun to."""
    process = subprocess.Popen(
        [*(python or (sys.executable,)), "-c", f"print('up', flush=True)\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # of what others bring in and leave
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
