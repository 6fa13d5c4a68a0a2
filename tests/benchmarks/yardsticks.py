"""What a benchmark is measured against, in the same minutes: only the ratio means anything."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from attncheck.instruments.timing.ceilings import workload

ATTNCHECK = str(Path(sys.executable).with_name("attncheck"))


def command(*words: str) -> Callable[[], object]:
    """Return a run of attncheck in a process of its own."""
    return lambda: subprocess.run([ATTNCHECK, *words], capture_output=True, check=False)


def python(code: str) -> Callable[[], object]:
    """Return a run of Python: the imports that a command cannot do without."""
    return lambda: subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def product() -> Callable[[], object]:
    """Return a product of small matrices, 50 times."""
    run = workload("cpu")
    return lambda: [run() for _ in range(50)]


def quickest(call: Callable[[], object], rounds: int = 5) -> float:
    """Return the seconds of the quickest of some calls, after one that warms up."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
