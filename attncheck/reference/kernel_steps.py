"""Steps of attention by feature maps, linear in the number of tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def pair(q: Tensor, k: Tensor) -> Tensor:
    """Put queries and keys on one new leading axis: two of (...) -> (2, ...)."""
    return torch.stack((q, k))


def constant(t: Tensor) -> Tensor:
    """Return the same numbers, through which no gradient flows."""
    return t.detach()


def tokens_of(x: Tensor) -> Tensor:
    """Return a map's pixels as tokens: (B, C, H, W) -> (B, H·W, C); tokens stay."""
    return x.flatten(2).transpose(1, 2) if x.ndim == 4 else x


def like_input(t: Tensor, x: Tensor) -> Tensor:
    """Undo :func:`tokens_of` for what was made of ``x``."""
    if x.ndim != 4:
        return t
    return t.transpose(1, 2).reshape(x.shape[0], t.shape[2], x.shape[2], x.shape[3])
