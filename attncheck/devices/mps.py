"""Apple's GPU. Thin: what is timed and asked for mirrors the processor's file."""

from __future__ import annotations

import platform
import sys
import time

from attncheck.devices.shared.protocol import Call, Condition, Peak
from attncheck.errors import DeviceError
from attncheck.lazy import torch


def present() -> list[tuple[str, str]]:
    """Return ``mps`` on a Mac with an Apple processor."""
    there = sys.platform == "darwin" and platform.machine() == "arm64"
    return [("mps", "Apple GPU, memory shared with the processor")] if there else []


def check(index: int) -> None:
    """Make sure that this is such a Mac.

    Raises:
        DeviceError: it is not.
    """
    if index or not present():
        raise DeviceError(
            "mps needs a Mac with an Apple processor",
            where="--device",
            instead="--device cpu measures here",
        )


def opened(index: int) -> Mps:
    """Return the GPU.

    Raises:
        DeviceError: this torch cannot use it.
    """
    if not torch.backends.mps.is_available():
        raise DeviceError("this torch is built without mps", where="--device")
    return Mps()


class Mps:
    """Apple's GPU, waited for before and after each call."""

    name = "mps"
    driver = ""
    computes = True

    def __init__(self) -> None:
        self.description = f"Apple GPU, macOS {platform.mac_ver()[0]}"

    def timed(self, call: Call) -> int:
        """Return the nanoseconds of one call and of waiting for it."""
        torch.mps.synchronize()
        start = time.perf_counter_ns()
        call()
        torch.mps.synchronize()
        return time.perf_counter_ns() - start

    def chill(self) -> None:
        """Leave the caches as they are."""

    def peak(self, call: Call) -> Peak:
        """Complain: the allocator keeps no high-water mark."""
        raise DeviceError("mps does not tell its peak of memory", where="--device")

    def kernels(self, call: Call) -> int | None:
        """Return None: they are not counted."""
        return None

    def energy(self, call: Call) -> float | None:
        """Return None: no counter is open to users."""
        return None

    def condition(self) -> Condition:
        """Return nothing: the system does not say."""
        return Condition()
