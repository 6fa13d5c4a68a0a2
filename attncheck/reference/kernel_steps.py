"""Steps of attention by feature maps, linear in the number of tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def pair(q: Tensor, k: Tensor) -> Tensor:
    """Put queries and keys on one new leading axis: two of (...) -> (2, ...)."""
    return torch.stack((q, k))


def largest(t: Tensor) -> Tensor:
    """Return what keeps exponentials small: a maximum per query, and one per head for all keys.

    It has no gradient: (2, ..., N, m) -> (2, ..., N, 1).
    """
    per_query = t[0].detach().amax(-1, keepdim=True)
    of_keys = t[1].detach().amax((-1, -2), keepdim=True)
    return torch.stack((per_query, of_keys.expand_as(per_query)))


def tokens_of(x: Tensor) -> Tensor:
    """Return a map's pixels as tokens: (B, C, H, W) -> (B, H·W, C); tokens stay."""
    return x.flatten(2).transpose(1, 2) if x.ndim == 4 else x


def like_input(t: Tensor, x: Tensor) -> Tensor:
    """Undo :func:`tokens_of` for what was made of ``x``."""
    if x.ndim != 4:
        return t
    return t.transpose(1, 2).reshape(x.shape[0], t.shape[2], x.shape[2], x.shape[3])
