"""``python -m attncheck``."""

from __future__ import annotations

import os
import sys

# ``-m`` puts the working folder first; a user's random.py there must not stand for Python's own.
# It stays where attncheck itself is run from a checkout.
try:
    here = os.getcwd()
except OSError:  # it is gone; the command says so
    here = ""
if sys.path and sys.path[0] in ("", here) and not os.path.isdir("attncheck"):
    del sys.path[0]

from attncheck.cli import main

sys.exit(main())
