"""The processor: always there."""

from __future__ import annotations

import os
import platform


def present() -> list[tuple[str, str]]:
    """Return ``cpu`` with the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return [("cpu", f"{platform.machine()}, {cores} core{'s' if cores > 1 else ''}")]
