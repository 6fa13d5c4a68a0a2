"""Steps of gates: means of rows and columns, sizes of channels, what is gathered spread again."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def mean_w(x: Tensor) -> Tensor:
    """Return the mean of each row: (B, C, H, W) -> (B, C, H, 1)."""
    return x.mean(3, keepdim=True)


def mean_h(x: Tensor) -> Tensor:
    """Return the mean of each column: (B, C, H, W) -> (B, C, 1, W)."""
    return x.mean(2, keepdim=True)


def pair(a: Tensor, b: Tensor) -> Tensor:
    """Put two values per channel beside each other: (B, C) twice -> (B, 2, C)."""
    return torch.stack((a, b), 1)


def squared_sum_hw(x: Tensor) -> Tensor:
    """Return the sum of squares over positions: (B, C, H, W) -> (B, C)."""
    return x.square().sum((2, 3))


def absolute_sum_hw(x: Tensor) -> Tensor:
    """Return the sum of absolute values over positions: (B, C, H, W) -> (B, C)."""
    return x.abs().sum((2, 3))


def mean_windows(x: Tensor, extent: int) -> Tensor:
    """Return means over windows of 2·extent - 1, one every ``extent`` pixels, of what is inside."""
    size = 2 * extent - 1
    return F.avg_pool2d(x, size, extent, size // 2, count_include_pad=False)


def enlarge(z: Tensor, H: int, W: int) -> Tensor:
    """Repeat each value to the nearest pixels: (B, C, h, w) -> (B, C, H, W)."""
    return F.interpolate(z, (H, W), mode="nearest")
