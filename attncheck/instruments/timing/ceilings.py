"""What this device can do at best, by a short product and a short copy; and a fixed workload.

The workload is what is timed beside a module that has no other reference.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from attncheck.instruments.timing.samples import Call, Clock
from attncheck.lazy import torch

_SECONDS = 0.2
_LONGEST = 1.0
_SHAPES = {
    "cpu": [(8, 64), (8, 256), (1, 256), (1, 1024)],
    "other": [(64, 256), (8, 2048), (1, 4096), (1, 8192)],
}
_BYTES = {"cpu": 2**26, "other": 2**28}

NAME = "fixed workload"
_SIZE = 192


class Ceiling(msgspec.Struct, frozen=True):
    """Peaks of one device in one precision, with the threads in use.

    Attributes:
        macs: multiply-accumulates a second, of the best of some square products.
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
    count = _BYTES[kind] // 4
    with torch.no_grad():
        macs = max(_rates(clock, device, dtype, _SHAPES[kind]))
        source = torch.ones(count, dtype=torch.float32, device=device)
        target = torch.empty_like(source)
        copy = _best(clock, lambda: target.copy_(source))
    return Ceiling(macs, 2 * 4 * count / copy)


def _rates(
    clock: Clock, device: str, dtype: str, shapes: Sequence[tuple[int, int]]
) -> Iterator[float]:
    """Yield multiply-accumulates a second of products, small ones first.

    No one kernel is the best in every precision: some processors multiply batches of bfloat16
    several times as fast as one large matrix. A large product is left out where it would take
    seconds.
    """
    rate = 0.0
    for batch, side in shapes:
        work = batch * side**3
        if rate and work / rate > _LONGEST:
            return
        one = torch.ones(batch, side, side, dtype=getattr(torch, dtype), device=device)
        if batch == 1:
            one = one[0]
        rate = work / _best(clock, lambda one=one: one @ one)  # type: ignore[misc]
        yield rate


def _best(clock: Clock, call: Call, now: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds of the quickest call."""
    best, end = clock.timed(call), now() + _SECONDS
    while now() < end:
        best = min(best, clock.timed(call))
    return best / 1e9


def workload(device: str) -> Callable[[], torch.Tensor]:
    """Return a call of about 0.2 ms on a processor: a product, a softmax, a sum over 192 × 192.

    It is the same on every machine and in every version; ratios to it are comparable only on
    one machine.
    """
    grid = torch.arange(_SIZE * _SIZE, dtype=torch.float32, device=device)
    matrix = grid.reshape(_SIZE, _SIZE).remainder(17).sub(8).div(64)

    def run() -> torch.Tensor:
        with torch.no_grad():
            return torch.softmax(matrix @ matrix, dim=-1).mul_(2).sum()

    return run
