"""Steps of convolutions along one axis of a map, and of means over windows with zeros around."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def along_rows(layer: torch.nn.Module, x: Tensor) -> Tensor:
    """Apply a 1-D convolution along each row, a kernel 1×k: (B, in, H, W) -> (B, out, H, W)."""
    B, C, H, W = x.shape
    lines = x.transpose(1, 2).reshape(B * H, C, W)
    found: Tensor = layer(lines)
    return found.reshape(B, H, found.shape[1], W).transpose(1, 2)


def along_columns(layer: torch.nn.Module, x: Tensor) -> Tensor:
    """Apply a 1-D convolution along each column, a kernel k×1: (B, in, H, W) -> (B, out, H, W)."""
    return along_rows(layer, x.transpose(2, 3)).transpose(2, 3)


def mean_around(x: Tensor, k: int) -> Tensor:
    """Return the mean of the k×k pixels around each, zeros beyond the map: same shape."""
    return F.avg_pool2d(x, k, stride=1, padding=k // 2)
