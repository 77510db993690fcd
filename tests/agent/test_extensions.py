"""Extension modules: whether the library that is mapped is still the one that lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.inside import Inside, inside
from tests.agent.test_freshness import check, need_start

__all__ = ["inside"]


def test_a_library_that_was_replaced_or_moved(inside: Inside) -> None:
    script = """
import glob, os, shutil
import importlib.machinery, importlib.util
import _json
found = [e for e in _sys.modules.values() if getattr(e, "__file__", None) and ".so" in e.__file__]
if not found:
    import _ctypes; found = [_ctypes]
here = os.path.dirname(os.path.abspath(__file__))
name, source = found[0].__name__, found[0].__file__
path = os.path.join(here, os.path.basename(source))
shutil.copy(source, path)
os.utime(path, (1e9, 1e9))
loader = importlib.machinery.ExtensionFileLoader(name, path)
spec = importlib.util.spec_from_loader(name, loader)
module = importlib.util.module_from_spec(spec)
_sys.modules[name] = module
from modtui.agent import freshness
said = [freshness.verdicts([name])[name]]
os.utime(path)
said.append(freshness.verdicts([name])[name])
os.rename(path, path + "1")
said.append(freshness.verdicts([name])[name])
os.rename(path + "1", path)
shutil.copy(source, path + "2"); os.replace(path + "2", path)
said.append(freshness.verdicts([name])[name])
beside = glob.glob(os.path.join(os.path.dirname(source), "*.so*"))
other = next(one for one in beside if one != source)
shutil.copy(other, path + "2"); os.replace(path + "2", path)
said.append(freshness.verdicts([name])[name])
tell(said)
"""
    if not _has_extensions(inside):
        pytest.skip("every module is built in")
    need_start(inside)
    before, written, moved, again, replaced = inside.run(script)
    assert before["verdict"] == "n/a"
    assert again["verdict"] == "n/a", again  # the same build, installed once more
    check(written, "unknown", "none", "written in place")
    check(moved, "stale", "proved", "moved away; only a restart")
    check(replaced, "stale", "proved", "replaced by another build; only a restart")


def _has_extensions(inside: Inside) -> bool:
    found = inside.run("import importlib.util as u; tell(u.find_spec('_json').origin)")
    return isinstance(found, str) and Path(found).suffix == ".so"
