"""python -m tests.bench [NAME...]: run the measurements named (default: all), print one table."""

from __future__ import annotations

import importlib
import platform
import sys

from tests.bench.table import print_rows

NAMES = ("attach", "looking", "proving", "recovering", "reloading", "engines", "diff", "screen")


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}, medians")
    for name in wanted:
        print(f"\n{name}")
        print_rows(importlib.import_module(f"tests.bench.{name}").rows())
    return 0


if __name__ == "__main__":
    sys.exit(main())
