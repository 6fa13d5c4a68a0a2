"""What the A/A decisions time: six small workloads of different kinds, in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attncheck.commands.calibrate import Side, SideAsked, SideTimed, in_turns, timed
from attncheck.data import stats
from attncheck.execution.messages import Opened
from attncheck.instruments.timing.partner import Meeting
from attncheck.lazy import torch

CASES = ("attention", "gate", "convolution", "normalisation", "pooling", "projection")
CALLS = 10
"""In one that is timed; the planted slowdown is one more."""


class Cases(Side):
    """Time all cases, one after the other."""

    runs = "benchmarks.aa_cases:cases"


def cases(asked: SideAsked, note: object = None) -> Iterator[Opened[None] | str | SideTimed]:
    """Yield the times of each case."""
    works = dict(zip(CASES, _works(), strict=True))
    yield from timed(asked, {name: lambda _, name=name: works[name] for name in CASES})


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


def ratios(threads: int, number: int, more: int) -> dict[str, tuple[float, float]]:
    """Return case -> time of unchanged code and of ``more`` calls, over another process's.

    Each is a pair of fresh processes that take turns on one core; the ratio is the median over
    turns.
    """

    def asked(calls: int) -> Callable[[Meeting], Cases]:
        return lambda meeting: Cases(SideAsked("cpu", threads, meeting, list(CASES), calls))

    found: list[list[float]] = []
    for calls in (CALLS, more):
        now, base = in_turns(asked(calls), asked(CALLS), number, threads)
        found.append([stats.turns_ratio(now[name].turns, base[name].turns) for name in CASES])
    return {name: (same, slower) for name, same, slower in zip(CASES, *found, strict=True)}
