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
