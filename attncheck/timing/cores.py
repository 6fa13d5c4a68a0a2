"""Which core a process runs on.

Cores of one machine are not alike: each shares caches and execution units with strangers, and is
half as quick for a tenth of a second, or for a minute. Two processes that take turns on one core
share its fate.
"""

from __future__ import annotations

import contextlib
import os


def core_of(turn: int, threads: int) -> int | None:
    """Return a core for both sides of a pair, another one for the next pair.

    Returns:
        None where the threads need more than one, or the system lets nobody choose.
    """
    if threads != 1 or not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[turn % len(cores)]


def pin(core: int | None) -> None:
    """Keep this process, its threads to come included, on the core, if one is named."""
    if core is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {core})
