"""What the A/A decisions time: six small workloads of different kinds, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from attncheck.data import stats
from attncheck.execution.fresh import Fresh, in_turns
from attncheck.instruments.timing.partner import pin
from attncheck.lazy import torch

CASES = ("attention", "gate", "convolution", "normalisation", "pooling", "projection")
CALLS = 10
"""In one sample; the planted slowdown is one more."""
_SAMPLES = 2
_TURNS = 50
_WARM_UP = 10


def turn_of(threads: int, core: int | None, calls: int) -> Callable[[], list[float]]:
    """Return a turn: for each case, nanoseconds of the quickest of a few samples of ``calls``."""
    pin(core)
    torch.set_num_threads(threads)
    works = list(_works())

    def sample(work: Callable[[], object]) -> float:
        with torch.no_grad():
            start = time.perf_counter_ns()
            for _ in range(calls):
                work()
            return time.perf_counter_ns() - start

    for work in works:
        for _ in range(_WARM_UP):
            sample(work)
    return lambda: [min(sample(work) for _ in range(_SAMPLES)) for work in works]


def _works() -> Iterator[Callable[[], object]]:
    draw = torch.Generator().manual_seed(0)
    functional = torch.nn.functional
    query, key, value = (torch.randn(1, 4, 16, 32, generator=draw) for _ in range(3))
    yield lambda: functional.scaled_dot_product_attention(query, key, value)
    x = torch.randn(1, 32, 8, 8, generator=draw)
    squeeze, excite = (torch.randn(n, 36 - n, generator=draw) for n in (4, 32))
    yield lambda: x * (excite @ (squeeze @ x.mean((2, 3))[0]).relu()).sigmoid()[:, None, None]
    weight = torch.randn(8, 32, 3, 3, generator=draw)
    yield lambda: functional.conv2d(x, weight, padding=1)
    tokens = torch.randn(1, 64, 64, generator=draw)
    yield lambda: functional.layer_norm(tokens, (64,)).softmax(-1)
    yield lambda: functional.interpolate(functional.avg_pool2d(x, 2), scale_factor=2)
    mix = torch.randn(64, 64, generator=draw)
    yield lambda: functional.gelu(functional.linear(tokens, mix))


def ratios(threads: int, core: int | None, more: int) -> dict[str, tuple[float, ...]]:
    """Return case -> time of unchanged code and of ``more`` calls, over the first process's.

    Three fresh processes take turns on one core; of each case the median over turns.
    """
    with_calls = (CALLS, CALLS, more)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(Fresh(turn_of, threads, core, calls)) for calls in with_calls
        ]
        base, same, slower = in_turns(processes, _TURNS)
    return {
        name: tuple(
            stats.turns_ratio(_of(side, index), _of(base, index)) for side in (same, slower)
        )
        for index, name in enumerate(CASES)
    }


def _of(turns: list[list[float]], index: int) -> list[float]:
    return [turn[index] for turn in turns]
