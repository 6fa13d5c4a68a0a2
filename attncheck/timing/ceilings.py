"""What this device can do at best, measured by a short product and a short copy."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from attncheck.lazy import torch
from attncheck.timing.sampling import Call, Clock

_SECONDS = 0.3
_SIDES = {"cpu": 1024, "other": 4096}
_BYTES = {"cpu": 2**26, "other": 2**28}


class Ceiling(msgspec.Struct, frozen=True):
    """Peaks of one device in one precision, with the threads in use.

    Attributes:
        macs: multiply-accumulates a second, of a large square product.
        bytes: bytes a second, read and written, of a large copy.
    """

    macs: float
    bytes: float

    def seconds(self, macs: float, traffic: float) -> float:
        """Return the least time that this work can take."""
        return max(macs / self.macs, traffic / self.bytes)


def ceiling(clock: Clock, device: str, dtype: str) -> Ceiling:
    """Return the best of short runs; a busy machine lowers it, and shares look larger."""
    kind = device if device == "cpu" else "other"
    side, count = _SIDES[kind], _BYTES[kind] // 4
    with torch.no_grad():
        one = torch.ones(side, side, dtype=getattr(torch, dtype), device=device)
        product = _best(clock, lambda: one @ one)
        source = torch.ones(count, dtype=torch.float32, device=device)
        target = torch.empty_like(source)
        copy = _best(clock, lambda: target.copy_(source))
    return Ceiling(side**3 / product, 2 * 4 * count / copy)


def _best(clock: Clock, call: Call, now: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds of the quickest call."""
    best, end = clock.timed(call), now() + _SECONDS
    while now() < end:
        best = min(best, clock.timed(call))
    return best / 1e9
