"""Steps of pooling: means over what lies near, maxima of blocks."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def mean_near(x: Tensor, k: int) -> Tensor:
    """Return the mean of the k×k pixels around each, of those that the map has: same shape."""
    return F.avg_pool2d(x, k, stride=1, padding=k // 2, count_include_pad=False)


def block_maxima(x: Tensor, k: int) -> Tensor:
    """Return the maxima of k×k blocks: (B, C, H, W) -> (B, C, ⌊H/k⌋, ⌊W/k⌋)."""
    return F.max_pool2d(x, k)
