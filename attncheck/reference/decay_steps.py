"""Steps of attention whose weights decay with the distance, and are not divided by their sum."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def decays(heads: int, spread: str, like: Tensor) -> Tensor:
    """Return how much of a token each head keeps from step to step, (heads,).

    ``powers``: 1 - 2^(-5 - h); ``even``: 1 - exp of even steps from log 1/32 to log 1/512.
    """
    if spread == "even":
        least = torch.linspace(math.log(1 / 32), math.log(1 / 512), heads, dtype=torch.float64)
        return (1 - least.exp()).to(like)
    return torch.tensor([1 - 2.0 ** (-5 - h) for h in range(heads)], dtype=torch.float64).to(like)


def kept(gamma: Tensor, gap: Tensor) -> Tensor:
    """Return what is left of each token, nothing of later ones: (heads,), (N, N) -> (heads, N, N).

    It is gamma to the power of how far the token lies behind.
    """
    left = gamma[:, None, None] ** gap.clamp_min(0)
    return left.masked_fill(gap < 0, 0.0)


def even_angles(d: int, base: float, like: Tensor) -> Tensor:
    """Return how fast each pair of d channels turns, the last one base times as slow: (d/2,)."""
    return base ** -torch.linspace(0, 1, d // 2, device=like.device, dtype=like.dtype)


def at_least_one(t: Tensor) -> Tensor:
    """Return numbers, those below one as one; no gradient flows through them."""
    return t.detach().clamp(1, 5e4)


def rms_of(t: Tensor, eps: float) -> Tensor:
    """Divide by the root of the mean square over the last axis, with a constant beside it."""
    return F.rms_norm(t, t.shape[-1:], eps=eps)
