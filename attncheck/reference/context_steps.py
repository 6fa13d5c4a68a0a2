"""Steps on pooled contexts: normalised over channels or tokens, read along a line of places."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def standardised(t: Tensor, eps: float) -> Tensor:
    """Return the last axis with mean 0 and variance 1, ``eps`` beside the variance: same shape."""
    mean = t.mean(-1, keepdim=True)
    variance = t.var(-1, unbiased=False, keepdim=True)
    return (t - mean) / (variance + eps) ** 0.5


def in_groups(z: Tensor, groups: int) -> Tensor:
    """Cut a vector into neighbouring parts: (B, C) -> (B, groups, C/groups)."""
    return z.reshape(z.shape[0], groups, z.shape[1] // groups)


def unit_length(t: Tensor, axis: int) -> Tensor:
    """Return vectors along an axis with length one: same shape."""
    return F.normalize(t, dim=axis)
