"""python -m tests.bench [NAME...]: run the measurements named (default: all), print one table."""

from __future__ import annotations

import importlib
import platform
import sys

from tests.bench.table import print_rows

NAMES = ("screen", "saving", "attach", "at_rest", "looking", "proving", "recovering")
NAMES += ("reloading", "engine_times", "engines", "diff")


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    python = platform.python_version()
    print(
        f"{platform.platform()}, Python {python}: medians, and medians of the ratios turn by turn"
    )
    missed: list[str] = []
    for name in wanted:
        print(f"\n{name}")
        missed += print_rows(importlib.import_module(f"tests.bench.{name}").rows())
    print(f"\nbars missed: {'; '.join(missed) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
