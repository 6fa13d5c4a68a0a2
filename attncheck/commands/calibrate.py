"""Measure how much the times of unchanged code differ: pairs of fresh processes, in turns."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable

from attncheck.data import stats
from attncheck.data.environment import fingerprint
from attncheck.data.noise import Noise
from attncheck.errors import DeviceError
from attncheck.execution.fresh import Fresh, in_turns
from attncheck.instruments.timing.partner import core_of, pin
from attncheck.lazy import torch

_CALLS = 20
"""In one sample."""
_SAMPLES = 5
"""Of one turn."""
_TURNS = 40
_WARM_UP = 10
_SHAPE = (1, 4, 32, 32)
CONFIDENCE = 0.99


def calibrate(
    device: str,
    threads: int,
    pairs: int,
    windows: int,
    note: Callable[[int, int], None] | None = None,
) -> Noise:
    """Return the noise of this machine on this device.

    Args:
        device: ``cpu`` or ``cuda``.
        threads: of torch.
        pairs: of processes in one window, as in ``attncheck profile --against``.
        windows: repetitions; the noisiest counts.
        note: told how many of how many pairs are done.

    Raises:
        DeviceError: the device is not there.
    """
    found: list[list[float]] = []
    for window in range(windows):
        ratios: list[float] = []
        for number in range(pairs):
            ratio = _ratio(device, threads, core_of(number, threads))
            # Whichever starts first might have an advantage: take it from both in turn.
            ratios.append(1 / ratio if number % 2 else ratio)
            if note:
                note(window * pairs + number + 1, windows * pairs)
        found.append(ratios)
    with Fresh(name_of, device) as process:
        name = str(process.turn())
    return Noise(
        device=device,
        device_name=name,
        threads=threads,
        torch=str(fingerprint()["torch"]),
        windows=found,
        confidence=CONFIDENCE,
        floor=floor_of(found),
    )


def floor_of(windows: list[list[float]]) -> float:
    """Return the largest slowdown or speed-up that some window's interval still holds.

    Raises:
        ValueError: a window has too few pairs for its confidence.
    """
    largest = 0.0
    for ratios in windows:
        interval = stats.order_interval(ratios, CONFIDENCE)
        if interval is None:
            needed = stats.samples_needed(CONFIDENCE)
            raise ValueError(f"{len(ratios)} pairs are too few: it takes {needed}")
        largest = max(largest, interval.high - 1, 1 / interval.low - 1)
    return math.ceil(largest * 10_000) / 10_000


def _ratio(device: str, threads: int, core: int | None) -> float:
    """Return one process's time over another's, both fresh and in turns on one core."""
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(Fresh(attention, device, threads, core)) for _ in range(2)]
        one, other = ([min(turn) for turn in turns] for turns in in_turns(sides, _TURNS))
    return stats.turns_ratio(one, other)


def attention(device: str, threads: int, core: int | None) -> Callable[[], list[float]]:
    """Return a turn: nanoseconds of a few samples, each of some calls of a small attention.

    Raises:
        DeviceError: the device is not there.
    """
    torch.set_num_threads(threads)
    pin(core)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise DeviceError("no CUDA device here")
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(_SHAPE, generator=generator).to(device) for _ in range(3))
    attend = torch.nn.functional.scaled_dot_product_attention
    wait = torch.cuda.synchronize if device.startswith("cuda") else _nothing

    def sample() -> float:
        with torch.no_grad():
            wait()
            start = time.perf_counter_ns()
            for _ in range(_CALLS):
                attend(query, key, value)
            wait()
            return time.perf_counter_ns() - start

    for _ in range(_WARM_UP):
        sample()
    return lambda: [sample() for _ in range(_SAMPLES)]


def name_of(device: str) -> Callable[[], str]:
    """Return a turn that says what the device is called."""
    if device.startswith("cuda"):
        return lambda: str(torch.cuda.get_device_name(device))
    return lambda: str(fingerprint()["processor"])


def _nothing() -> None:
    """Wait for nothing: the processor has done its work when a call returns."""
