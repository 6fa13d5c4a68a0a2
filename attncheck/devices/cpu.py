"""The processor: always there."""

from __future__ import annotations

import os
import platform
import time

from attncheck.data.environment import processor
from attncheck.devices.shared.protocol import Call, Condition, Peak
from attncheck.errors import DeviceError


def present() -> list[tuple[str, str]]:
    """Return ``cpu`` with the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return [("cpu", f"{platform.machine()}, {cores} core{'s' if cores > 1 else ''}")]


def check(index: int) -> None:
    """There is one, whatever the number of cores.

    Raises:
        DeviceError: another one is asked for.
    """
    if index:
        raise DeviceError(f"there is no cpu:{index}", where="--device", instead="write cpu")


def opened(index: int) -> Cpu:
    """Return the processor."""
    return Cpu()


class Cpu:
    """The processor; calls return when they are done, and caches stay as they are."""

    name = "cpu"
    driver = ""
    computes = True

    def __init__(self) -> None:
        self.description = processor()

    def timed(self, call: Call) -> int:
        """Return the nanoseconds of one call."""
        start = time.perf_counter_ns()
        call()
        return time.perf_counter_ns() - start

    def chill(self) -> None:
        """Leave the caches warm: other tools do so too, and the reference meets the same."""

    def peak(self, call: Call) -> Peak:
        """Return the running sum's peak of what torch's allocator gave and took."""
        from attncheck.instruments.memory import peak_of

        return Peak(peak_of(call))

    def kernels(self, call: Call) -> int | None:
        """Return None: nothing is launched."""
        return None

    def energy(self, call: Call) -> float | None:
        """Return None: no counter is open to users."""
        return None

    def condition(self) -> Condition:
        """Return nothing: what disturbs a processor shows in the spread between processes."""
        return Condition()
