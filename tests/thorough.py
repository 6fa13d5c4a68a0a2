"""Whether tests that search or sample do so at length: ``nox -s thorough``."""

import os

THOROUGH = os.environ.get("ATTNCHECK_THOROUGH") == "1"
