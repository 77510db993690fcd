"""Run one scenario in this process: child.py SCENARIO WORKDIR; prints what failed, exits 0 or 1.

Written for every Python from 3.8 on.
"""

import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    """check.py as a module."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("_check", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["_check"] = module
    spec.loader.exec_module(module)
    return module


def overlay(source, root, mtime=None):
    """Copy a tree over another; returns the files written."""
    written = []
    for base, _, files in os.walk(source):
        for name in sorted(files):
            if name.endswith(".py"):
                path = os.path.join(base, name)
                target = os.path.join(root, os.path.relpath(path, source))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                with open(target, "w", encoding="utf-8") as file:
                    file.write(text)
                if mtime:
                    os.utime(target, (mtime, mtime))
                written.append(target)
    return sorted(written)


def names_of(files):
    """The modules that were loaded from these files."""
    found = []
    for path in files:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            same = isinstance(file, str) and os.path.realpath(file) == os.path.realpath(path)
            if same and name not in found:
                found.append(name)
    return found


def main():
    scenario, root = sys.argv[1:3]
    if os.environ.get("SCENARIO_WITHOUT_PYC"):
        sys.dont_write_bytecode = True
    sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") != HERE] + [HERE]
    from tests.agent.scenario_engine import reload

    overlay(os.path.join(scenario, "before"), root, time.time() - 20)
    check = load(os.path.join(scenario, "check.py"))
    sys.path.insert(0, root)
    os.chdir(root)
    state = check.setup()
    names = getattr(check, "MODULES", None) or names_of(
        overlay(os.path.join(scenario, "after"), root)
    )
    overlay(os.path.join(scenario, "after"), root)
    try:
        reload(names)
    except Exception as error:
        state.error = error
    except BaseException as error:
        state.error, state.escaped = error, True
    failed = []
    for name, assertion in check.verify(state).items():
        try:
            result = assertion()
        except BaseException:
            result = traceback.format_exc()
        if result is not True:
            failed.append(f"{name}: {result}")
    if failed:
        print("\n".join(failed))
        print("reported:", state.error)
    sys.stdout.flush()
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
