"""Steps on the cells of a map: means of a grid of cells, put in a line and spread again."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def cells(x: Tensor, S: int, T: int) -> Tensor:
    """Return means of S×T cells, or of what pixels lie under a cell: (…, H, W) -> (…, S, T)."""
    return F.adaptive_avg_pool2d(x, (S, T))


def cosines(frequencies: str, C: int, like: Tensor, orthogonal: bool) -> Tensor:
    """Return a cosine for each channel of a map like (B, C, S, T): (C, S, T).

    Neighbouring channels in as many groups as there are frequencies, such as 16 in ``top16``,
    share one; frequencies are counted on a grid of 7×7. Of length one if orthogonal.
    """
    S, T = like.shape[-2:]
    count = int(frequencies[3:])
    pairs = [divmod(int(pair), 10) for pair in _FREQUENCIES[frequencies[:3]].split()]
    waves = [
        _wave(u * (S // 7), S, like, orthogonal)[:, None]
        * _wave(v * (T // 7), T, like, orthogonal)[None]
        for u, v in pairs[:count]
    ]
    return torch.stack(waves).repeat_interleave(C // count, 0)


def _wave(frequency: int, n: int, like: Tensor, orthogonal: bool) -> Tensor:
    """Return cos(pi·frequency·(i + 1/2)/n) for i < n."""
    places = torch.arange(n, dtype=like.dtype, device=like.device) + 0.5
    size = (math.sqrt(2) if frequency else 1.0) / math.sqrt(n) if orthogonal else 1.0
    return torch.cos(math.pi * frequency * places / n) * size


_FREQUENCIES = {  # by their use on ImageNet (FcaNet, section 3.3), and by their size
    "top": "00 01 60 05 02 10 12 40 50 16 30 04 06 03 35 22 "
    "46 63 33 53 55 21 61 52 54 32 31 41 23 20 65 13",
    "low": "00 01 10 11 02 20 21 12 22 03 30 40 04 13 31 05 "
    "14 23 32 41 50 06 15 24 33 42 51 60 16 25 34 43",
}
