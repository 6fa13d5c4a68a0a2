"""Steps of agent attention: agents from a map, and biases of its places."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def pooled(x: Tensor, agents: int) -> Tensor:
    """Return the means of equal parts, in a square, row by row: (B, C, H, W) -> (B, C, g, g)."""
    side = int(agents**0.5)
    return F.adaptive_avg_pool2d(x, (side, side))


def resized(table: Tensor, w: int) -> Tensor:
    """Stretch a small table over a map of w × w: (heads, A, 7, 7) -> (heads, A, w·w)."""
    return F.interpolate(table, (w, w), mode="bilinear").flatten(2)


def along(rows: Tensor, columns: Tensor) -> Tensor:
    """Add what rows and columns give: (..., w, 1), (..., 1, w) -> (..., w·w)."""
    return (rows + columns).flatten(-2)
