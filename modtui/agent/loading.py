"""What the import system says of a module: its spec, its source's bytes, its code, its reload.

The reference is `importlib.reload` and `importlib._bootstrap._exec` of the running interpreter.
There is one deliberate difference: where the loader reads source in the standard way, the bytes are
read once and those very bytes are compiled, so that a stale .pyc never runs.
"""

from __future__ import annotations

import _frozen_importlib
import _frozen_importlib_external as external
import sys

from . import disk, raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Optional, Tuple

bootstrap: Any = _frozen_importlib
_own_reloading: Dict[str, Any] = {}
_NOTHING = object()


def method_of(value: object, name: str) -> Any:
    """A method as the classes of a value store it, asking the value nothing; None without one."""
    for cls in raw.mro(type(value)):
        found = raw.stored(cls, name, _NOTHING)
        if found is not _NOTHING:
            return found
    return None


def reads_source(loader: object) -> bool:
    """Whether that loader compiles its module's source in the standard way (SourceLoader)."""
    return (
        method_of(loader, "get_code") is external.SourceLoader.__dict__["get_code"]
        and method_of(loader, "exec_module") is external._LoaderBasics.__dict__["exec_module"]
    )


def gives_code(loader: object) -> bool:
    """Whether executing the module is no more than executing what `get_code` returns."""
    standard = external._LoaderBasics.__dict__["exec_module"]
    return method_of(loader, "get_code") is not None and (
        method_of(loader, "exec_module") is standard or _is_zip_loader(loader)
    )


def _is_zip_loader(loader: object) -> bool:
    return raw.type_name(loader) == "zipimporter" and raw.class_module(type(loader)) == "zipimport"


def read(loader: Any, name: str) -> Tuple[str, bytes]:
    """The path and the bytes of a module's source now. Raises OSError and ImportError."""
    path = loader.get_filename(name)
    if method_of(loader, "get_data") is external.FileLoader.__dict__["get_data"]:
        return path, disk.read(path)[0]  # which does not wait where the file has become a pipe
    return path, bytes(loader.get_data(path))


def forget_directories() -> None:
    """Have finders look at directories again, as importlib.invalidate_caches() does."""
    for meta_finder in list(sys.meta_path):
        invalidate = getattr(meta_finder, "invalidate_caches", None)
        if invalidate is not None:
            invalidate()
    # Before 3.10 nothing but this makes zipimport read an archive's directory again.
    for path, entry_finder in list(sys.path_importer_cache.items()):
        finder: Any = entry_finder
        if _is_zip_loader(finder) and getattr(finder, "invalidate_caches", None) is None:
            zipimport = sys.modules.get("zipimport")
            archives = getattr(zipimport, "_zip_directory_cache", None)
            if type(archives) is dict:
                archives.pop(getattr(finder, "archive", None), None)
            sys.path_importer_cache.pop(path, None)


def name_of(module: Any) -> str:
    """The name by which importlib.reload goes. Raises TypeError as it does."""
    if sys.version_info < (3, 10) and not isinstance(module, raw.ModuleType):
        raise TypeError("reload() argument must be a module")
    try:
        return module.__spec__.name  # type: ignore[no-any-return]
    except AttributeError:
        try:
            return module.__name__  # type: ignore[no-any-return]
        except AttributeError:
            raise TypeError("reload() argument must be a module") from None


def find_spec(name: str, module: Any) -> Any:
    """The spec that a reload would use; the parent must be loaded. Raises ImportError."""
    parent_name = name.rpartition(".")[0]
    path = None
    if parent_name:
        try:
            parent = sys.modules[parent_name]
        except KeyError:
            raise ImportError(
                "parent %r not in sys.modules" % (parent_name,), name=parent_name
            ) from None
        path = parent.__path__
    return bootstrap._find_spec(name, path, module)


def reload_module(module: Any, code: Optional[CodeType] = None) -> Any:
    """importlib.reload(): same argument, result and exceptions.

    `code`, if given, is executed in place of what the loader would read and compile. Source:
    https://docs.python.org/3/library/importlib.html#importlib.reload
    """
    name = name_of(module)
    registered: Any = sys.modules.get(name)
    if registered is not module:
        raise ImportError("module %s not in sys.modules" % (name,), name=name)
    # Its own table, where it is loaded: a module that reloads itself must get the same answer.
    reloading = getattr(sys.modules.get("importlib"), "_RELOADING", _own_reloading)
    if name in reloading:
        return reloading[name]
    reloading[name] = module
    try:
        spec: Any = find_spec(name, module)
        module.__spec__ = spec
        if spec is None:
            raise ModuleNotFoundError("spec not found for the module %r" % (name,), name=name)
        if spec.loader is not None and reads_source(spec.loader):
            _execute_source(spec, module, code)
        else:
            bootstrap._exec(spec, module)
        return sys.modules[name]  # it may have put another object there
    finally:
        reloading.pop(name, None)


def _execute_source(spec: Any, module: Any, code: Optional[CodeType]) -> None:
    """importlib._bootstrap._exec for a module of source, compiling these very bytes."""
    name = spec.name
    with bootstrap._ModuleLockManager(name):
        if sys.modules.get(name) is not module:
            raise ImportError("module %r not in sys.modules" % (name,), name=name)
        try:
            bootstrap._init_module_attrs(spec, module, override=True)
            if code is None or code.co_filename != spec.loader.get_filename(name):
                code = source_code(spec.loader, name)
            exec(code, module.__dict__)
        finally:
            sys.modules[name] = sys.modules.pop(name)  # it comes last, as after an import


def compiles_plainly(loader: object) -> bool:
    """Whether a loader hands what it is given to `compile`, which takes trees, too."""
    standard = external.SourceLoader.__dict__["source_to_code"]
    return method_of(loader, "source_to_code") is standard


def source_code(loader: Any, name: str, data: Any = None) -> CodeType:
    """The code of a module's source, bytes or a tree, compiled as its loader compiles it.

    Raises SyntaxError...
    """
    if data is None:
        path, data = read(loader, name)
    else:
        path = loader.get_filename(name)
    return loader.source_to_code(data, path)  # type: ignore[no-any-return]


def has_star(code: CodeType) -> bool:
    """Whether a module's code does `from x import *`: the only use of that tuple as a constant."""
    return ("*",) in [value for value in code.co_consts if type(value) is tuple]
