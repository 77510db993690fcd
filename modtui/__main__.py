"""python -m modtui"""

import sys

from modtui.cli import main

sys.exit(main())
