"""Servers, kernels and hubs of greenlets as people really run them: reached, used, and unharmed."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui.reach import Session, connect
from tests.targets import eventually, links_of, state_of, threads_of

APPLICATION = """
import os
def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"pid %d" % os.getpid()]
async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"pid %d" % os.getpid()})
"""


def needs(module: str) -> pytest.MarkDecorator:
    """Skip where a server of the development tools is not installed."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed")


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in that folder, which is ended with its children."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int) -> int:
    """The pid of the worker that answers; 0 if nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return int(answer.read().split()[1])
    except OSError:
        return 0


def visit(pid: int, has: str, times: int = 3) -> None:
    """Attach, look, leave; what was there before is there again."""
    threads, descriptors = threads_of(pid), _descriptors(pid)
    for number in range(times):
        session = connect(pid)
        assert session.way == "ptrace"
        assert session.host_pid == pid
        assert has in _names(session)
        if number % 2:
            session.close()
        else:
            session.detach()
        assert eventually(lambda: threads_of(pid) == threads, 30)
    assert eventually(lambda: not _descriptors(pid) - descriptors, 30)


def _names(session: Session) -> list[str]:
    return [record["name"] for record in session.calls.list_modules()["modules"]]


def _descriptors(pid: int) -> Counter[str]:
    """Its open descriptors but for its connections, which come and go."""
    return Counter(link for link in links_of(pid) if not link.startswith("socket:"))


@needs("gunicorn")
@pytest.mark.parametrize("worker", ["sync", "gthread", "gevent"])
def test_gunicorn(tmp_path: Path, worker: str) -> None:
    if worker == "gevent" and importlib.util.find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    (tmp_path / "app.py").write_text(APPLICATION)
    port = free_port()
    command = ["-m", "gunicorn", "-w", "2", "-k", worker, "-b", f"127.0.0.1:{port}", "app:wsgi"]
    with running(command, tmp_path) as master:
        assert eventually(lambda: ask(port), 20)
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
        assert eventually(lambda: len(children.read_text().split()) == 2)
        workers = [int(pid) for pid in children.read_text().split()]
        for pid in workers:
            visit(pid, "app", 2)
        visit(master.pid, "gunicorn.arbiter", 2)
        # The master sees a worker's silence by its heartbeat, and would have replaced it.
        assert [int(pid) for pid in children.read_text().split()] == workers
        assert ask(port) in workers


@needs("uvicorn")
@pytest.mark.parametrize("workers", [1, 2])
def test_uvicorn(tmp_path: Path, workers: int) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    port = free_port()
    command = ["-m", "uvicorn", "--port", str(port), "--workers", str(workers), "app:asgi"]
    with running(command, tmp_path) as parent:
        assert eventually(lambda: ask(port), 20)
        pid = ask(port)
        assert workers > 1 or pid == parent.pid
        visit(pid, "app")
        assert state_of(pid) in "SRD"
        assert eventually(lambda: ask(port), 5)


KERNEL = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
def run(code):
    client.execute_interactive(code, timeout=20, output_hook=lambda message: print(
        message["content"].get("text", message["msg_type"]).strip(), flush=True)
        if message["msg_type"] in ("stream", "error") else None)
run("import os; print(os.getpid())")
run("import threading; held = [1, 2]; threads = threading.active_count()")
for line in sys.stdin:
    run(line)
manager.shutdown_kernel(now=True)
"""


@needs("ipykernel")
@needs("jupyter_client")
def test_jupyter_kernel(tmp_path: Path) -> None:
    environment = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", KERNEL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pid = 0
    try:
        pid = int(process.stdout.readline())
        assert pid != process.pid
        visit(pid, "ipykernel.kernelapp")
        process.stdin.write("held.append(3); print(held, threading.active_count() - threads)\n")
        process.stdin.flush()
        assert process.stdout.readline() == "[1, 2, 3] 0\n"
        (tmp_path / "lib.py").write_text("value = 1\n")
        process.stdin.write("import sys; sys.path.insert(0, ''); import lib; print(lib.value)\n")
        process.stdin.flush()
        assert process.stdout.readline() == "1\n"
        (tmp_path / "lib.py").write_text("value = 1234\n")
        with connect(pid) as session:
            report = session.reload(["lib"])
            assert report["ok"], report
            assert report["thread"] == "main"
            session.detach()
        process.stdin.write("print(lib.value)\n")
        process.stdin.flush()
        assert process.stdout.readline() == "1234\n"
        process.stdin.close()
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if pid and state_of(pid):
            os.kill(pid, signal.SIGKILL)
        process.stdout.close()


HUBS = {
    "gevent": """
        from gevent import monkey
        monkey.patch_all()
        import gevent, gevent.pool
        sleep, spawn = gevent.sleep, gevent.spawn
    """,
    "eventlet": """
        import eventlet
        eventlet.monkey_patch()
        sleep, spawn = eventlet.sleep, eventlet.spawn
    """,
}
BESIDE = """
import socket, threading, time
socket.setdefaulttimeout(30)
counts = [0, 0, 0]
def tick(index):
    while True:
        time.sleep(0.005)
        counts[index] += 1
def echo():
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        connection, _ = server.accept()
        connection.sendall(b"%d" % min(counts))
        connection.close()
for index in range(2):
    spawn(tick, index)
threading.Thread(target=tick, args=(2,), daemon=True).start()
WAIT
echo()
"""


@pytest.mark.parametrize("hub", [pytest.param(name, marks=needs(name)) for name in HUBS])
def test_greenlets_beside_us(hub: str) -> None:
    """Everything patched, and the hub running: the agent is no greenlet, and blocks none."""
    import textwrap

    source = textwrap.dedent(HUBS[hub]) + BESIDE.replace("WAIT\n", "")
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        before = _count(port)
        time.sleep(0.1)
        visit(process.pid, hub, 4)
        with connect(process.pid) as session:
            assert session.hello["threads"] == 2
            known = _count(port)
            time.sleep(0.3)  # an agent that blocked the hub would stop it here
            assert _count(port) > known > before
            session.detach()
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _count(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        return int(connection.recv(64))
