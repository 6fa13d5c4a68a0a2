"""How much one example may cost, and how many examples there are."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator

from hypothesis import HealthCheck, settings

from tests.thorough import THOROUGH

SECONDS = 2.0
BYTES = 2**28

FUZZED = settings(
    max_examples=3000 if THOROUGH else 200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""The same examples each time; what is slow is judged by its own CPU time."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Complain about what takes more than its share of CPU time or memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    yield
    assert time.process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024 < BYTES
