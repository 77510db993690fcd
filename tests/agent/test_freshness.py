"""Verdicts about files that were edited, touched, replaced and lied about, as seen late."""

from __future__ import annotations

import os

import pytest

from tests.agent.inside import Inside, inside

__all__ = ["inside"]

SHOP = """\
RATE = 2


def price(net):
    return net * RATE


class Cart:
    limit = 10

    def total(self):
        return sum([price(item) for item in (1, 2)])
"""

# The process imports `shop`, then things happen to the file, then the agent comes and looks.
LATE = """
import os, shop
path = shop.__file__
cached = shop.__spec__.cached
text = open(path).read()
def edit(new, keep=False):
    status = os.stat(path)
    with open(path, "w") as file:
        file.write(new)
    if keep:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
def other(code="import shop"):
    import subprocess
    subprocess.check_call([_sys.executable, "-c", code], cwd=os.path.dirname(path))
import time
time.sleep(0.03)  # the kernel's clock for files ticks that slowly
%s
from modtui.agent import entries, freshness
everything = freshness.verdicts()["shop"]
named = freshness.verdicts(["shop"])["shop"]
tell([named, everything])
"""


def look(inside: Inside, happens: str = "", *options: str, **more: object) -> dict[str, str]:
    inside.write("shop.py", SHOP)
    # A folder that settled before the process began, as folders have.
    (inside.folder / "__pycache__").mkdir(exist_ok=True)
    named, everything = inside.run(LATE % happens, *options, **more)  # type: ignore[arg-type]
    if everything["verdict"] != "unknown":  # what a pass over all says must not be gainsaid
        assert everything["verdict"] == named["verdict"]
    return named  # type: ignore[no-any-return]


def check(found: dict[str, str], verdict: str, proof: str, words: str) -> None:
    assert (found["verdict"], found["proof"]) == (verdict, proof), found
    assert words in found["reason"], found


def need_start(inside: Inside) -> None:
    if not inside.knows_its_start:
        pytest.skip("there is no /proc in the chroot")


def test_untouched(inside: Inside) -> None:
    need_start(inside)
    check(look(inside), "fresh", "proved", "before this process started")


def test_untouched_in_a_new_folder(inside: Inside) -> None:
    need_start(inside)
    inside.write("fresh/new.py", "def f(): return 1\n")
    script = (
        "import os; _sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'fresh'))\n"
        "import new\nfrom modtui.agent import freshness\n"
        "tell(freshness.verdicts(['new'])['new'])"
    )
    found = inside.run(script)
    assert (inside.folder / "fresh/__pycache__").exists()
    check(found, "fresh", "proved", "before this process started")


def test_function_edited(inside: Inside) -> None:
    found = look(inside, "edit(text.replace('net * RATE', 'net * RATE + 1'))")
    check(found, "stale", "proved", "`price` in memory differs from the file")


def test_method_edited(inside: Inside) -> None:
    found = look(inside, "edit(text.replace('(1, 2)', '(1, 2, 3)'))")
    check(found, "stale", "proved", "Cart.total")


def test_function_edited_and_time_and_size_kept(inside: Inside) -> None:
    found = look(inside, "edit(text.replace('net * RATE', 'net + RATE'), keep=True)")
    check(found, "stale", "proved", "`price` in memory differs from the file")


def test_line_inserted(inside: Inside) -> None:
    found = look(inside, "edit('# one more line\\n' + text)")
    check(found, "stale", "proved", "only comments or layout changed")


def test_module_constant_edited(inside: Inside) -> None:
    found = look(inside, "edit(text.replace('RATE = 2', 'RATE = 3'))")
    check(found, "stale", "likely", "statements outside of functions")


def test_module_constant_edited_with_a_pyc_from_before(inside: Inside) -> None:
    need_start(inside)
    os.utime(inside.write("shop.py", SHOP), (1e9, 1e9))
    inside.run("import shop; tell(1)")
    found = inside.run(LATE % "edit(text.replace('RATE = 2', 'RATE = 3'))")[0]
    check(found, "stale", "proved", "statements outside of functions")


def test_comment_at_a_line_end(inside: Inside) -> None:
    found = look(inside, "edit(text.replace('RATE = 2', 'RATE = 2  # percent'))")
    check(found, "stale", "likely", "only comments or blank space changed")


