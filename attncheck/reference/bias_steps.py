"""Steps of attention whose logits depend on how far positions are apart."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def slopes(heads: int, like: Tensor) -> Tensor:
    """Return a falling slope per head: 2^(-8h/n) for h = 1 … n, (heads,).

    Where n is no power of two, the slopes of the next smaller one, then every second of twice as
    many, as in the authors' code.
    """
    power = 2 ** math.floor(math.log2(heads))
    exponents = [8 * h / power for h in range(1, power + 1)]
    exponents += [4 * h / power for h in range(1, 2 * (heads - power) + 1, 2)]
    return torch.tensor([2.0**-e for e in exponents], dtype=torch.float64).to(like)


def per_head(m: Tensor) -> Tensor:
    """Make a number per head broadcast to logits: (heads,) -> (heads, 1, 1)."""
    return m[:, None, None]


def clipped(offsets: Tensor, most: int) -> Tensor:
    """Return offsets as rows of a table from -most to most: (N, M) -> (N, M), 0 … 2·most."""
    return offsets.clamp(-most, most) + most


def rows_of(table: Tensor, index: Tensor) -> Tensor:
    """Return the row of each index: (R, d) by (N, M) -> (N, M, d)."""
    return table[index]


def bucket(ahead: Tensor, buckets: int, farthest: int, both_ways: bool) -> Tensor:
    """Return T5's bucket of each offset: half of them exact, the rest logarithmically wider.

    ``ahead`` is how far keys lie ahead of queries, (N, M). With ``both_ways`` the second half
    of the buckets is that of keys ahead; else keys ahead all have bucket 0.
    """
    first = torch.zeros_like(ahead)
    count = buckets
    if both_ways:
        count = buckets // 2
        first = (ahead > 0).long() * count
        far = ahead.abs()
    else:
        far = (-ahead).clamp_min(0)
    exact = count // 2
    ratio = far.clamp_min(1).float() / exact
    wide = torch.log(ratio) / math.log(farthest / exact) * (count - exact)
    later = (exact + wide.long()).clamp_max(count - 1)
    return first + torch.where(far < exact, far, later)


def shortened(layer: torch.nn.Linear, t: Tensor) -> Tensor:
    """Mix the first columns of a matrix over positions: (..., N) -> (..., k), N up to its width."""
    weight = layer.weight[:, : t.shape[-1]]
    return torch.nn.functional.linear(t, weight, layer.bias)
