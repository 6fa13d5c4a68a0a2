"""Processes that hog a core on and off, as other jobs of a shared machine do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_HOG = """
import random, time
draw = random.Random({seed})
while True:
    end = time.monotonic() + draw.uniform(0.02, 1.5)
    while time.monotonic() < end:
        pass
    time.sleep(draw.uniform(0.02, 1.5))
"""


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Keep so many of them running."""
    words = [[sys.executable, "-c", _HOG.format(seed=seed)] for seed in range(count)]
    hogs = [subprocess.Popen(one) for one in words]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
