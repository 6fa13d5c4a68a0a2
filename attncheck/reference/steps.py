"""The steps that definitions are written in, one name each, so that they read like equations."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def linear(layer: torch.nn.Linear, t: Tensor) -> Tensor:
    """Apply a matrix to the last axis: (..., in) -> (..., out)."""
    return F.linear(t, layer.weight, layer.bias)


def pointwise(layer: torch.nn.Linear, x: Tensor) -> Tensor:
    """Apply a matrix to the channels, a 1×1 convolution: (B, in, H, W) -> (B, out, H, W)."""
    return F.conv2d(x, layer.weight[:, :, None, None], layer.bias)


def mean_hw(x: Tensor) -> Tensor:
    """Return the mean over positions: (B, C, H, W) -> (B, C)."""
    return x.mean((2, 3))


def max_hw(x: Tensor) -> Tensor:
    """Return the maximum over positions: (B, C, H, W) -> (B, C)."""
    return x.amax((2, 3))


def over_hw(g: Tensor) -> Tensor:
    """Spread a value per channel over a map: (B, C) -> (B, C, 1, 1)."""
    return g[:, :, None, None]


def conv(layer: torch.nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution to a map: (B, in, H, W) -> (B, out, H, W)."""
    return layer(x)  # type: ignore[no-any-return]


def conv1d(layer: torch.nn.Module, t: Tensor) -> Tensor:
    """Apply a convolution along a line: (B, in, N) -> (B, out, N)."""
    return layer(t)  # type: ignore[no-any-return]


def norm(layer: torch.nn.Module, x: Tensor) -> Tensor:
    """Apply a normalisation with its own statistics, scale and shift."""
    return layer(x)  # type: ignore[no-any-return]


def sum_hw(x: Tensor) -> Tensor:
    """Return the sum over positions: (B, C, H, W) -> (B, C)."""
    return x.sum((2, 3))


def mean_c(x: Tensor) -> Tensor:
    """Return the mean over channels: (B, C, H, W) -> (B, 1, H, W)."""
    return x.mean(1, keepdim=True)


def max_c(x: Tensor) -> Tensor:
    """Return the maximum over channels: (B, C, H, W) -> (B, 1, H, W)."""
    return x.amax(1, keepdim=True)


def join(a: Tensor, b: Tensor, axis: int = 1) -> Tensor:
    """Put two tensors side by side along an axis, channels by default."""
    return torch.cat((a, b), axis)


def perm(t: Tensor, *order: int) -> Tensor:
    """Return the tensor with its axes in this order."""
    return t.permute(order)


def flat_hw(x: Tensor) -> Tensor:
    """Put all positions in one axis, row by row: (B, C, H, W) -> (B, C, H·W)."""
    return x.flatten(2)


def from_flat_hw(t: Tensor, H: int, W: int) -> Tensor:
    """Undo :func:`flat_hw`: (B, C, H·W) -> (B, C, H, W)."""
    return t.reshape(t.shape[0], t.shape[1], H, W)


def softmax(t: Tensor, axis: int) -> Tensor:
    """Return weights that sum to one over an axis."""
    return t.softmax(axis)


def no_self(s: Tensor) -> Tensor:
    """Set the scores of positions with themselves to -inf: (..., N, N) -> same."""
    own = torch.eye(s.shape[-1], dtype=torch.bool, device=s.device)
    return s.masked_fill(own, -torch.inf)


def identity_like(t: Tensor) -> Tensor:
    """Return the identity matrix of the last axis' size: (..., N, N) -> (N, N)."""
    return torch.eye(t.shape[-1], dtype=t.dtype, device=t.device)
