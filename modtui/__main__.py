"""python -m modtui"""

import sys

try:
    from modtui.cli import main

    code = main()
except KeyboardInterrupt:  # while it was being loaded
    code = 130
sys.exit(code)
