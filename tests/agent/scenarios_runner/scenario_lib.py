"""Names that every scenario's check.py takes."""

import importlib


class NS:
    """What a scenario holds; `error` is what the engine raised."""

    error = None
    escaped = False

    def __init__(self, **held):
        self.__dict__.update(held)


class _Broken:
    def __init__(self, error):
        object.__setattr__(self, "_error", error)

    def __getattr__(self, name):
        raise ImportError(f"module cannot be imported: {self._error!r}")


def mod(name):
    """The module as it is now."""
    try:
        return importlib.import_module(name)
    except BaseException as error:
        return _Broken(error)


def raises(kind, function):
    """Whether calling the function raises that."""
    try:
        function()
    except kind:
        return True
    return False
