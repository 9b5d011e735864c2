"""``python -m seawall`` is the command ``seawall``."""

import sys

from seawall.cli import main

sys.exit(main())
