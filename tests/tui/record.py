"""Record what a real process answers, for tests of the screen: `python -m tests.tui.record`.

The demo's program is started with the agent in it; its modules are edited, broken, removed,
reloaded, patched and undone, and each answer is written to `fixtures/shop.json`. Paths, pids and
times are made the same on every machine, nothing else is changed.
"""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from modtui.demo import NEW_TEXT, OLD_TEXT, PROGRAM
from modtui.reach import running
from modtui.reach.processes import processes
from modtui.reach.session import Session

FIXTURE = Path(__file__).parent / "fixtures" / "shop.json"
STARTED = 1_700_000_000.0
OURS = ("shop", "shop.pricing", "shop.views", "shop.plugins", "shop.catalogue", "__main__")
OTHERS = ("email.message", "_socket", "sys", "threading")


def plan_key(names: list[str], patch: bool, dependents: bool) -> str:
    """How a plan is filed."""
    return f"{','.join(names)} patch={patch} dependents={dependents}"


def _ask(session: Session, into: dict[str, Any], asked: tuple[str, ...] = OURS) -> None:
    calls = session.calls
    for what in ("show", "source", "baseline"):
        into[what] = {name: getattr(calls, what)(name) for name in asked}
    into["freshness"] = calls.freshness(None)
    into["plans"] = {
        plan_key([name], patch, dependents): calls.plan([name], patch, dependents)
        for name in asked
        for patch in (False, True)
        for dependents in (False, True)
    }
    into["journal"] = calls.journal()


def record(folder: Path) -> dict[str, Any]:
    """Live through it and write down what was said."""
    shutil.copytree(PROGRAM, folder / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    time.sleep(2.1)  # so that the files are plainly older than the process
    program = running.run(["-m", "shop", str(folder / "port")], cwd=str(folder))
    session = program.session
    while not (folder / "port").exists():
        time.sleep(0.05)
    time.sleep(0.3)
    pricing, plugins = folder / "shop" / "pricing.py", folder / "shop" / "plugins.py"
    told: dict[str, Any] = {"target": session.target, "hello": session.calls.hello()}
    told["page"] = session.calls.list_modules(0, 0)
    told["processes"] = [vars(one) for one in processes() if one.pid == program.pid]
    _ask(session, told.setdefault("calm", {}), OURS + OTHERS)

    pricing.write_text(pricing.read_text().replace(OLD_TEXT, NEW_TEXT).replace(
        "VAT = ", "# The rate of this year.\nVAT = "))  # fmt: skip
    kept = plugins.read_bytes()
    plugins.unlink()
    _ask(session, told.setdefault("edited", {}))
    told["reload"] = session.reload(["shop.pricing"])
    _ask(session, told.setdefault("reloaded", {}))
    told["undo"] = session.undo()
    told["patch"] = session.reload(["shop.pricing"], patch=True)
    _ask(session, told.setdefault("patched", {}))
    good = pricing.read_text()
    pricing.write_text(good + "\n\nRATES = {}['vat']\n")
    told["broken"] = session.reload(["shop.pricing"])
    pricing.write_text(good)
    plugins.write_bytes(kept)
    told["output"] = program.output.decode("utf-8", "replace")
    session.close()
    program.send_signal(15)
    program.wait()
    return told


def same_everywhere(told: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Without the places, numbers and times of this machine."""
    text = json.dumps(told, sort_keys=True)
    for old, new in (
        (str(folder), "/srv/shop"),
        (sysconfig.get_path("purelib"), "/srv/venv/lib/python3.11/site-packages"),
        (sysconfig.get_path("stdlib"), "/usr/lib/python3.11"),
        (sysconfig.get_path("platstdlib"), "/usr/lib/python3.11"),
        (sys.executable, "/srv/venv/bin/python"),
        (sys.prefix, "/srv/venv"),
        (sys.base_prefix, "/usr"),
        (f'"pid": {told["processes"][0]["pid"]}', '"pid": 48213'),
        (f'"pid": {told["target"]["pid"]}', '"pid": 48213'),
    ):
        text = text.replace(json.dumps(old)[1:-1] if '"' not in old else old, new)
    return _timeless(json.loads(text))


def _timeless(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _timeless(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_timeless(one, key) for one in value]
    if key == "started":
        return STARTED
    if key == "at":
        return STARTED + 11_000
    if key == "seconds":
        return 0.0031
    return value


def main() -> None:
    """Record and write."""
    with tempfile.TemporaryDirectory(prefix="modtui-record-") as name:
        folder = Path(name)
        told = same_everywhere(record(folder), folder)
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(told, indent=0, sort_keys=True) + "\n")
    print(f"{FIXTURE}: {FIXTURE.stat().st_size:,} bytes, {told['page']['total']} modules")


if __name__ == "__main__":
    main()