def test_only_touched(inside: Inside) -> None:
    found = look(inside, "os.utime(path)")
    check(found, "fresh", "likely", "it has the size and the code of what was loaded")


def test_mode_changed(inside: Inside) -> None:
    found = look(inside, "os.chmod(path, 0o600)")
    check(found, "fresh", "likely", "it has the size and the code of what was loaded")


def test_replaced_by_the_same(inside: Inside) -> None:
    happens = "import shutil; shutil.copy2(path, path + '.new'); os.replace(path + '.new', path)"
    assert look(inside, happens)["verdict"] == "fresh"


def test_edited_and_taken_back(inside: Inside) -> None:
    found = look(inside, "edit(text + 'x = 1\\n'); other(); edit(text); other()")
    assert found["verdict"] in ("fresh", "unknown"), found


def test_pyc_rewritten_by_another_process(inside: Inside) -> None:
    happens = "edit(text.replace('net * RATE', 'net + RATE')); other()"
    check(look(inside, happens), "stale", "proved", "`price`")


def test_constant_edited_and_pyc_rewritten_is_not_called_fresh(inside: Inside) -> None:
    happens = "edit(text.replace('RATE = 2', 'RATE = 3')); os.utime(path, (1e9, 1e9)); other()"
    found = look(inside, happens)
    assert found["verdict"] == "unknown" or found["proof"] == "likely", found


