"""The directory that a program is started with, so that the agent is there before its first import.

It holds a `sitecustomize.py`, which the interpreter imports before anything of the program; that
puts PYTHONPATH, sys.path and sys.modules back to what they would be without us, removes the
directory, makes the agent listen, and gives way to the real `sitecustomize` if there is one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from modtui.reach.bundle import FLAGS, Payload

_SITECUSTOMIZE = """\
import sys
sys.modules.pop("sitecustomize", None)
def arrive(folder, pythonpath):
    import os
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    if pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = pythonpath
    def say(text):
        if not text.startswith("L"):
            with open(folder + "/trouble", "w", encoding="utf-8", errors="replace") as file:
                file.write(text[1:])
    try:
        marshal = sys.modules["marshal"]
        with open(folder + "/agent", "rb") as file:
            magic, code, box = marshal.loads(file.read(SIZE))
            rest = file.read()
        space = {"__name__": "_modtui_bootstrap"}
        if magic == sys.modules["_frozen_importlib_external"].MAGIC_NUMBER:
            code = marshal.loads(code)
        else:
            code = compile(code, "<modtui>/agent/bootstrap.py", "exec", FLAGS, True, 2)
        space["_code"] = code
        exec(code, space)
        space["arrive"](box, say, lambda: rest)
    except BaseException as error:
        say("E%s: %s" % (type(error).__name__, error))
    for path in (folder + "/__pycache__", folder):
        try:
            for name in os.listdir(path):
                if name not in ("__pycache__", "trouble"):
                    os.unlink(path + "/" + name)
            os.rmdir(path)
        except OSError:
            pass
arrive(FOLDER, PYTHONPATH)
del arrive
import sitecustomize
"""


def is_passed_over(argv: list[str]) -> bool:
    """Do the interpreter's options (-I, -E, -S) keep it from importing such a `sitecustomize.py`?

    Then it would only find a directory in its path, or hand it on to its children.
    """
    words = iter(argv)
    for word in words:
        if word[:1] != "-" or word in ("-", "--"):
            return False  # the program
        if word == "--check-hash-based-pycs":
            next(words, None)
        for at, letter in enumerate(word[1:], 1) if word[:2] != "--" else ():
            if letter in "IES":
                return True
            if letter in "cm":
                return False  # the program follows
            if letter in "WX":
                if at == len(word) - 1:
                    next(words, None)
                break
    return False


class Arrival:
    """Such a directory, 0700, as a context manager that removes what the program did not."""

    def __init__(self, payload: Payload, environment: dict[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="modtui-run-"))
        before = environment.get("PYTHONPATH")
        text = _SITECUSTOMIZE.replace("FOLDER", repr(str(self.folder)))
        text = text.replace("PYTHONPATH)", f"{before!r})").replace("FLAGS", FLAGS)
        text = text.replace("SIZE", str(len(payload.core)))
        (self.folder / "agent").write_bytes(payload.core + payload.rest)
        (self.folder / "sitecustomize.py").write_text(text, "utf-8", "surrogateescape")
        entries = [str(self.folder)] + ([before] if before else [])
        self.environment = {**environment, "PYTHONPATH": os.pathsep.join(entries)}

    def trouble(self) -> str:
        """Why the agent could not start, if it said so."""
        try:
            return (self.folder / "trouble").read_text("utf-8", "replace")
        except OSError:
            return ""

    def remove(self) -> None:
        """Remove what is left of it."""
        shutil.rmtree(self.folder, ignore_errors=True)
