"""Steps of attention whose keys and values come from one latent vector per token."""

from __future__ import annotations

import torch
from torch import Tensor


def one_head(t: Tensor) -> Tensor:
    """Give what all heads share an axis of heads: (B, N, d) -> (B, 1, N, d)."""
    return t[:, None]


def beside(a: Tensor, b: Tensor) -> Tensor:
    """Put channels side by side, the second the same for all heads where it has one."""
    return torch.cat((a, b.expand(*a.shape[:-1], b.shape[-1])), -1)


def rotate(t: Tensor, angle: Tensor, pairing: str) -> Tensor:
    """Turn pairs of channels by their angles: (..., N, d) by (N, d/2) -> same.

    A pair is two neighbours (``interleaved``), or a channel of each half (``half``).
    """
    if pairing == "half":
        a, b = t.chunk(2, -1)
    else:
        a, b = t[..., 0::2], t[..., 1::2]
    first = a * angle.cos() - b * angle.sin()
    second = a * angle.sin() + b * angle.cos()
    if pairing == "half":
        return torch.cat((first, second), -1)
    return torch.stack((first, second), -1).flatten(-2)