def test_no_pyc_and_a_constant_edited_is_likely_stale(inside: Inside) -> None:
    need_start(inside)
    found = look(
        inside,
        "edit(text.replace('RATE = 2', 'RATE = 3'))",
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    check(found, "stale", "likely", "`RATE` is 2 in memory and 3 in the file")


def test_what_is_left_of_the_top_level_is_told(inside: Inside) -> None:
    need_start(inside)
    edits = (
        ("RATE = 2", "RATE = 2.0", "`RATE` is 2 in memory and 2.0 in the file"),
        ("        return sum([price(item) for item in (1, 2)])\n", "TAIL", "`tail` is in the file"),
    )
    for old, new, hint in edits:
        if new == "TAIL":
            new = old + "def tail(): pass\n"
        happens = f"edit(text.replace({old!r}, {new!r}))"
        found = look(inside, happens, environment={"PYTHONDONTWRITEBYTECODE": "1"})
        check(found, "stale", "likely", hint)


def test_a_default_is_told(inside: Inside) -> None:
    need_start(inside)
    script = LATE.replace("shop", "fees") % "edit(text.replace('scale=1', 'scale=2'))"
    inside.write("fees.py", "def price(net, scale=1):\n    return net * scale\n")
    found = inside.run(script, environment={"PYTHONDONTWRITEBYTECODE": "1"})[0]
    check(found, "stale", "likely", "a default of `price` is 1 in memory and 2 in the file")


def test_function_removed(inside: Inside) -> None:
    happens = "edit(text[:text.index('    def total')])"
    found = look(inside, happens, environment={"PYTHONDONTWRITEBYTECODE": "1"})
    check(found, "stale", "likely", "`Cart.total` is in memory but not in the file")


def test_does_not_compile(inside: Inside) -> None:
    found = look(inside, "edit(text + 'def broken(:\\n')")
    check(found, "stale", "proved", "does not compile (line 13)")


def test_nul_byte(inside: Inside) -> None:
    check(look(inside, "edit('x = 1\\0')"), "stale", "proved", "does not compile")


def test_not_the_declared_encoding(inside: Inside) -> None:
    found = look(inside, "open(path, 'wb').write(b'x = \"\\xff\"\\n')")
    check(found, "stale", "proved", "does not compile")


def test_gone(inside: Inside) -> None:
    check(look(inside, "os.remove(path)"), "missing", "proved", "gone")


def test_now_a_directory(inside: Inside) -> None:
    check(look(inside, "os.remove(path); os.mkdir(path)"), "unknown", "none", "directory")


def test_now_a_pipe(inside: Inside) -> None:
    check(look(inside, "os.remove(path); os.mkfifo(path)"), "unknown", "none", "device")


def test_folder_swapped_by_an_older_one(inside: Inside) -> None:
    inside.write("v2/shop/pricing.py", SHOP.replace("net * RATE", "net + RATE"))
    inside.write("v2/shop/__init__.py", "")
    inside.write("app/shop/pricing.py", SHOP)
    inside.write("app/shop/__init__.py", "")
    found = inside.run(
        "import os; here = os.path.dirname(os.path.abspath(__file__))\n"
        "_sys.path.insert(0, here + '/app')\n"
        "import shop.pricing\n"
        "os.rename(here + '/app/shop', here + '/old')\n"
        "os.rename(here + '/v2/shop', here + '/app/shop')\n"
        "from modtui.agent import freshness\n"
        "tell(freshness.verdicts(['shop.pricing'])['shop.pricing'])"
    )
    check(found, "stale", "proved", "`price`")


def test_new_files_in_the_folders_above_leave_it_likely_fresh(inside: Inside) -> None:
    """As in a project whose virtual environment lies in it: the folders above it are busy."""
    need_start(inside)
    inside.write("app/shop/__init__.py", "")
    inside.write("app/shop/pricing.py", "RATES = [1, 2]\n")
    found = inside.run(
        "import os; here = os.path.dirname(os.path.abspath(__file__))\n"
        "_sys.path.insert(0, here + '/app')\n"
        "import shop.pricing\n"
        "from modtui.agent import freshness\n"
        "for folder in ('', '/app', '/app/shop'):\n"
        "    open(here + folder + '/new', 'w').close()\n"
        "tell([freshness.verdicts()['shop.pricing'], freshness.verdicts(['shop.pricing'])])"
    )
    check(found[0], "fresh", "likely", "nothing says that it was moved here")
    assert found[1]["shop.pricing"] == found[0]


@pytest.mark.parametrize("link", ["folder", "file"])
def test_symbolic_link_flipped(inside: Inside, link: str) -> None:
    need_start(inside)
    inside.write("v2/shop.py", SHOP.replace("net * RATE", "net + RATE"))
    inside.write("v1/shop.py", SHOP)
    here = inside.folder
    (here / "current").mkdir()
    if link == "folder":
        (here / "current").rmdir()
        os.symlink("v1", here / "current")
    else:
        os.symlink("../v1/shop.py", here / "current/shop.py")
    target, path = {"folder": ("v2", "current"), "file": ("../v2/shop.py", "current/shop.py")}[link]
    script = (
        "import os; here = os.path.dirname(os.path.abspath(__file__))\n"
        "_sys.path.insert(0, here + '/current')\n"
        "import shop\n"
        "from modtui.agent import freshness\n"
        "before = freshness.verdicts(['shop'])['shop']\n"
        f"os.symlink('{target}', here + '/new'); os.replace(here + '/new', here + '/{path}')\n"
        "tell([before, freshness.verdicts(['shop'])['shop']])"
    )
    before, after = inside.run(script)
    check(before, "fresh", "proved", "before this process started")
    check(after, "stale", "proved", "`price`")


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_optimised(inside: Inside, flag: str) -> None:
    inside.write(
        "shop.py", SHOP.replace("    return net", '    "doc"\n    assert net\n    return net')
    )
    found = inside.run(LATE % "os.utime(path)", flag)[0]
    check(found, "fresh", "likely", "the code of what was loaded")


def test_without_columns(inside: Inside) -> None:
    found = look(inside, "os.utime(path)", environment={"PYTHONNODEBUGRANGES": "1"})
    check(found, "fresh", "likely", "the code of what was loaded")


def test_hash_based_pycs(inside: Inside) -> None:
    need_start(inside)
    inside.write("shop.py", SHOP)
    compiled = (
        "import py_compile, shop; m = py_compile.PycInvalidationMode\n"
        "tell(py_compile.compile(shop.__file__, invalidation_mode=m.%s))"
    )
    inside.run(compiled % "CHECKED_HASH")
    touched = inside.run(LATE % "os.utime(path)")[0]
    check(touched, "fresh", "proved", "hash of the very same text")
    inside.run(compiled % "UNCHECKED_HASH")
    check(inside.run(LATE % "")[0], "fresh", "proved", "hash of the very same text")
    inside.write("shop.py", SHOP.replace("net * RATE", "net + RATE"))
    check(inside.run(LATE % "")[0], "stale", "likely", "never checked")


def test_same_module_in_a_forked_child(inside: Inside) -> None:
    need_start(inside)
    inside.write("shop.py", SHOP)
    script = """
import os, shop, time
time.sleep(0.1)
os.utime(shop.__file__)
time.sleep(0.1)
read, write = os.pipe()
if not os.fork():
    from modtui.agent import freshness
    os.write(write, freshness.verdicts(["shop"])["shop"]["reason"].encode())
    os._exit(0)
os.close(write)
tell(os.read(read, 10000).decode())
"""
    assert "after this process started" in inside.run(script)


def test_main_is_compared_with_what_runs(inside: Inside) -> None:
    script = """
import os
CONSTANT = 1
def edit(old, new):
    text = open(__file__).read()
    with open(__file__, "w") as file:
        file.write(text.replace(old, new))
from modtui.agent import freshness
def look(): return freshness.verdicts(["__main__"])["__main__"]
before = look()
os.utime(__file__)
touched = look()
edit("CONSTANT = " + "1", "CONSTANT = 2")
tell([before, touched, look()])
"""
    before, touched, edited = inside.run(script)
    assert before["verdict"] in ("fresh", "unknown")
    check(touched, "fresh", "likely", "every statement is exactly the one that is running")
    check(edited, "stale", "proved", "statements differ")


def test_zip(inside: Inside) -> None:
    script = """
import os, zipfile
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib.zip")
def build(text):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("padding.txt", "x" * len(text) * 3)
        archive.writestr("zipped.py", text)
build("def f(): return 1\\n")
_sys.path.insert(0, path)
import zipped
from modtui.agent import baseline, freshness
first = freshness.verdicts(["zipped"])["zipped"]
build("# new\\ndef f(): return 1\\n")
second = freshness.verdicts(["zipped"])["zipped"]
text = baseline.current("zipped")["data"]
os.remove(path)
tell([first, second, text, freshness.verdicts(["zipped"])["zipped"]])
"""
    first, second, text, third = inside.run(script)
    check(first, "unknown", "none", "its one function in memory is exactly")
    check(second, "stale", "proved", "other lines")
    assert text == "# new\ndef f(): return 1\n"
    check(third, "missing", "proved", "archive")


def test_nobody_is_warned_by_a_comparison(inside: Inside) -> None:
    inside.write("shop.py", SHOP)
    script = LATE % "edit(text.replace('RATE = 2', 'RATE = 2 is 2; s = \"\\\\d\"'))"
    for flag in ("default", "error", "always"):
        inside.write("shop.py", SHOP)
        done = inside.process(script, "-W", flag)
        assert "SyntaxWarning" not in done.stderr
        assert "DeprecationWarning" not in done.stderr
        assert "statements outside of functions differ" in done.stdout, (done.stdout, done.stderr)


def test_statuses_without_source(inside: Inside) -> None:
    script = """
import time, math
from modtui.agent import freshness
made = type(_sys)("made"); _sys.modules["made"] = made; _sys.modules["nothing"] = None
found = freshness.verdicts(["sys", "made", "nothing", "zipimport"])
tell({name: [said["verdict"], said["reason"]] for name, said in found.items()})
"""
    found = inside.run(script)
    assert {said[0] for said in found.values()} == {"n/a"}
    assert "built into" in found["sys"][1]
    assert "no file" in found["made"][1]
    assert "blocked" in found["nothing"][1]
    assert "frozen" in found["zipimport"][1]


def test_custom_loaders_are_not_compared(inside: Inside) -> None:
    script = """
import importlib.machinery, importlib.util, os
class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **more):
        return compile(bytes(data).replace(b"RATE = 2", b"RATE = 5"), path, "exec")
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shop.py")
spec = importlib.util.spec_from_loader("shop", Loader("shop", path))
shop = importlib.util.module_from_spec(spec); _sys.modules["shop"] = shop
spec.loader.exec_module(shop)
os.utime(path)
from modtui.agent import freshness
tell(freshness.verdicts(["shop"])["shop"])
"""
    inside.write("shop.py", SHOP)
    check(inside.run(script), "unknown", "none", "loaded by a Loader")
